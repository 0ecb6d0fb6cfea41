package io.hotplex.api.spi;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * A process to start. Its environment is built from an empty map: the launcher's base list, the variables named by
 * {@code inherit}, then {@code environment}, then the launcher's own markers.
 *
 * @param label names the process in logs and thread dumps
 * @param command program and arguments
 * @param workDir an existing directory
 * @param inherit names of variables to take over when they are set; a trailing {@code *} matches a prefix
 * @param environment variables to set
 * @param isolation how it is kept apart from the rest of the machine
 */
public record ProcessSpec(
        String label,
        List<String> command,
        Path workDir,
        List<String> inherit,
        Map<String, String> environment,
        Isolation isolation) {
    /** A process that is not isolated. */
    public ProcessSpec(
            String label, List<String> command, Path workDir, List<String> inherit, Map<String, String> environment) {
        this(label, command, workDir, inherit, environment, Isolation.NONE);
    }

    public ProcessSpec {
        command = List.copyOf(command);
        inherit = List.copyOf(inherit);
        environment = Map.copyOf(environment);
        if (command.isEmpty()) {
            throw new IllegalArgumentException("command: empty");
        }
    }

    @Override
    public String toString() {
        return "ProcessSpec[" + label + ", " + command.get(0) + "]";
    }
}
