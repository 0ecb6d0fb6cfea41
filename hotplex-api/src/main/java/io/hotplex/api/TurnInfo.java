package io.hotplex.api;

import io.hotplex.api.AgentEvent.Origin;
import org.jspecify.annotations.Nullable;

/**
 * A turn at one moment.
 *
 * @param id the turn's id
 * @param origin who caused it
 * @param clientId the prompt's own id, or {@code null}
 * @param state how far it is
 * @param result how it ended, or {@code null} while it has not
 * @param prompt the first 4096 characters of the prompt's text while it waits, as {@code turn_started} will have them;
 *     else {@code null}
 */
public record TurnInfo(
        String id,
        Origin origin,
        @Nullable String clientId,
        State state,
        @Nullable TurnResult result,
        @Nullable String prompt) {
    /** How far a turn is. */
    public enum State {
        /** Accepted; its {@code turn_started} is not in the journal. */
        QUEUED,
        /** Its {@code turn_started} is in the journal, its terminal event is not. */
        RUNNING,
        /** Its terminal event is in the journal. */
        ENDED
    }
}
