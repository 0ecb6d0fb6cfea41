package io.hotplex.api.spi;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Limits of a process launcher; made by a {@link #builder()}.
 *
 * @param kind {@code auto}, {@code posix}, {@code job-object} or {@code portable}
 * @param ioThreads I/O loops, 1 to 64
 * @param maxLineBytes longest line of an agent; the rest of a longer one is dropped and the line marked
 * @param stdinQueueBytes how much may wait to be written to one agent
 * @param stderrTailLines how many of the last lines of error output are kept
 * @param drainTimeout how long output is read after a process ended while others hold its pipes
 * @param cgroupParent control group (v2) in which those of processes are made, or {@code null} for the JVM's own
 * @param inherit names of further variables that every child takes over when they are set; a trailing {@code *} matches
 *     a prefix
 * @param guardian whether a process watches over this one, and kills what it started when it dies
 * @param stateDirectory where a run writes down its processes for the next start, or {@code null} for nowhere
 * @param sweepTimeout how long, after a process ended, its descendants are searched for and killed
 */
public record LauncherConfig(
        String kind,
        int ioThreads,
        int maxLineBytes,
        int stdinQueueBytes,
        int stderrTailLines,
        Duration drainTimeout,
        @Nullable Path cgroupParent,
        List<String> inherit,
        GuardianMode guardian,
        @Nullable Path stateDirectory,
        Duration sweepTimeout) {
    /** One loop, lines of 64 MiB, 64 MiB of queued input, 20 lines of error output. */
    public static final LauncherConfig DEFAULT = builder().build();

    /** Whether there is a guardian. */
    public enum GuardianMode {
        /** There is none: what a killed JVM started lives on until the next start. */
        OFF,
        /** There is one where it can be started. */
        ON,
        /** Nothing is launched while there is none. */
        REQUIRED
    }

    public LauncherConfig {
        inherit = List.copyOf(inherit);
    }

    /** A builder that has every default. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects the parts; the launcher's provider checks them. Not thread-safe. */
    public static final class Builder {
        private String kind = "auto";
        private int ioThreads = 1;
        private int maxLineBytes = 64 << 20;
        private int stdinQueueBytes = 64 << 20;
        private int stderrTailLines = 20;
        private Duration drainTimeout = Duration.ofSeconds(1);
        private @Nullable Path cgroupParent;
        private List<String> inherit = List.of();
        private GuardianMode guardian = GuardianMode.ON;
        private @Nullable Path stateDirectory;
        private Duration sweepTimeout = Duration.ofSeconds(5);

        private Builder() {}

        public Builder kind(String value) {
            kind = value;
            return this;
        }

        public Builder ioThreads(int value) {
            ioThreads = value;
            return this;
        }

        public Builder maxLineBytes(int value) {
            maxLineBytes = value;
            return this;
        }

        public Builder stdinQueueBytes(int value) {
            stdinQueueBytes = value;
            return this;
        }

        public Builder stderrTailLines(int value) {
            stderrTailLines = value;
            return this;
        }

        public Builder drainTimeout(Duration value) {
            drainTimeout = value;
            return this;
        }

        public Builder cgroupParent(@Nullable Path value) {
            cgroupParent = value;
            return this;
        }

        public Builder inherit(List<String> value) {
            inherit = value;
            return this;
        }

        public Builder guardian(GuardianMode value) {
            guardian = value;
            return this;
        }

        public Builder stateDirectory(@Nullable Path value) {
            stateDirectory = value;
            return this;
        }

        public Builder sweepTimeout(Duration value) {
            sweepTimeout = value;
            return this;
        }

        public LauncherConfig build() {
            return new LauncherConfig(
                    kind,
                    ioThreads,
                    maxLineBytes,
                    stdinQueueBytes,
                    stderrTailLines,
                    drainTimeout,
                    cgroupParent,
                    inherit,
                    guardian,
                    stateDirectory,
                    sweepTimeout);
        }
    }
}
