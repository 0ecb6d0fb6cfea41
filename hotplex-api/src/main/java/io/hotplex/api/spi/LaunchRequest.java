package io.hotplex.api.spi;

import io.hotplex.api.SessionSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a process is started for.
 *
 * @param spec the session, with the model and permission mode that hold now
 * @param start whether the conversation is new to the agent
 */
public record LaunchRequest(SessionSpec spec, Start start) {
    /** How the process gets its conversation. */
    public enum Mode {
        /** It begins one. */
        NEW,
        /** It continues one. */
        RESUME,
        /** It branches one. */
        FORK
    }

    /**
     * @param agentSessionId the conversation's id in the agent
     * @param forkedFrom for FORK the conversation to branch from, else {@code null}
     */
    public record Start(
            Mode mode, String agentSessionId, @Nullable String forkedFrom) {}
}
