package io.hotplex.api.spi;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an engine needs to go on with a session that another one left. Immutable.
 *
 * @param spec what the session was opened with
 * @param current the same with the model and permission mode that hold now
 * @param agentSessionId the conversation's id in the agent
 * @param established whether the agent answered in that conversation, so that there is something to resume
 * @param generation how many processes served the session so far
 * @param pid the process that serves it now, or {@code null}
 * @param pendingRequests permission requests and questions that wait for an answer
 * @param stats what the session did up to {@code offset}
 * @param offset the newest event that this takes into account; later ones have to be looked at
 * @param lastActivity when something was last said in either direction
 * @param closed whether the session is over
 * @param process the {@linkplain AgentProcess#identity() identity} of the last process that may still be there, or
 *     {@code null}
 */
public record SessionState(
        SessionSpec spec,
        SessionSpec current,
        String agentSessionId,
        boolean established,
        int generation,
        @Nullable Long pid,
        List<AgentEvent> pendingRequests,
        SessionStats stats,
        long offset,
        Instant lastActivity,
        boolean closed,
        @Nullable String process) {
    public SessionState {
        pendingRequests = List.copyOf(pendingRequests);
    }
}
