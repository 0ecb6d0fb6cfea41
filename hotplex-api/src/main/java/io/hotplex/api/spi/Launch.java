package io.hotplex.api.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * How to start an agent process and how to talk with it.
 *
 * @param command program and arguments; the program is an absolute path, or a name looked up on the child's PATH
 * @param environment variables to add
 * @param inherit names of variables to take over from the JVM when they are set; a trailing {@code *} matches a prefix
 * @param writable the agent's own files and directories that it must be able to write to, also when it is confined;
 *     what is not there is passed over
 * @param readOnly files among those that a confined agent must not change, since they decide what other sessions run
 * @param protocol a new protocol object for this one process
 * @param starter how the process comes about; {@link Starter#PROCESS} starts one
 */
public record Launch(
        List<String> command,
        Map<String, String> environment,
        List<String> inherit,
        List<Path> writable,
        List<Path> readOnly,
        AgentProtocol protocol,
        Starter starter) {
    /** An agent that is a process of its own, spoken with over its standard input and output. */
    public Launch(
            List<String> command,
            Map<String, String> environment,
            List<String> inherit,
            List<Path> writable,
            List<Path> readOnly,
            AgentProtocol protocol) {
        this(command, environment, inherit, writable, readOnly, protocol, Starter.PROCESS);
    }

    /** An agent that may change all of its own files. */
    public Launch(
            List<String> command,
            Map<String, String> environment,
            List<String> inherit,
            List<Path> writable,
            AgentProtocol protocol) {
        this(command, environment, inherit, writable, List.of(), protocol);
    }

    /** An agent that keeps no state of its own. */
    public Launch(List<String> command, Map<String, String> environment, List<String> inherit, AgentProtocol protocol) {
        this(command, environment, inherit, List.of(), List.of(), protocol);
    }

    public Launch {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        inherit = List.copyOf(inherit);
        writable = List.copyOf(writable);
        readOnly = List.copyOf(readOnly);
    }

    /** The same, started in another way. */
    public Launch startedBy(Starter other) {
        return new Launch(command, environment, inherit, writable, readOnly, protocol, other);
    }

    @Override
    public String toString() {
        return "Launch[" + command.get(0) + "]";
    }

    /**
     * Gets the process that serves a session. An agent that serves several sessions with one process, over a socket of
     * its own for example, gives each session a view of it: what the view hands over as lines is the agent's side of
     * the protocol, what is written to it the session's, and its end is the end of the session's part alone.
     */
    @FunctionalInterface
    public interface Starter {
        /** A new process. */
        Starter PROCESS = ProcessLauncher::launch;

        /**
         * Called once for each launch, on a worker thread; calls overlap for different sessions. Blocks no longer than
         * {@link ProcessLauncher#launch}, whose failures are also this one's. The listener may be called before this
         * method returns.
         *
         * @param spec the process as it would be started: command, environment, work directory, isolation
         */
        AgentProcess start(ProcessLauncher launcher, ProcessSpec spec, ProcessListener listener);
    }
}
