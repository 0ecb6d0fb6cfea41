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
 */
public record Launch(
        List<String> command,
        Map<String, String> environment,
        List<String> inherit,
        List<Path> writable,
        List<Path> readOnly,
        AgentProtocol protocol) {
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

    @Override
    public String toString() {
        return "Launch[" + command.get(0) + "]";
    }
}
