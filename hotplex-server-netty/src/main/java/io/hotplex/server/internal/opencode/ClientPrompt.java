package io.hotplex.server.internal.opencode;

import org.jspecify.annotations.Nullable;

/**
 * The ids that a client of OpenCode gave to a message of its user and to its text. They are kept as the client's id of
 * the prompt, so that they are in the journal.
 *
 * @param message the message's id; {@code null} when the prompt came from elsewhere
 * @param part the id of its text; {@code null} when the client gave none
 */
record ClientPrompt(@Nullable String message, @Nullable String part) {
    private static final String SEPARATOR = ":";

    static ClientPrompt parse(@Nullable String clientId) {
        if (clientId == null) {
            return new ClientPrompt(null, null);
        }
        int end = clientId.indexOf(SEPARATOR);
        String message = end < 0 ? clientId : clientId.substring(0, end);
        String part = end < 0 ? null : clientId.substring(end + 1);
        return Ids.mayBeGiven(message, "msg")
                ? new ClientPrompt(message, part != null && Ids.mayBeGiven(part, "prt") ? part : null)
                : new ClientPrompt(null, null);
    }

    String text() {
        return part == null ? String.valueOf(message) : message + SEPARATOR + part;
    }
}
