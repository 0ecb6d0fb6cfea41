package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessState;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Carries permission requests and questions from the agent to people and their answers back. Each ends once: whoever
 * takes it out of {@link Requests} writes its end. Confined to the session's owner.
 */
final class Approvals {
    private final Requests requests;
    private final SessionScope scope;
    private final Supplier<@Nullable AgentConnection> connection;
    private final Supplier<@Nullable String> turnId;

    Approvals(
            Requests requests,
            SessionScope scope,
            Supplier<@Nullable AgentConnection> connection,
            Supplier<@Nullable String> turnId) {
        this.requests = requests;
        this.scope = scope;
        this.connection = connection;
        this.turnId = turnId;
    }

    /** Whether an event is the agent's withdrawal of a request that somebody's answer took first. */
    boolean late(AgentEvent event) {
        return event instanceof AgentEvent.PermissionResolved p && requests.withdraw(p.requestId()) == null
                || event instanceof AgentEvent.QuestionAnswered q && requests.withdraw(q.requestId()) == null;
    }

    /**
     * Remembers an event that asks for an answer, before anybody can read and answer it.
     *
     * @return {@code false} when there are too many; then the agent hears no as soon as its call is over
     */
    boolean remember(AgentEvent event) {
        return !Requests.asks(event) || requests.add(event);
    }

    /** Denies a request that there was no room for; later, since the protocol is in the middle of a call. */
    void refuseLater(AgentEvent request) {
        scope.mailbox.execute(() -> refuse(request));
    }

    private void refuse(AgentEvent request) {
        String id = Requests.idOf(request);
        if (request instanceof AgentEvent.PermissionRequested) {
            resolved(id, PermissionAnswer.deny("too many requests are pending (pending-requests-max)"), "engine");
        } else {
            answered(id, Map.of(), "engine");
        }
    }

    /** Somebody decided on a permission. */
    void resolved(String requestId, PermissionAnswer answer, String by) {
        AgentConnection c = living();
        if (c == null) {
            record(withdrawn(requestId));
            return;
        }
        String message = answer instanceof PermissionAnswer.Deny deny ? deny.message() : null;
        Resolution resolution = message == null ? Resolution.ALLOWED : Resolution.DENIED;
        record(new AgentEvent.PermissionResolved(requestId, resolution, by, message));
        c.call(p -> p.answer(requestId, answer, c));
    }

    /** Somebody answered a question. */
    void answered(String requestId, Map<String, List<String>> answers, String by) {
        AgentConnection c = living();
        if (c == null) {
            record(unanswered(requestId));
            return;
        }
        record(new AgentEvent.QuestionAnswered(requestId, answers, by));
        c.call(p -> p.answerQuestion(requestId, answers, c));
    }

    /** The agent is gone: what is open is moot. */
    void withdrawAll() {
        for (AgentEvent request : requests.list()) {
            String id = Requests.idOf(request);
            if (requests.withdraw(id) != null) {
                record(request instanceof AgentEvent.PermissionRequested ? withdrawn(id) : unanswered(id));
            }
        }
    }

    private static AgentEvent withdrawn(String requestId) {
        return new AgentEvent.PermissionResolved(requestId, Resolution.WITHDRAWN, "engine", null);
    }

    private static AgentEvent unanswered(String requestId) {
        return new AgentEvent.QuestionAnswered(requestId, Map.of(), "engine");
    }

    private void record(AgentEvent event) {
        scope.touch();
        if (!scope.recorder.closed()) {
            scope.recorder.append(turnId.get(), event);
        }
    }

    private @Nullable AgentConnection living() {
        AgentConnection c = connection.get();
        return c == null || c.state() == ProcessState.DEAD ? null : c;
    }
}
