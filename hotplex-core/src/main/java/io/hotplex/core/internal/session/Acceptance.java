package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.Attachment;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides at once, on the caller's thread, whether a prompt is accepted: checks its size, counts open turns, and knows
 * the client ids that were seen. Thread-safe; guarded by one short lock.
 */
final class Acceptance {
    /** What {@link #accept} says: the turn, and whether it is new or a repetition's first. */
    record Accepted(OpenTurn turn, boolean fresh) {}

    private final String sessionId;
    private final long maxBytes;
    private final int maxTurns;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, OpenTurn> byClientId;

    @GuardedBy("lock")
    private int open;

    @GuardedBy("lock")
    private @Nullable ErrorCode refusal;

    /**
     * @param maxBytes limit of a prompt's text, instructions and attachments together
     * @param maxTurns limit of turns that wait; one more may run
     * @param maxClientIds how many client ids are remembered, the oldest forgotten first
     */
    Acceptance(String sessionId, long maxBytes, int maxTurns, int maxClientIds) {
        this.sessionId = sessionId;
        this.maxBytes = maxBytes;
        this.maxTurns = maxTurns;
        this.byClientId = new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<String, OpenTurn> eldest) {
                return size() > maxClientIds;
            }
        };
    }

    /** @throws HotPlexException PROMPT_EMPTY, PROMPT_TOO_LARGE, QUEUE_FULL, or what {@link #close} said */
    Accepted accept(Prompt prompt, Supplier<OpenTurn> factory) {
        check(prompt);
        lock.lock();
        try {
            if (refusal != null) {
                throw new HotPlexException(refusal, "session '" + sessionId + "' takes no prompts any more");
            }
            OpenTurn known = prompt.clientId() == null ? null : byClientId.get(prompt.clientId());
            if (known != null) {
                return new Accepted(known, false);
            }
            if (open > maxTurns) {
                throw new HotPlexException(
                        ErrorCode.QUEUE_FULL,
                        "session '" + sessionId + "' has " + maxTurns
                                + " turns waiting (queue-max-turns): wait for one to end");
            }
            OpenTurn turn = factory.get();
            open++;
            if (prompt.clientId() != null) {
                byClientId.put(prompt.clientId(), turn);
            }
            return new Accepted(turn, true);
        } finally {
            lock.unlock();
        }
    }

    /** A turn that was accepted has ended. */
    void ended() {
        lock.lock();
        try {
            open--;
        } finally {
            lock.unlock();
        }
    }

    /** How many accepted turns have not ended. */
    int open() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    /** Accepts nothing any more; the first code stays. */
    void close(ErrorCode code) {
        lock.lock();
        try {
            refusal = refusal == null ? code : refusal;
        } finally {
            lock.unlock();
        }
    }

    private void check(Prompt prompt) {
        if (prompt.text().isBlank() && prompt.attachments().isEmpty()) {
            throw new HotPlexException(ErrorCode.PROMPT_EMPTY, "the prompt has no text and no attachment");
        }
        long size = utf8(prompt.text()) + (prompt.instructions() == null ? 0 : utf8(prompt.instructions()));
        for (Attachment attachment : prompt.attachments()) {
            size += attachment.size();
        }
        if (size > maxBytes) {
            throw new HotPlexException(
                    ErrorCode.PROMPT_TOO_LARGE,
                    "the prompt has " + size + " bytes (prompt-max-bytes: " + maxBytes + "): shorten it");
        }
    }

    /** The length of a text in UTF-8, without making the bytes. */
    private static long utf8(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }
}
