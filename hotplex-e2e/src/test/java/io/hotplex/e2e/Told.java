package io.hotplex.e2e;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionTimeoutException;

/** What a subscriber was told of a session, from its first event on. Thread-safe. */
public final class Told extends CopyOnWriteArrayList<EventRecord> {
    private static final long serialVersionUID = 1L;

    /** A subscriber of an engine that was closed is told nothing more. */
    private static final Duration LIMIT = Duration.ofSeconds(5);

    private final transient Session session;

    private Told(Session session) {
        this.session = session;
    }

    /** Subscribes to it. */
    public static List<EventRecord> of(Session session) {
        Told told = new Told(session);
        session.subscribe(0, told::add);
        return told;
    }

    /** The events of a kind, among all that there are by now: the result of a turn may be known before it was told. */
    public static <T extends AgentEvent> List<T> only(List<EventRecord> records, Class<T> type) {
        if (records instanceof Told told) {
            told.catchUp();
        }
        return records.stream()
                .map(EventRecord::event)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    private void catchUp() {
        try {
            long newest = session.info().newestOffset();
            Awaitility.await()
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(5))
                    .atMost(LIMIT)
                    .until(() -> stream().anyMatch(record -> record.offset() >= newest));
        } catch (ConditionTimeoutException | HotPlexException e) {
            return; // it is over; what was told is what there is
        }
    }
}
