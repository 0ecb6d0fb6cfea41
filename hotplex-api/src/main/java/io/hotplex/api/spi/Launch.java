package io.hotplex.api.spi;

import java.util.List;
import java.util.Map;

/**
 * How to start an agent process and how to talk with it.
 *
 * @param command program and arguments; the program is an absolute path, or a name looked up on the child's PATH
 * @param environment variables to add
 * @param inherit names of variables to take over from the JVM when they are set; a trailing {@code *} matches a prefix
 * @param protocol a new protocol object for this one process
 */
public record Launch(
        List<String> command, Map<String, String> environment, List<String> inherit, AgentProtocol protocol) {
    public Launch {
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
        inherit = List.copyOf(inherit);
    }

    @Override
    public String toString() {
        return "Launch[" + command.get(0) + "]";
    }
}
