package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What {@code CreateProcess} is given to run a command: Windows hands a program one text, which it cuts into arguments
 * itself. Immutable.
 *
 * <p>A {@code .cmd} or {@code .ps1} that npm has made is not run: the program that it would start is, with the
 * arguments as they are. Any other batch file needs {@code cmd.exe}, which reads its arguments as a script; those that
 * could mean something to it are refused, since there is no way to write them that holds for every batch file.
 *
 * @param application absolute path of the program
 * @param line the command line, program included
 */
record WindowsCommand(String application, String line) {
    /** The limit of Windows is 32,767 with the NUL at the end. */
    static final int MAX_LINE = 32_766;
    /** The limit of {@code cmd.exe} is 8,191. */
    static final int MAX_BATCH_LINE = 8_191;

    /** No registry commands, extensions on, {@code !} means nothing, the outer quotes go and the rest stays. */
    private static final String CMD_OPTIONS = " /d /e:on /v:off /s /c ";

    private static final String CMD_SPECIAL = "\"%!";

    /**
     * How to run a plan.
     *
     * @throws HotPlexException PROVIDER_UNAVAILABLE when the program is a script of another kind, INVALID_ARGUMENT when
     *     the arguments are too long or cannot be passed to a batch file
     */
    static WindowsCommand of(StartPlan plan) {
        List<String> arguments = plan.command().subList(1, plan.command().size());
        String name = plan.program().getFileName().toString().toLowerCase(Locale.ROOT);
        if (name.endsWith(".exe") || name.endsWith(".com")) {
            return program(plan.program(), arguments);
        }
        Optional<NpmShim> shim = NpmShim.read(plan.program(), plan.environment().get("PATH"));
        if (shim.isPresent()) {
            return program(
                    shim.get().program(),
                    Stream.concat(shim.get().arguments().stream(), arguments.stream())
                            .toList());
        }
        if (name.endsWith(".cmd") || name.endsWith(".bat")) {
            return batch(plan.program(), arguments, plan.environment());
        }
        throw new HotPlexException( // Windows takes more names for batch files than the two above
                ErrorCode.PROVIDER_UNAVAILABLE,
                "cannot run " + plan.program()
                        + " (expected: .exe, .com, .cmd, .bat, or a .ps1 of npm); name the program that it starts instead");
    }

    private static WindowsCommand program(Path program, List<String> arguments) {
        StringBuilder line = new StringBuilder();
        appendProgram(line, program.toString());
        arguments.forEach(argument -> appendArgument(line.append(' '), argument, false));
        return limited(program.toString(), line.toString(), MAX_LINE);
    }

    private static WindowsCommand batch(Path script, List<String> arguments, Map<String, String> environment) {
        requireSafe(script, "its path", script.toString());
        String cmd = environment.getOrDefault("SystemRoot", "C:\\Windows") + "\\System32\\cmd.exe";
        StringBuilder line = new StringBuilder();
        appendProgram(line, cmd);
        line.append(CMD_OPTIONS).append('"');
        appendProgram(line, script.toString());
        for (int i = 0; i < arguments.size(); i++) {
            requireSafe(script, "argument " + (i + 1), arguments.get(i));
            appendArgument(line.append(' '), arguments.get(i), true);
        }
        return limited(cmd, line.append('"').toString(), MAX_BATCH_LINE);
    }

    private static void requireSafe(Path script, String what, String text) {
        if (text.chars().anyMatch(c -> c < ' ' || CMD_SPECIAL.indexOf(c) >= 0)) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    what + " cannot be passed safely to the batch file " + script
                            + ", since it has a quote, a percent sign, an exclamation mark or a control character;"
                            + " name the program that the batch file starts instead");
        }
    }

    private static WindowsCommand limited(String application, String line, int limit) {
        if (line.length() > limit) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "the command line for " + application + " has " + line.length() + " characters (expected: at most "
                            + limit + " on Windows); put long texts into files");
        }
        return new WindowsCommand(application, line);
    }

    /** The first part ends at the next quote, whatever is before it; a path cannot contain one. */
    private static void appendProgram(StringBuilder line, String program) {
        line.append('"').append(program).append('"');
    }

    /**
     * By the rules of {@code CommandLineToArgvW} and of the C run-time library: backslashes before a quote count twice,
     * the quote has one more, and elsewhere they stand for themselves.
     */
    private static void appendArgument(StringBuilder line, String argument, boolean always) {
        if (!always && !argument.isEmpty() && argument.chars().noneMatch(c -> c <= ' ' || c == '"')) {
            line.append(argument);
            return;
        }
        line.append('"');
        int backslashes = 0;
        for (int i = 0; i < argument.length(); i++) {
            char c = argument.charAt(i);
            if (c == '"') {
                line.append("\\".repeat(backslashes + 1));
            }
            backslashes = c == '\\' ? backslashes + 1 : 0;
            line.append(c);
        }
        line.append("\\".repeat(backslashes)).append('"');
    }

    /** Without the arguments, which may hold secrets. */
    @Override
    public String toString() {
        return "WindowsCommand[" + application + "]";
    }
}
