package io.hotplex.api.spi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How a durable journal is opened.
 *
 * @param type which kind, one of {@link JournalProvider#types()}
 * @param directory where a journal in files keeps them
 * @param url where a journal in a database server finds it, or {@code null}
 * @param readOnly whether it is only read from, possibly while an engine writes
 * @param acknowledgement what readers and callers are promised
 * @param backlogBytes how much may wait to be written before sessions are asked to slow down
 * @param cacheBytes how much of what was written stays in memory for those who follow
 * @param retention what is kept
 */
public record JournalConfig(
        String type,
        Path directory,
        @Nullable String url,
        boolean readOnly,
        Acknowledgement acknowledgement,
        long backlogBytes,
        long cacheBytes,
        Retention retention) {
    public JournalConfig {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(directory, "directory");
        Objects.requireNonNull(acknowledgement, "acknowledgement");
        Objects.requireNonNull(retention, "retention");
    }

    /** What an event has survived when its readers see it and its turn's result completes. */
    public enum Acknowledgement {
        /** Nothing: it will be written soon. */
        MEMORY,
        /** The end of this JVM, however it ends: the operating system, or the database server, has it. */
        WRITTEN,
        /** A loss of power: the disk has it. */
        SYNCED
    }

    /**
     * What is kept; what exceeds a limit goes, oldest first, but never records of a turn that runs, and never a
     * session's newest record.
     *
     * @param age how long events are kept
     * @param bytes how much all sessions keep
     * @param bytesPerSession how much one session keeps
     * @param recordsPerSession how many records one session keeps
     */
    public record Retention(Duration age, long bytes, long bytesPerSession, long recordsPerSession) {}
}
