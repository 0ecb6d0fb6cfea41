package io.hotplex.guard.internal.shell;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A program that a command runs. Immutable.
 *
 * @param program its name without directories; empty for redirections alone
 * @param arguments what it is called with
 * @param redirects where it reads from and writes to
 * @param upstream names of the programs whose output it reads through a pipe
 * @param directory where it runs, when the command changed that; else empty
 * @param code a script that it interprets, when that stands in the command; otherwise {@code null}
 */
public record Invocation(
        String program,
        List<Word> arguments,
        List<Redirect> redirects,
        Set<String> upstream,
        String directory,
        @Nullable String code) {
    public Invocation {
        arguments = List.copyOf(arguments);
        redirects = List.copyOf(redirects);
        upstream = Set.copyOf(upstream);
    }

    /** Program and arguments with spaces between. */
    public String text() {
        return program + arguments.stream().map(word -> " " + word.text()).collect(Collectors.joining());
    }

    /** A path as seen from where the command as a whole began. */
    public String path(String text) {
        boolean relative = !directory.isEmpty() && !text.startsWith("/") && !text.startsWith("~");
        return relative ? directory + "/" + text : text;
    }

    Invocation withCode(String script) {
        return new Invocation(program, arguments, redirects, upstream, directory, script);
    }
}
