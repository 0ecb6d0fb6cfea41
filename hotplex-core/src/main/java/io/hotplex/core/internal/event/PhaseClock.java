package io.hotplex.core.internal.event;

import io.hotplex.api.AgentEvent;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Measures how long an agent thinks and writes, by the times of its events. A block that comes in deltas lasts from its
 * first delta to the next content; one that comes as a whole lasts from what happened before it.
 *
 * <p>Threads: confined to the session's owner.
 */
final class PhaseClock {
    private final Span thinking = new Span();
    private final Span writing = new Span();
    private Instant previous = Instant.MAX; // nothing happened yet: whatever comes has no duration

    Duration thinking() {
        return thinking.total;
    }

    Duration writing() {
        return writing.total;
    }

    /** Takes the next event in. */
    void see(AgentEvent event, Instant time) {
        if (event instanceof AgentEvent.TextDelta delta) {
            if (delta.parentToolId() == null) {
                thinking.end(time);
                writing.begin(time, delta.messageId(), delta.block());
            }
        } else if (event instanceof AgentEvent.ThinkingDelta delta) {
            if (delta.parentToolId() == null) {
                writing.end(time);
                thinking.begin(time, delta.messageId(), delta.block());
            }
        } else if (event instanceof AgentEvent.Text text) {
            if (text.parentToolId() == null) {
                thinking.end(time);
                writing.complete(previous, time, text.messageId(), text.block());
                previous = time;
            }
        } else if (event instanceof AgentEvent.Thinking thought) {
            if (thought.parentToolId() == null) {
                thinking.complete(previous, time, thought.messageId(), thought.block());
                previous = time;
            }
        } else if (interrupts(event)) {
            stop(time);
        }
    }

    /** Whatever the agent did ended. */
    void stop(Instant time) {
        thinking.end(time);
        writing.end(time);
        previous = time;
    }

    /** Whether an event shows that the agent does, or waits for, something else. */
    private static boolean interrupts(AgentEvent event) {
        if (event instanceof AgentEvent.ToolStarted started) {
            return started.parentToolId() == null;
        }
        if (event instanceof AgentEvent.ToolCompleted completed) {
            return completed.parentToolId() == null;
        }
        return event instanceof AgentEvent.TurnStarted
                || event instanceof AgentEvent.PermissionRequested
                || event instanceof AgentEvent.PermissionResolved
                || event instanceof AgentEvent.QuestionAsked
                || event instanceof AgentEvent.QuestionAnswered
                || event instanceof AgentEvent.Retrying
                || event instanceof AgentEvent.ProcessExited;
    }

    /** The time spent on one kind of content. */
    private static final class Span {
        private Duration total = Duration.ZERO;
        private @Nullable Instant since;
        private @Nullable String messageId;
        private int block;

        void begin(Instant time, String message, int number) {
            if (since == null) {
                since = time;
            }
            messageId = message;
            block = number;
        }

        void end(Instant time) {
            if (since != null) {
                add(since, time);
                since = null;
            }
        }

        /** A whole block; when its deltas were measured already, they only end. */
        void complete(Instant previous, Instant time, String message, int number) {
            if (since != null) {
                end(time);
            } else if (number != block || !message.equals(messageId)) {
                add(previous, time);
            }
        }

        private void add(Instant from, Instant to) {
            if (to.isAfter(from)) { // the time of day may be set back
                total = total.plus(Duration.between(from, to));
            }
        }
    }
}
