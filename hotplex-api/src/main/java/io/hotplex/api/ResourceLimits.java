package io.hotplex.api;

import org.jspecify.annotations.Nullable;

/**
 * What one agent and everything that it starts may use at most; {@code null} is no limit. Made by a {@link #builder()}.
 *
 * @param memoryBytes memory of all processes together; needs a control group with the memory controller. What is above
 *     gets killed
 * @param processes processes and threads together; needs a control group with the pids controller
 * @param cpus processors that may be busy on average, for example 1.5; needs a control group with the cpu controller
 * @param openFiles descriptors of each process
 * @param coreBytes size of a core dump, in steps of 512 bytes; 0 for none
 * @param userProcesses processes and threads of the whole system user, not of the agent: forks fail when there are more
 *     (RLIMIT_NPROC). The kernel ignores it for root
 */
public record ResourceLimits(
        @Nullable Long memoryBytes,
        @Nullable Integer processes,
        @Nullable Double cpus,
        @Nullable Integer openFiles,
        @Nullable Long coreBytes,
        @Nullable Integer userProcesses) {
    /** No limits. */
    public static final ResourceLimits NONE = builder().build();

    public ResourceLimits {
        requireAtLeast("memoryBytes", memoryBytes, 1L << 20);
        requireAtLeast("processes", processes, 1);
        requireAtLeast("openFiles", openFiles, 16);
        requireAtLeast("coreBytes", coreBytes, 0);
        requireAtLeast("userProcesses", userProcesses, 1);
        if (cpus != null && !(cpus >= 0.01 && cpus <= 10_000)) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "cpus: " + cpus + " (expected: 0.01 to 10000)");
        }
    }

    /** A builder without any limit. */
    public static Builder builder() {
        return new Builder();
    }

    private static void requireAtLeast(String name, @Nullable Number value, long least) {
        if (value != null && value.longValue() < least) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, name + ": " + value + " (expected: at least " + least + ")");
        }
    }

    /** Collects limits. Not thread-safe. */
    public static final class Builder {
        private @Nullable Long memoryBytes;
        private @Nullable Integer processes;
        private @Nullable Double cpus;
        private @Nullable Integer openFiles;
        private @Nullable Long coreBytes;
        private @Nullable Integer userProcesses;

        private Builder() {}

        public Builder memoryBytes(@Nullable Long value) {
            memoryBytes = value;
            return this;
        }

        public Builder processes(@Nullable Integer value) {
            processes = value;
            return this;
        }

        public Builder cpus(@Nullable Double value) {
            cpus = value;
            return this;
        }

        public Builder openFiles(@Nullable Integer value) {
            openFiles = value;
            return this;
        }

        public Builder coreBytes(@Nullable Long value) {
            coreBytes = value;
            return this;
        }

        public Builder userProcesses(@Nullable Integer value) {
            userProcesses = value;
            return this;
        }

        /** @throws HotPlexException INVALID_ARGUMENT, naming the limit that is out of range */
        public ResourceLimits build() {
            return new ResourceLimits(memoryBytes, processes, cpus, openFiles, coreBytes, userProcesses);
        }
    }
}
