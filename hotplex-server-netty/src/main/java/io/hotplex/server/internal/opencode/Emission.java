package io.hotplex.server.internal.opencode;

import io.hotplex.api.EventRecord;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What clients are told because of one record. Ids of events come from the record's time and offset; those of messages
 * and parts from {@link #entity}: they must not depend on how deltas were merged on the way here.
 */
final class Emission {
    private final String session;
    private final EventRecord record;
    private final Ids.Sequence events;
    private final Ids.Sequence entities;
    private final List<ClientEvent> told = new ArrayList<>();

    /** @param session the root's id as clients know it */
    Emission(String session, EventRecord record, Ids.Sequence events, Ids.Sequence entities) {
        this.session = session;
        this.record = record;
        this.events = events;
        this.entities = entities;
    }

    Instant time() {
        return record.time();
    }

    long millis() {
        return record.time().toEpochMilli();
    }

    /** The next id of a message, a part or a request. */
    String entity(String prefix) {
        long number = entities.next();
        return Ids.of(prefix, number, session + '/' + prefix + '/' + number);
    }

    /** Tells something of a session. */
    void tell(String of, String type, @Nullable Object... properties) {
        Map<String, @Nullable Object> all = Values.object("sessionID", of);
        all.putAll(Values.object(properties));
        tellAll(of, type, all);
    }

    /** Tells something, and nothing besides. */
    void tellAll(String of, String type, Map<String, @Nullable Object> all) {
        String id = Ids.of("evt", events.next(time()), session + '/' + record.offset() + '/' + told.size());
        told.add(new ClientEvent(of, id, type, all, record.offset()));
    }

    List<ClientEvent> told() {
        return told;
    }
}
