package io.hotplex.server.internal.cli;

import java.util.Map;

/**
 * Which of the standard streams are a terminal, and whether it shows colours. Told by the start script, since a JVM
 * cannot find out.
 *
 * @param colours whether escape sequences may be used
 */
record Terminal(boolean in, boolean out, boolean err, boolean colours) {
    /** No terminal at all. */
    static final Terminal NONE = new Terminal(false, false, false, false);

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
