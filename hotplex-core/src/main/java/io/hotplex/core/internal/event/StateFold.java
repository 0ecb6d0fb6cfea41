package io.hotplex.core.internal.event;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.SessionState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Brings a saved state up to the newest event, for a session whose engine could not save it any more. Confined. */
public final class StateFold {
    private final SessionState saved;
    private final StatsFold stats;
    private final Map<String, AgentEvent> pending = new LinkedHashMap<>();
    private String agentSessionId;
    private boolean established;
    private int generation;
    private @Nullable Long pid;
    private long offset;

    public StateFold(SessionState saved) {
        this.saved = saved;
        stats = new StatsFold(saved.stats());
        saved.pendingRequests().forEach(this::asked);
        agentSessionId = saved.agentSessionId();
        established = saved.established();
        generation = saved.generation();
        pid = saved.pid();
        offset = saved.offset();
    }

    /** Takes the next record in. */
    public void fold(EventRecord record) {
        AgentEvent event = record.event();
        offset = record.offset();
        stats.fold(record);
        if (event instanceof AgentEvent.SessionStarted started) {
            generation = started.generation();
            pid = started.pid();
        } else if (event instanceof AgentEvent.SessionResumed resumed) {
            generation = resumed.generation();
            pid = resumed.pid();
        } else if (event instanceof AgentEvent.ProcessExited) {
            pid = null;
        } else if (event instanceof AgentEvent.AgentSessionChanged changed) {
            agentSessionId = changed.agentSessionId();
        } else if (event instanceof AgentEvent.TurnCompleted) {
            established = true;
        } else if (event instanceof AgentEvent.PermissionResolved resolved) {
            pending.remove(resolved.requestId());
        } else if (event instanceof AgentEvent.QuestionAnswered answered) {
            pending.remove(answered.requestId());
        } else {
            asked(event);
        }
    }

    private void asked(AgentEvent event) {
        if (event instanceof AgentEvent.PermissionRequested permission) {
            pending.put(permission.requestId(), event);
        } else if (event instanceof AgentEvent.QuestionAsked question) {
            pending.put(question.requestId(), event);
        }
    }

    /** What waits for an answer. */
    public List<AgentEvent> pendingRequests() {
        return new ArrayList<>(pending.values());
    }

    /** The process that serves the session, or {@code null}. */
    public @Nullable Long pid() {
        return pid;
    }

    public int generation() {
        return generation;
    }

    /** The state as of the last record. */
    public SessionState state() {
        return new SessionState(
                saved.spec(),
                saved.current(),
                agentSessionId,
                established,
                generation,
                pid,
                pendingRequests(),
                stats.snapshot(),
                offset,
                saved.lastActivity(),
                saved.closed(),
                saved.process()); // what is written of its end is a conclusion; nobody has looked yet
    }
}
