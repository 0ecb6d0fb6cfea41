package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import io.hotplex.api.spi.ProcessLauncherProvider;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the process launcher that fits this machine: {@code posix-spawn} or on Windows {@code job-object}, where the
 * system and JNA allow it, else {@code portable}. Thread-safe.
 */
public final class OsLaunchers implements ProcessLauncherProvider {
    private static final Logger log = LoggerFactory.getLogger(OsLaunchers.class);
    private static final Duration LONGEST_WAIT = Duration.ofHours(1);
    /** A start waits so long for the processes of an earlier run, and nobody waits longer for a server. */
    private static final Duration LONGEST_SWEEP = Duration.ofMinutes(1);

    /** Made by {@link java.util.ServiceLoader}. */
    public OsLaunchers() {}

    @Override
    public ProcessLauncher open(LauncherConfig config) {
        requireRange("io-threads", config.ioThreads(), 1, 64);
        requireRange("max-line-bytes", config.maxLineBytes(), 1, Integer.MAX_VALUE - 8);
        requireRange("stdin-queue-bytes", config.stdinQueueBytes(), 1, Integer.MAX_VALUE);
        requireRange("stderr-tail-lines", config.stderrTailLines(), 0, 100_000);
        requireRange("drain-timeout", config.drainTimeout(), LONGEST_WAIT);
        requireRange("sweep-timeout", config.sweepTimeout(), LONGEST_SWEEP);
        ChildEnvironment environment = ChildEnvironment.here(System.getenv(), config.inherit());
        return switch (config.kind()) {
            case "portable" -> PortableLauncher.open(config, List.of(), environment);
            case "auto" -> Abi.WINDOWS ? jobObject(config, environment) : posix(config, environment);
            case "posix" -> posix(config, environment);
            case "job-object" -> jobObject(config, environment);
            default ->
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "process launcher kind: " + config.kind() + " (expected: auto, posix, job-object or portable)");
        };
    }

    private static ProcessLauncher posix(LauncherConfig config, ChildEnvironment environment) {
        OsProbe probe = OsProbe.run();
        return probe.posixSpawn()
                ? PosixLauncher.open(config, probe.capabilities(), environment)
                : portableInstead(config, probe.probes(), environment);
    }

    private static ProcessLauncher jobObject(LauncherConfig config, ChildEnvironment environment) {
        WindowsProbe probe = WindowsProbe.run();
        return probe.jobObject()
                ? JobObjectLauncher.open(config, probe.probes(), environment)
                : portableInstead(config, probe.probes(), environment);
    }

    /** @param probes the last one says what is missing */
    private static ProcessLauncher portableInstead(
            LauncherConfig config, List<Probe> probes, ChildEnvironment environment) {
        Probe missing = probes.get(probes.size() - 1);
        String obstacle = missing.name() + ": " + missing.detail();
        if (!config.kind().equals("auto")) {
            throw new HotPlexException(
                    ErrorCode.NOT_SUPPORTED,
                    "process launcher \"" + config.kind() + "\" cannot work here (" + obstacle + "); use \"auto\"");
        }
        log.info("the launcher of this system cannot work here ({}), processes are started portably", obstacle);
        return PortableLauncher.open(config, probes, environment);
    }

    private static void requireRange(String key, int value, int least, int most) {
        if (value < least || value > most) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, key + ": " + value + " (expected: " + least + " to " + most + ")");
        }
    }

    private static void requireRange(String key, Duration value, Duration most) {
        if (value.isNegative() || value.compareTo(most) > 0) {
            throw new HotPlexException(ErrorCode.CONFIG_INVALID, key + ": " + value + " (expected: 0 to " + most + ")");
        }
    }
}
