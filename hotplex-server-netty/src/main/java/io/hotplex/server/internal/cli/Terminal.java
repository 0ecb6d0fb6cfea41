package io.hotplex.server.internal.cli;

import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Which of the standard streams are a terminal, and whether it shows colours. Told by the start script, since a JVM
 * cannot find out; without the script a shell is asked.
 *
 * @param colours whether escape sequences may be used
 */
record Terminal(boolean in, boolean out, boolean err, boolean colours) {
    /** No terminal at all. */
    static final Terminal NONE = new Terminal(false, false, false, false);

    /** One bit a stream. */
    private static final String QUESTION =
            "n=0; [ ! -t 0 ] || n=1; [ ! -t 1 ] || n=$((n + 2)); [ ! -t 2 ] || n=$((n + 4)); exit $n";

    /** A shell that only looks answers in milliseconds. */
    private static final long QUESTION_SECONDS = 5;

    /**
     * The terminal of this process.
     *
     * @param streams what the start script told, or {@code null} without it
     */
    static Terminal find(@Nullable String streams, Map<String, String> environment) {
        return of(streams == null ? ask() : streams, environment);
    }

    /** The shell has our streams, and tells by its exit code. Where there is none, there is no terminal either. */
    private static String ask() {
        try {
            Process shell =
                    new ProcessBuilder("/bin/sh", "-c", QUESTION).inheritIO().start();
            if (!shell.waitFor(QUESTION_SECONDS, TimeUnit.SECONDS)) {
                shell.destroyForcibly();
                return "";
            }
            int told = shell.exitValue();
            return told > 7
                    ? ""
                    : ((told & 1) == 0 ? "" : "i") + ((told & 2) == 0 ? "" : "o") + ((told & 4) == 0 ? "" : "e");
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }

    /** @param streams {@code i}, {@code o} and {@code e} for the streams that are a terminal */
    static Terminal of(String streams, Map<String, String> environment) {
        boolean colours = environment.getOrDefault("NO_COLOR", "").isEmpty()
                && !environment.getOrDefault("TERM", "dumb").equals("dumb");
        return new Terminal(streams.contains("i"), streams.contains("o"), streams.contains("e"), colours);
    }

    /** Whether somebody is there who can be asked: questions are written to standard error. */
    boolean canAsk() {
        return in && err;
    }
}
