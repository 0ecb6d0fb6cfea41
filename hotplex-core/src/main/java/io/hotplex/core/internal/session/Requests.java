package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.QuestionAsked;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The permission requests and questions of a session that wait for an answer. Whoever takes a request out of here owns
 * its end, so each is answered or withdrawn once. Thread-safe; guarded by one short lock.
 */
final class Requests {
    /** How many ended ids are remembered, to tell a late answer from a wrong one. */
    private static final int REMEMBERED = 256;

    private final int limit;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, AgentEvent> open = new LinkedHashMap<>();

    /** Of those that are open, what was asked by an agent that ended with an earlier engine. */
    @GuardedBy("lock")
    private final Set<String> left = new HashSet<>();

    @GuardedBy("lock")
    private final Map<String, String> ended = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
            return size() > REMEMBERED;
        }
    };

    @GuardedBy("lock")
    private boolean leaving;

    Requests(int limit) {
        this.limit = limit;
    }

    /** Whether an event asks for an answer. */
    static boolean asks(AgentEvent event) {
        return event instanceof PermissionRequested || event instanceof QuestionAsked;
    }

    static String idOf(AgentEvent event) {
        return event instanceof PermissionRequested p ? p.requestId() : ((QuestionAsked) event).requestId();
    }

    /**
     * Remembers a request; {@code false} when {@code pending-requests-max} are open. What an earlier engine left does
     * not count, since no agent waits for it.
     */
    boolean add(AgentEvent request) {
        lock.lock();
        try {
            if (open.size() - left.size() >= limit) {
                return false;
            }
            open.put(idOf(request), request);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Takes over a request whose agent ended with an earlier engine: people may answer it all the same. */
    void restore(PermissionRequested request) {
        lock.lock();
        try {
            open.put(request.requestId(), request);
            left.add(request.requestId());
        } finally {
            lock.unlock();
        }
    }

    /** The engine ends: what is open is the next one's to answer, since nobody may hear of it here any more. */
    void leave() {
        lock.lock();
        try {
            leaving = true;
        } finally {
            lock.unlock();
        }
    }

    /** Whether a request is open whose agent ended with an earlier engine. */
    boolean isLeft(String requestId) {
        lock.lock();
        try {
            return left.contains(requestId);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a request out to answer it.
     *
     * @param how what became of it, for those who come later
     * @throws HotPlexException REQUEST_NOT_FOUND, REQUEST_ALREADY_ANSWERED, or ENGINE_CLOSED after {@link #leave}
     */
    AgentEvent take(String requestId, Class<? extends AgentEvent> kind, String how) {
        lock.lock();
        try {
            AgentEvent request = open.get(requestId);
            if (request == null || !kind.isInstance(request)) {
                String late = request == null ? ended.get(requestId) : null;
                throw new HotPlexException(
                        late != null ? ErrorCode.REQUEST_ALREADY_ANSWERED : ErrorCode.REQUEST_NOT_FOUND,
                        late != null
                                ? "request '" + requestId + "' was " + late + " before"
                                : "no such request is pending: '" + requestId + "'");
            }
            if (leaving) {
                throw new HotPlexException(
                        ErrorCode.ENGINE_CLOSED,
                        "the engine is closing, and the agent that asked ends with it: answer '" + requestId
                                + "' in the next engine on this journal, if it is pending there");
            }
            end(requestId, how);
            return request;
        } finally {
            lock.unlock();
        }
    }

    /** Takes a request out because it is moot; {@code null} when it was taken before. */
    @Nullable
    AgentEvent withdraw(String requestId) {
        lock.lock();
        try {
            return end(requestId, "withdrawn, or had expired,");
        } finally {
            lock.unlock();
        }
    }

    /** Whether an agent waits for nobody. */
    boolean isEmpty() {
        lock.lock();
        try {
            return open.size() == left.size();
        } finally {
            lock.unlock();
        }
    }

    /** What is open, oldest first. */
    List<AgentEvent> list() {
        lock.lock();
        try {
            return new ArrayList<>(open.values());
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private @Nullable AgentEvent end(String requestId, String how) {
        ended.putIfAbsent(requestId, how);
        left.remove(requestId);
        return open.remove(requestId);
    }
}
