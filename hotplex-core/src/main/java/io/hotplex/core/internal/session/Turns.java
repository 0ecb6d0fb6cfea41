package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The turns of a session by id: those that have not ended, and the last ones that have, limited in number and in the
 * bytes of their results; the one that ended last always stays. Thread-safe; guarded by one short lock.
 */
final class Turns {
    private final int maxEnded;
    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();

    /** In the order of acceptance. */
    @GuardedBy("lock")
    private final Map<String, OpenTurn> byId = new LinkedHashMap<>();

    /** In the order in which they ended. */
    @GuardedBy("lock")
    private final ArrayDeque<TurnResult> ended = new ArrayDeque<>();

    @GuardedBy("lock")
    private long bytes;

    Turns(int maxEnded, long maxBytes) {
        this.maxEnded = maxEnded;
        this.maxBytes = maxBytes;
    }

    void add(OpenTurn turn) {
        lock.lock();
        try {
            byId.put(turn.id(), turn);
        } finally {
            lock.unlock();
        }
    }

    /** A turn was not accepted after all. */
    void remove(OpenTurn turn) {
        lock.lock();
        try {
            byId.remove(turn.id());
        } finally {
            lock.unlock();
        }
    }

    /** A turn has ended; forgets the oldest others when those are too many, or too large. */
    void ended(TurnResult result) {
        lock.lock();
        try {
            ended.add(result);
            bytes += result.end().weight();
            while (ended.size() > 1 && (ended.size() > maxEnded || bytes > maxBytes)) {
                TurnResult oldest = ended.remove();
                bytes -= oldest.end().weight();
                byId.remove(oldest.turnId());
            }
        } finally {
            lock.unlock();
        }
    }

    List<Turn> list() {
        lock.lock();
        try {
            return List.copyOf(byId.values());
        } finally {
            lock.unlock();
        }
    }

    Optional<Turn> find(String id) {
        lock.lock();
        try {
            return Optional.ofNullable(byId.get(id));
        } finally {
            lock.unlock();
        }
    }
}
