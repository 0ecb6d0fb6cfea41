package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A process specification checked and resolved: everything that the system's start call needs.
 *
 * @param program absolute path of the executable
 * @param command arguments, the first being the program as it was asked for
 * @param workDir an existing directory
 * @param environment all variables of the child
 */
record StartPlan(Path program, List<String> command, Path workDir, Map<String, String> environment) {
    /** There on every system that has process groups. */
    static final String SHELL = "/bin/sh";

    /** Parameter 0 is the limit. The option is -w in dash and busybox, -x in bash; a shell that has neither goes on. */
    private static final String LIMIT_SCRIPT = "{ ulimit -S -w \"$0\" || ulimit -S -x \"$0\"; } 2>/dev/null; ";

    private static final List<String> OF_A_SHELL = List.of("PWD", "OLDPWD", "SHLVL", "_");

    private static final Pattern INTERPRETER = Pattern.compile("#![ \\t]*(/[^ \\t\\r\\n]*)");

    /** The longest first line that names an interpreter, as Linux sees it. */
    private static final int INTERPRETER_LINE = 256;

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
        requireInterpreter(spec, program);
        return new StartPlan(program.toAbsolutePath(), spec.command(), workDir, environment);
    }

    /** The command with the program as it was found, for whoever starts it in its turn. */
    List<String> absoluteCommand() {
        List<String> absolute = new ArrayList<>(command);
        absolute.set(0, program.toString());
        return absolute;
    }

    /** A script whose interpreter is missing would show as the failure of whatever was to start it. */
    private static void requireInterpreter(ProcessSpec spec, Path program) {
        byte[] head = new byte[INTERPRETER_LINE];
        int length;
        try (InputStream in = Files.newInputStream(program)) {
            length = in.readNBytes(head, 0, head.length);
        } catch (IOException e) {
            return; // a program that can be run and not be read
        }
        Matcher interpreter = INTERPRETER.matcher(new String(head, 0, length, StandardCharsets.UTF_8));
        if (interpreter.lookingAt() && !Files.isExecutable(Path.of(interpreter.group(1)))) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNAVAILABLE,
                    spec.label() + ": cannot run " + program + ": there is no " + interpreter.group(1)
                            + ", the interpreter that it names");
        }
    }

    /**
     * The same with a limit on file locks, which a shell sets before it becomes the program: from its first instruction
     * on, so that whatever the program starts inherits it. Set from outside it would come after the start, and on a
     * busy machine too late for some.
     */
    StartPlan limited(long lockLimit) {
        return after(LIMIT_SCRIPT, Long.toString(lockLimit));
    }

    /**
     * The same, begun by a shell that runs a script and then becomes the program.
     *
     * @param script ends with a separator
     * @param parameter what the script finds in {@code $0}
     */
    StartPlan after(String script, String parameter) {
        String unset = OF_A_SHELL.stream()
                .filter(name -> !environment.containsKey(name))
                .collect(Collectors.joining(" ", "unset ", "; "));
        List<String> begun = new ArrayList<>(List.of(SHELL, "-c", unset + script + "exec \"$@\"", parameter));
        begun.addAll(absoluteCommand());
        return new StartPlan(Path.of(SHELL), begun, workDir, environment);
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
