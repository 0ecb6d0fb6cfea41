package io.hotplex.api;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a user asks of a session.
 *
 * @param text what was typed; may be empty when there are attachments
 * @param instructions text put in front of this prompt for the agent, or {@code null}
 * @param attachments images and the like, in order
 * @param delivery what to do while another turn runs
 * @param clientId the caller's own id of this prompt: the same id is accepted once per session, a repetition returns
 *     the turn of the first, as long as the session remembers it; {@code null} for none
 * @param timeout limit of this turn, measured from its start, at most 365 days, or {@code null} for the engine's
 *     default
 * @param traceparent the trace that the prompt is a part of, in the form of W3C Trace Context, or {@code null}
 * @param inlined files whose text the instructions have already: they are told with the turn, as attachments are, and
 *     go to the agent in no other way
 */
public record Prompt(
        String text,
        @Nullable String instructions,
        List<Attachment> attachments,
        Delivery delivery,
        @Nullable String clientId,
        @Nullable Duration timeout,
        @Nullable String traceparent,
        List<AgentEvent.Attached> inlined) {
    private static final Pattern TRACEPARENT =
            Pattern.compile("00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}");

    /** As for all durations of the engine, which counts in nanoseconds. */
    private static final Duration LONGEST_TIMEOUT = Duration.ofDays(365);

    public Prompt {
        Objects.requireNonNull(text, "text");
        attachments = List.copyOf(attachments);
        inlined = List.copyOf(inlined);
        Objects.requireNonNull(delivery, "delivery");
        if (timeout != null && (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST_TIMEOUT) > 0)) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "timeout: " + timeout + " (expected: positive, at most 365 days)");
        }
        if (traceparent != null && !isTraceparent(traceparent)) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "traceparent is malformed (expected: version 00 of W3C Trace Context)");
        }
    }

    /** Whether a text has the form of a {@code traceparent}, and one that names a trace. */
    public static boolean isTraceparent(String text) {
        return TRACEPARENT.matcher(text).matches();
    }

    /** A plain prompt that waits for its turn. */
    public static Prompt of(String text) {
        return builder(text).build();
    }

    public static Builder builder(String text) {
        return new Builder(text);
    }

    @Override
    public String toString() {
        return "Prompt[" + text.length() + " chars, " + attachments.size() + " attachments, " + delivery + "]";
    }

    /** Collects the parts of a prompt. Not thread-safe. */
    public static final class Builder {
        private final String text;
        private final List<Attachment> attachments = new ArrayList<>();
        private final List<AgentEvent.Attached> inlined = new ArrayList<>();
        private @Nullable String instructions;
        private Delivery delivery = Delivery.QUEUE;
        private @Nullable String clientId;
        private @Nullable Duration timeout;
        private @Nullable String traceparent;

        private Builder(String text) {
            this.text = Objects.requireNonNull(text, "text");
        }

        public Builder instructions(String value) {
            instructions = value;
            return this;
        }

        public Builder attach(Attachment value) {
            attachments.add(value);
            return this;
        }

        /** Adds a file whose text the instructions have already. */
        public Builder inline(AgentEvent.Attached value) {
            inlined.add(value);
            return this;
        }

        public Builder delivery(Delivery value) {
            delivery = value;
            return this;
        }

        public Builder clientId(String value) {
            clientId = value;
            return this;
        }

        public Builder timeout(Duration value) {
            timeout = value;
            return this;
        }

        public Builder traceparent(String value) {
            traceparent = value;
            return this;
        }

        public Prompt build() {
            return new Prompt(text, instructions, attachments, delivery, clientId, timeout, traceparent, inlined);
        }
    }
}
