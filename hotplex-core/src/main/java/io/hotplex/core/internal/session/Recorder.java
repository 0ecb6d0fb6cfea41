package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionStats;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.event.JournalSubscription;
import io.hotplex.core.internal.event.StatsFold;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The one place where events enter the journal: appends, counts, and wakes the subscriptions. {@link #append} and
 * {@link #close} belong to the session's owner; the rest is thread-safe.
 */
final class Recorder {
    private final EngineParts parts;
    private final SessionLog log;
    private final StatsFold stats;
    private final List<JournalSubscription> subscriptions = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    Recorder(EngineParts parts, String sessionId, SessionLog log) {
        this.parts = parts;
        this.log = log;
        this.stats = new StatsFold(sessionId);
    }

    EventRecord append(@Nullable String turnId, AgentEvent event) {
        EventRecord record = log.append(turnId, parts.clock().instant(), event);
        stats.fold(record);
        for (JournalSubscription subscription : subscriptions) {
            subscription.wake();
        }
        return record;
    }

    /** The last word; subscriptions end when they delivered it. */
    void close() {
        closed = true;
        log.close();
        subscriptions.forEach(JournalSubscription::logClosed);
    }

    boolean closed() {
        return closed;
    }

    long oldest() {
        return log.oldest();
    }

    long newest() {
        return log.newest();
    }

    SessionStats stats() {
        return stats.snapshot();
    }

    Subscription subscribe(long after, Subscriber subscriber) {
        if (after < 0 || after > log.newest()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "after: " + after + " (expected: 0 to " + log.newest() + ")");
        }
        JournalSubscription subscription = new JournalSubscription(
                log,
                after,
                subscriber,
                parts.executor(),
                parts.config().get(EngineConfig.SUBSCRIPTION_BATCH),
                parts.config().get(EngineConfig.MERGE_BACKLOG),
                subscriptions::remove);
        subscriber.onSubscribe(subscription);
        subscriptions.add(subscription);
        if (closed) {
            subscription.logClosed(); // it may have come too late to be told by close()
        }
        subscription.wake();
        return subscription;
    }
}
