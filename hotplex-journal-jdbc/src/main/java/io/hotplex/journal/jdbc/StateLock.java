package io.hotplex.journal.jdbc;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps a journal's directory to one engine at a time. The system drops the lock when the JVM ends, however it ends.
 * The file is never deleted, since others may hold it open. Thread-safe.
 */
final class StateLock implements AutoCloseable {
    private final FileChannel channel;

    private StateLock(FileChannel channel) {
        this.channel = channel;
    }

    /** Makes the directory, for its user alone, and takes it. */
    static StateLock acquire(Path directory) throws IOException {
        Files.createDirectories(directory, permissions("rwx------"));
        if (posix()) {
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx------"));
        }
        FileChannel channel = FileChannel.open(
                directory.resolve("journal.lock"),
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                permissions("rw-------"));
        FileLock lock = lock(channel);
        if (lock == null) {
            channel.close();
            throw new HotPlexException(
                    ErrorCode.STATE_IN_USE,
                    "the journal in '" + directory + "' is in use by another engine: close that one first,"
                            + " or choose another state-directory");
        }
        return new StateLock(channel);
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException e) {
            return null; // another engine of this JVM
        }
    }

    /** Makes a file that only its user reads; what SQLite puts beside it has the same permissions. */
    static void create(Path file) throws IOException {
        try {
            Files.createFile(file, permissions("rw-------"));
        } catch (FileAlreadyExistsException e) {
            // as it should be
        }
    }

    private static FileAttribute<?>[] permissions(String symbolic) {
        return posix()
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(symbolic))
                }
                : new FileAttribute<?>[0];
    }

    private static boolean posix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            // then it ends with the JVM
        }
    }
}
