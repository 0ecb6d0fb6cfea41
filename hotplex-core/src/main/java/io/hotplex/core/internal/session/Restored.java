package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.core.internal.redact.Redaction;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

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

    /**
     * Until when a request may be answered although the agent that asked has ended with its engine; nothing when it
     * cannot be. The answer counts when the agent asks for the same again, and what had a secret in it is not known
     * well enough to tell.
     */
    public static Optional<Instant> answerableUntil(AgentEvent request) {
        if (!(request instanceof PermissionRequested asked)
                || asked.expiresAt() == null
                || Redaction.marked(asked.input())) {
            return Optional.empty();
        }
        try {
            return Optional.of(Instant.parse(asked.expiresAt()));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
