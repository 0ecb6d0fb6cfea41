package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.QuestionAsked;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    @GuardedBy("lock")
    private final Map<String, Boolean> ended = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

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

    /** Remembers a request; {@code false} when {@code pending-requests-max} are open. */
    boolean add(AgentEvent request) {
        lock.lock();
        try {
            if (open.size() >= limit) {
                return false;
            }
            open.put(idOf(request), request);
            return true;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes a request out to answer it.
     *
     * @throws HotPlexException REQUEST_NOT_FOUND or REQUEST_ALREADY_ANSWERED
     */
    void take(String requestId, Class<? extends AgentEvent> kind) {
        lock.lock();
        try {
            AgentEvent request = open.get(requestId);
            if (!kind.isInstance(request)) {
                boolean late = request == null && ended.containsKey(requestId);
                throw new HotPlexException(
                        late ? ErrorCode.REQUEST_ALREADY_ANSWERED : ErrorCode.REQUEST_NOT_FOUND,
                        late
                                ? "request '" + requestId + "' was answered or withdrawn before"
                                : "no such request is pending: '" + requestId + "'");
            }
            end(requestId);
        } finally {
            lock.unlock();
        }
    }

    /** Takes a request out because it is moot; {@code null} when it was taken before. */
    @Nullable
    AgentEvent withdraw(String requestId) {
        lock.lock();
        try {
            return end(requestId);
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
    private @Nullable AgentEvent end(String requestId) {
        ended.put(requestId, true);
        return open.remove(requestId);
    }
}
