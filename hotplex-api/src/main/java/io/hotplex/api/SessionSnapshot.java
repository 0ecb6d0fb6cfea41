package io.hotplex.api;

import java.util.List;

/**
 * A session as its journal up to {@link SessionInfo#newestOffset()} tells it: who reads on from that offset misses
 * nothing and sees nothing twice. Only a request that somebody is answering right now may be missing; its end follows.
 *
 * @param info the session
 * @param spec what its next process starts with: the session's specification with what was changed since
 * @param turns the turns that have not ended, the running ones first, then in the order in which they will run
 * @param pendingRequests permission requests and questions that wait for an answer, oldest first
 */
public record SessionSnapshot(
        SessionInfo info, SessionSpec spec, List<TurnInfo> turns, List<AgentEvent> pendingRequests) {
    public SessionSnapshot {
        turns = List.copyOf(turns);
        pendingRequests = List.copyOf(pendingRequests);
    }
}
