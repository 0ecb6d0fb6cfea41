package io.hotplex.api.spi;

import io.hotplex.api.Prompt;
import io.hotplex.api.TurnResult;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A turn that a journal keeps.
 *
 * @param prompt what was asked; {@code null} when the turn has ended, or was begun by the agent
 * @param clientId the prompt's own id, or {@code null}
 * @param acceptedAt when it was accepted
 * @param started whether its {@code turn_started} is in the log
 * @param result how it ended, or {@code null} while it has not
 */
public record StoredTurn(
        String turnId,
        @Nullable Prompt prompt,
        @Nullable String clientId,
        Instant acceptedAt,
        boolean started,
        @Nullable TurnResult result) {
    /** A prompt that was just accepted. */
    public static StoredTurn accepted(String turnId, Prompt prompt, Instant now) {
        return new StoredTurn(turnId, prompt, prompt.clientId(), now, false, null);
    }

    /** Whether it has neither begun nor ended. */
    public boolean waits() {
        return result == null && !started && prompt != null;
    }
}
