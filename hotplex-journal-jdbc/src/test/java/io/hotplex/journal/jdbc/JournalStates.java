package io.hotplex.journal.jdbc;

import io.hotplex.api.spi.SessionState;
import io.hotplex.testkit.journal.JournalContract;
import java.time.Instant;
import java.util.List;

/** States of sessions as the contract makes them. */
abstract class JournalStates extends JournalContract {
    static SessionState state(String id, long offset) {
        return state(id, offset, false);
    }

    /** Of a session in which nothing is going on. */
    static SessionState quiet(String id, long offset) {
        return quiet(id, offset, Instant.now());
    }

    static SessionState quiet(String id, long offset, Instant at) {
        SessionState state = state(id, offset, false);
        return new SessionState(
                state.spec(),
                state.current(),
                state.agentSessionId(),
                state.established(),
                state.generation(),
                null,
                List.of(),
                state.stats(),
                offset,
                at,
                false,
                null);
    }

    static SessionState closed(String id, long offset) {
        return state(id, offset, true);
    }
}
