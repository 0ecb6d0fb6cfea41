package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import java.util.List;

/**
 * Opens the process launcher that fits this machine: {@code posix-spawn} where the system and JNA allow it, else
 * {@code portable}. Thread-safe.
 */
public final class OsLaunchers implements ProcessLauncherProvider {
    /** Made by {@link java.util.ServiceLoader}. */
    public OsLaunchers() {}

    @Override
    public ProcessLauncher open(LauncherConfig config) {
        requireRange("io-threads", config.ioThreads(), 1, 64);
        requireRange("max-line-bytes", config.maxLineBytes(), 1, Integer.MAX_VALUE - 8);
        requireRange("stdin-queue-bytes", config.stdinQueueBytes(), 1, Integer.MAX_VALUE);
        requireRange("stderr-tail-lines", config.stderrTailLines(), 0, 100_000);
        ChildEnvironment environment = new ChildEnvironment(System.getenv(), config.inherit());
        return switch (config.kind()) {
            case "portable" -> PortableLauncher.open(config, List.of(), environment);
            case "posix", "auto" -> {
                OsProbe probe = OsProbe.run();
                if (probe.posixSpawn()) {
                    yield PosixLauncher.open(config, probe.capabilities(), environment);
                }
                if (config.kind().equals("posix")) {
                    throw new HotPlexException(
                            ErrorCode.NOT_SUPPORTED,
                            "process launcher \"posix\" cannot work here (" + probe.obstacle() + "); use \"auto\"");
                }
                yield PortableLauncher.open(config, probe.probes(), environment);
            }
            default ->
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "process launcher kind: " + config.kind() + " (expected: auto, posix or portable)");
        };
    }

    private static void requireRange(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
    }
}
