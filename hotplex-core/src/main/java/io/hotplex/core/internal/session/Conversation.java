package io.hotplex.core.internal.session;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.LaunchRequest.Start;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which conversation of the agent belongs to the session, and how its next process gets it. Confined to the session's
 * owner.
 *
 * <p>A conversation counts as established when the agent answered in it; before that there may be nothing to resume,
 * since agents write it down with the first prompt.
 */
final class Conversation {
    /** How often in a row a start may be repeated in another mode before it counts as a failure. */
    private static final int MAX_RESTARTS = 3;

    private final boolean resumable;
    private String agentSessionId;
    private Mode mode;
    private @Nullable String forkedFrom;
    private int restarts;
    private boolean answered;

    Conversation(SessionSpec spec, String chosenId, Set<Capability> capabilities) {
        resumable = capabilities.contains(Capability.RESUME);
        forkedFrom = spec.forkAgentSession();
        if (spec.resumeAgentSession() != null) {
            mode = Mode.RESUME;
            agentSessionId = spec.resumeAgentSession();
        } else {
            mode = forkedFrom == null ? Mode.NEW : Mode.FORK;
            agentSessionId = chosenId;
        }
    }

    /** Goes on with the conversation that an earlier engine left. */
    void restore(String id, boolean wasEstablished) {
        agentSessionId = id;
        if (wasEstablished) {
            established();
        }
    }

    /** Whether the agent answered in it. */
    boolean isEstablished() {
        return answered;
    }

    String agentSessionId() {
        return agentSessionId;
    }

    /** How the next process starts. */
    Start nextStart() {
        return new Start(mode, agentSessionId, mode == Mode.FORK ? forkedFrom : null);
    }

    /** The agent answered. */
    void established() {
        restarts = 0;
        answered = true;
        if (resumable) {
            mode = Mode.RESUME;
            forkedFrom = null;
        }
    }

    /** The agent gave the conversation another id. */
    void renamed(String id) {
        agentSessionId = id;
    }

    /** The id is taken; whether resuming it instead is worth a try. */
    boolean resumeInstead() {
        if (!resumable || mode == Mode.RESUME || restarts++ >= MAX_RESTARTS) {
            return false;
        }
        mode = Mode.RESUME;
        return true;
    }

    /** There is nothing to resume; whether a new conversation is worth a try. */
    boolean beginAnew() {
        if (mode != Mode.RESUME || restarts++ >= MAX_RESTARTS) {
            return false;
        }
        mode = Mode.NEW;
        answered = false;
        agentSessionId = UUID.randomUUID().toString();
        return true;
    }
}
