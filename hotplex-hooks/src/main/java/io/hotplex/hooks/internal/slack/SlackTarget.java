package io.hotplex.hooks.internal.slack;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Where messages go. */
interface SlackTarget extends AutoCloseable {
    /**
     * Writes a message, or writes one anew.
     *
     * @param text for notifications
     * @param thread the message that it answers, or {@code null}
     * @param replaces the message that it takes the place of, or {@code null}
     * @return names the message; {@code null} where messages have no names
     * @throws SlackException when Slack did not take it
     */
    @Nullable
    String write(String text, List<Map<String, Object>> blocks, @Nullable String thread, @Nullable String replaces)
            throws IOException, SlackException;

    /** Whether a message can be changed, and be in a thread. */
    boolean changes();

    @Override
    void close();

    /** Slack did not take a message. */
    final class SlackException extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient @Nullable Duration after;
        private final boolean forGood;

        /**
         * @param after how long Slack wants to be left alone, or {@code null}
         * @param forGood whether it will never take this message
         */
        SlackException(String reason, @Nullable Duration after, boolean forGood) {
            super(reason);
            this.after = after;
            this.forGood = forGood;
        }

        @Nullable
        Duration after() {
            return after;
        }

        boolean forGood() {
            return forGood;
        }
    }
}
