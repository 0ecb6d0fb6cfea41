package io.hotplex.journal.jdbc;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Random;

/**
 * The files of a journal in SQLite as they were at a moment while it was in use: what a killed process leaves. A reader
 * that looks on meanwhile keeps the write-ahead log from being begun anew, so that both files fit together.
 */
final class Snapshot {
    private Snapshot() {}

    /**
     * Copies a journal.
     *
     * @param from the state directory of a journal that is open
     * @param to another one, in which there is none
     * @param acknowledged looks at what was acknowledged so far, at the moment from which on a torn end may be torn off
     * @param torn tears the end of the log off, behind what was acknowledged, or {@code null} to leave it whole
     */
    static void copy(Path from, Path to, Runnable acknowledged, Random torn) throws IOException, SQLException {
        Path source = from.resolve("journal/journal.db");
        Path target = Files.createDirectories(to.resolve("journal")).resolve("journal.db");
        try (Connection reader = DriverManager.getConnection("jdbc:sqlite:" + source)) {
            reader.setAutoCommit(false);
            Dialect.one(reader, "SELECT COUNT(*) FROM hotplex_meta"); // from here on the log only grows
            acknowledged.run();
            Path log = source.resolveSibling("journal.db-wal");
            long safe = Files.size(log);
            Files.copy(source, target);
            Path logCopy = Files.copy(log, target.resolveSibling("journal.db-wal"));
            long end = Files.size(logCopy);
            try (RandomAccessFile bytes = new RandomAccessFile(logCopy.toFile(), "rw")) {
                bytes.setLength(safe + (long) (torn.nextDouble() * (end - safe)));
            }
        }
    }
}
