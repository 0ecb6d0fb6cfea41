package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A process specification checked and resolved: everything that the system's start call needs.
 *
 * @param program absolute path of the executable
 * @param command arguments, the first being the program as it was asked for
 * @param workDir an existing directory
 * @param environment all variables of the child
 */
record StartPlan(Path program, List<String> command, Path workDir, Map<String, String> environment) {

    /**
     * Checks here what the system reports badly: a missing program and a missing directory are the same error to it.
     *
     * @param environment all variables of the child, its PATH is searched
     * @throws HotPlexException PROVIDER_UNAVAILABLE, WORK_DIR_NOT_FOUND, WORK_DIR_NOT_A_DIRECTORY or INVALID_ARGUMENT
     */
    static StartPlan of(ProcessSpec spec, Map<String, String> environment) {
        for (String argument : spec.command()) {
            requireNoNul(spec, "argument", argument);
        }
        environment.forEach((name, value) -> {
            if (name.isEmpty() || name.indexOf('=') >= 0) {
                throw invalid(spec, "environment variable name");
            }
            requireNoNul(spec, "environment variable name", name);
            requireNoNul(spec, "environment variable " + name, value);
        });
        Path workDir = spec.workDir().toAbsolutePath();
        if (!Files.isDirectory(workDir)) {
            throw Files.exists(workDir)
                    ? new HotPlexException(
                            ErrorCode.WORK_DIR_NOT_A_DIRECTORY, spec.label() + ": not a directory: " + workDir)
                    : new HotPlexException(
                            ErrorCode.WORK_DIR_NOT_FOUND, spec.label() + ": no such directory: " + workDir);
        }
        String name = spec.command().get(0);
        Path program = Executables.find(name, environment.get("PATH"))
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.PROVIDER_UNAVAILABLE,
                        spec.label() + ": program not found or not executable: " + name
                                + "; install it, or set its path or the PATH of the process"));
        return new StartPlan(program.toAbsolutePath(), spec.command(), workDir, environment);
    }

    /** The command with the program as it was found, for whoever starts it in its turn. */
    List<String> absoluteCommand() {
        List<String> absolute = new ArrayList<>(command);
        absolute.set(0, program.toString());
        return absolute;
    }

    private static void requireNoNul(ProcessSpec spec, String what, String text) {
        if (text.indexOf('\0') >= 0) {
            throw invalid(spec, what);
        }
    }

    private static HotPlexException invalid(ProcessSpec spec, String what) {
        return new HotPlexException(
                ErrorCode.INVALID_ARGUMENT, spec.label() + ": " + what + " has a character that no system allows");
    }

    /** Without arguments and environment, which may hold secrets. */
    @Override
    public String toString() {
        return "StartPlan[" + program + "]";
    }
}
