package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.TurnResult;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides at once, on the caller's thread, whether a prompt is accepted: checks its size, counts open turns, and knows
 * the client ids that were seen.
 *
 * <p>Who repeats a client id gets the turn of the first prompt, and its result with it. So results are remembered for
 * longer than anybody else needs them, and both are bounded: the number of ids, and the bytes of the results. Beyond
 * either the oldest are forgotten as a whole, id and all; an id without its result would be an answer that is not one.
 * The turn that ended last and those that have not ended do not count.
 *
 * <p>Thread-safe; guarded by one short lock.
 */
final class Acceptance {
    /** Hundreds of usual answers, and little for a session whose journal may hold sixteen times as much. */
    static final long MAX_REMEMBERED_BYTES = 1 << 20;

    /** What {@link #accept} says: the turn, and whether it is new or a repetition's first. */
    record Accepted(OpenTurn turn, boolean fresh) {}

    private final String sessionId;
    private final long maxBytes;
    private final int maxTurns;
    private final ReentrantLock lock = new ReentrantLock();

    /** In the order of acceptance. */
    @GuardedBy("lock")
    private final Map<String, Seen> byClientId = new LinkedHashMap<>();

    private final int maxClientIds;

    /** Bytes of what ended turns in {@code byClientId} hold. */
    @GuardedBy("lock")
    private long remembered;

    @GuardedBy("lock")
    private int open;

    @GuardedBy("lock")
    private @Nullable ErrorCode refusal;

    /**
     * @param maxBytes limit of a prompt's text, instructions, attachments and client id together
     * @param maxTurns limit of turns that wait, twice that for those that replace the others; one more may run
     * @param maxClientIds how many client ids are remembered, the oldest forgotten first
     */
    Acceptance(String sessionId, long maxBytes, int maxTurns, int maxClientIds) {
        this.sessionId = sessionId;
        this.maxBytes = maxBytes;
        this.maxTurns = maxTurns;
        this.maxClientIds = maxClientIds;
    }

    /** A turn under its client id, and what it holds: nothing that counts until it has ended. */
    private static final class Seen {
        final OpenTurn turn;
        long bytes;

        Seen(OpenTurn turn) {
            this.turn = turn;
        }
    }

    /** @throws HotPlexException PROMPT_EMPTY, PROMPT_TOO_LARGE, QUEUE_FULL, or what {@link #close} said */
    Accepted accept(Prompt prompt, Supplier<OpenTurn> factory) {
        check(prompt);
        lock.lock();
        try {
            if (refusal != null) {
                throw new HotPlexException(refusal, "session '" + sessionId + "' takes no prompts any more");
            }
            Seen known = prompt.clientId() == null ? null : byClientId.get(prompt.clientId());
            if (known != null) {
                return new Accepted(known.turn, false);
            }
            // one that replaces what waits has room when nobody else has, but it waits as well until guards let it pass
            long most = prompt.delivery() == Delivery.INTERRUPT ? 2L * maxTurns : maxTurns;
            if (open > most) {
                throw new HotPlexException(
                        ErrorCode.QUEUE_FULL,
                        "session '" + sessionId + "' has " + most + " turns waiting (queue-max-turns: " + maxTurns
                                + "): wait for one to end");
            }
            OpenTurn turn = factory.get();
            open++;
            if (prompt.clientId() != null) {
                remember(prompt.clientId(), new Seen(turn));
            }
            return new Accepted(turn, true);
        } finally {
            lock.unlock();
        }
    }

    /** A turn that an earlier engine accepted: it counts until it ends, and its client id stays known. */
    void restore(OpenTurn turn, @Nullable String clientId, boolean ended) {
        lock.lock();
        try {
            open += ended ? 0 : 1;
            if (clientId != null) {
                remember(clientId, new Seen(turn));
            }
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void remember(String clientId, Seen seen) {
        byClientId.put(clientId, seen);
        if (byClientId.size() > maxClientIds) {
            Iterator<Seen> oldestFirst = byClientId.values().iterator();
            remembered -= oldestFirst.next().bytes;
            oldestFirst.remove();
        }
        var unused = seen.turn.result().thenAccept(result -> weigh(clientId, seen, result));
    }

    /** Counts what a turn that has ended holds, and forgets the oldest others when that is too much. */
    private void weigh(String clientId, Seen seen, TurnResult result) {
        lock.lock();
        try {
            if (byClientId.get(clientId) != seen) {
                return; // forgotten while it ran
            }
            seen.bytes = 2L * clientId.length() + result.end().weight();
            remembered += seen.bytes;
            Iterator<Seen> oldestFirst = byClientId.values().iterator();
            while (remembered > MAX_REMEMBERED_BYTES && oldestFirst.hasNext()) {
                Seen oldest = oldestFirst.next();
                if (oldest.bytes > 0 && oldest != seen) {
                    remembered -= oldest.bytes;
                    oldestFirst.remove();
                }
            }
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
        long size = utf8(prompt.text()) + utf8(prompt.instructions()) + utf8(prompt.clientId());
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
    private static long utf8(@Nullable String text) {
        long bytes = 0;
        for (int i = 0; text != null && i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }
}
