package io.hotplex.testkit.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** The last requests, the newest state of each. Guarded by {@code lock}. */
final class RequestLog {
    private final int capacity;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Long, ModelRequest> requests = new LinkedHashMap<>();

    @GuardedBy("lock")
    private long last;

    RequestLog(int capacity) {
        this.capacity = capacity;
    }

    long nextSequence() {
        lock.lock();
        try {
            return ++last;
        } finally {
            lock.unlock();
        }
    }

    void put(ModelRequest request) {
        lock.lock();
        try {
            requests.put(request.sequence(), request);
            if (requests.size() > capacity) {
                requests.remove(requests.keySet().iterator().next());
            }
        } finally {
            lock.unlock();
        }
    }

    List<ModelRequest> all() {
        lock.lock();
        try {
            return List.copyOf(requests.values());
        } finally {
            lock.unlock();
        }
    }

    void clear() {
        lock.lock();
        try {
            requests.clear();
        } finally {
            lock.unlock();
        }
    }
}
