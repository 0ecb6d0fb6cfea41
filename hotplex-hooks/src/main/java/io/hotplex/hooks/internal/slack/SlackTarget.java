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

        /** What comes of it. */
        enum Kind {
            /** It may be taken later. */
            LATER,
            /** It will never be taken. */
            NEVER,
            /** What it was to replace or to answer is gone, or not ours: it may be taken as a new one. */
            ANEW
        }

        private final transient @Nullable Duration after;
        private final Kind kind;

        /** @param after how long Slack wants to be left alone, or {@code null} */
        SlackException(String reason, @Nullable Duration after, Kind kind) {
            super(reason);
            this.after = after;
            this.kind = kind;
        }

        @Nullable
        Duration after() {
            return after;
        }

        Kind kind() {
            return kind;
        }
    }
}
