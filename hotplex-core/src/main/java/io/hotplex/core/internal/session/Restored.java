package io.hotplex.core.internal.session;

import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import java.util.List;

/**
 * What an earlier engine left of a session.
 *
 * @param state as of the newest event
 * @param turns those that wait, and the last ones that ended, in order of acceptance
 */
public record Restored(SessionState state, List<StoredTurn> turns) {
    public Restored {
        turns = List.copyOf(turns);
    }
}
