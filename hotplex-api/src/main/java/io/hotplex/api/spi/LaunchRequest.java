package io.hotplex.api.spi;

import io.hotplex.api.SessionSpec;
import org.jspecify.annotations.Nullable;

/**
 * What a process is started for.
 *
 * @param spec the session, with the model and permission mode that hold now
 * @param start whether the conversation is new to the agent
 * @param guarded whether no tool call may run before its protocol has put it before the guards
 *     ({@link ProtocolSink#toolCall}); only for providers with {@link AgentProvider.Capability#TOOL_GUARD}. When that
 *     cannot be arranged with the agent, the process must not become ready
 */
public record LaunchRequest(SessionSpec spec, Start start, boolean guarded) {
    /** A process whose tool calls nobody guards. */
    public LaunchRequest(SessionSpec spec, Start start) {
        this(spec, start, false);
    }

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
