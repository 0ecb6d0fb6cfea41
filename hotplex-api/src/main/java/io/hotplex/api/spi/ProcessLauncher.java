package io.hotplex.api.spi;

import java.util.List;

/** Starts agent processes, each as a group of its own. Thread-safe. */
public interface ProcessLauncher extends AutoCloseable {
    /** What this launcher is and what it found on this machine; for logs and {@code doctor}. */
    Info info();

    /**
     * Starts a process. Blocks for the time of the start (a few milliseconds), and for a guardian that is required and
     * not there, some seconds at most. The listener may be called before this method returns.
     *
     * @throws io.hotplex.api.HotPlexException PROVIDER_UNAVAILABLE when the program is not found or not executable,
     *     WORK_DIR_NOT_FOUND, WORK_DIR_NOT_A_DIRECTORY, INVALID_ARGUMENT when an argument or variable has a NUL
     *     character or, on Windows, the arguments cannot be passed on, CONFINEMENT_UNAVAILABLE when a strict isolation
     *     cannot be had, ENGINE_CLOSED after {@link #close()}, or AGENT_START_FAILED with the system's reason
     */
    AgentProcess launch(ProcessSpec spec, ProcessListener listener);

    /**
     * What agents can be confined with on this machine, each tried out; for {@code doctor}. Blocks for the time of the
     * trials, a fraction of a second, the first time.
     */
    default List<Probe> confinements() {
        return List.of();
    }

    /**
     * Ends a process that an earlier launcher started, in this JVM or another, if it is still there; and what it
     * started. Two agents must never write one conversation. Blocks for some milliseconds when it is gone, and for some
     * seconds at most.
     *
     * @param identity an {@link AgentProcess#identity()}; of one that cannot be looked for, since the machine was
     *     started anew or it had other ids for processes, nothing is left
     * @return {@code false} when it is still there
     */
    default boolean endLeftBehind(String identity) {
        return true;
    }

    /** Kills what still runs, and ends the launcher's threads. Idempotent; blocks for a few seconds at most. */
    @Override
    void close();

    /**
     * @param name for example {@code posix-spawn}
     * @param probes what was looked at, in order
     */
    record Info(String name, List<Probe> probes) {
        public Info {
            probes = List.copyOf(probes);
        }
    }

    /**
     * @param name what was looked at
     * @param ok whether it is there
     * @param detail one line for people
     */
    record Probe(String name, boolean ok, String detail) {}
}
