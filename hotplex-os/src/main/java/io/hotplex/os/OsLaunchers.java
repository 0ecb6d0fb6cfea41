package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the process launcher that fits this machine: {@code posix-spawn} where the system and JNA allow it, else
 * {@code portable}. Thread-safe.
 */
public final class OsLaunchers implements ProcessLauncherProvider {
    private static final Logger log = LoggerFactory.getLogger(OsLaunchers.class);
    private static final Duration LONGEST_DRAIN = Duration.ofHours(1);

    /** Made by {@link java.util.ServiceLoader}. */
    public OsLaunchers() {}

    @Override
    public ProcessLauncher open(LauncherConfig config) {
        requireRange("io-threads", config.ioThreads(), 1, 64);
        requireRange("max-line-bytes", config.maxLineBytes(), 1, Integer.MAX_VALUE - 8);
        requireRange("stdin-queue-bytes", config.stdinQueueBytes(), 1, Integer.MAX_VALUE);
        requireRange("stderr-tail-lines", config.stderrTailLines(), 0, 100_000);
        Duration drain = config.drainTimeout();
        if (drain.isNegative() || drain.compareTo(LONGEST_DRAIN) > 0) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, "drain-timeout: " + drain + " (expected: 0 to " + LONGEST_DRAIN + ")");
        }
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
                log.info("posix-spawn cannot work here ({}), processes are started portably", probe.obstacle());
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
