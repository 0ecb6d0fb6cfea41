package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.AgentEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * Takes out of events what people and agents said: prompts, answers, what tools were given and gave, error output. What
 * is left says who did what, when, and how it ended. A kind of event that is not known here keeps nothing but its name.
 */
final class Redaction {
    private static final Map<Class<? extends AgentEvent>, UnaryOperator<AgentEvent>> RULES = new HashMap<>();

    static {
        keep(AgentEvent.SessionStarted.class);
        keep(AgentEvent.SessionResumed.class);
        keep(AgentEvent.SessionClosed.class);
        keep(AgentEvent.IsolationReduced.class);
        keep(AgentEvent.AgentSessionChanged.class);
        keep(AgentEvent.AgentInfo.class);
        keep(AgentEvent.TurnTimedOut.class);
        keep(AgentEvent.TurnCancelled.class);
        keep(AgentEvent.Compacted.class);
        keep(AgentEvent.ModelChanged.class);
        keep(AgentEvent.PermissionModeChanged.class);
        keep(AgentEvent.Usage.class);
        keep(AgentEvent.ToolDenied.class);
        keep(AgentEvent.GuardBypassed.class);
        keep(AgentEvent.GuardRestored.class);
        rule(
                AgentEvent.ProcessExited.class,
                e -> new AgentEvent.ProcessExited(
                        e.generation(),
                        e.pid(),
                        e.exitCode(),
                        e.signal(),
                        e.expected(),
                        e.expected() ? e.reason() : "",
                        e.survivorsFound(),
                        e.survivorsLeft(),
                        e.cleanup(),
                        e.outOfMemory()));
        rule(
                AgentEvent.TurnStarted.class,
                e -> new AgentEvent.TurnStarted(e.origin(), e.clientId(), null, e.traceparent(), List.of()));
        rule(AgentEvent.SessionRenamed.class, e -> new AgentEvent.SessionRenamed("", e.by()));
        rule(
                AgentEvent.TurnCompleted.class,
                e -> new AgentEvent.TurnCompleted(
                        "", e.usage(), e.costUsd(), e.duration(), e.stopReason(), e.mergedInto()));
        rule(
                AgentEvent.TurnFailed.class,
                e -> new AgentEvent.TurnFailed(e.code(), "", e.retryable(), e.usage(), e.costUsd(), e.duration()));
        rule(
                AgentEvent.TurnBlocked.class,
                e -> new AgentEvent.TurnBlocked(e.ruleId(), e.category(), e.level(), "", List.of()));
        rule(AgentEvent.TextDelta.class, e -> new AgentEvent.TextDelta(e.messageId(), e.block(), "", e.parentToolId()));
        rule(AgentEvent.Text.class, e -> new AgentEvent.Text(e.messageId(), e.block(), "", e.parentToolId()));
        rule(
                AgentEvent.ThinkingDelta.class,
                e -> new AgentEvent.ThinkingDelta(e.messageId(), e.block(), "", e.parentToolId()));
        rule(AgentEvent.Thinking.class, e -> new AgentEvent.Thinking(e.messageId(), e.block(), "", e.parentToolId()));
        rule(
                AgentEvent.ToolStarted.class,
                e -> new AgentEvent.ToolStarted(
                        e.toolId(), e.name(), e.kind(), "", Map.of(), List.of(), e.parentToolId()));
        rule(AgentEvent.ToolProgress.class, e -> new AgentEvent.ToolProgress(e.toolId(), "", e.parentToolId()));
        rule(
                AgentEvent.ToolCompleted.class,
                e -> new AgentEvent.ToolCompleted(e.toolId(), e.name(), e.isError(), "", List.of(), e.parentToolId()));
        rule(
                AgentEvent.PermissionRequested.class,
                e -> new AgentEvent.PermissionRequested(
                        e.requestId(),
                        e.toolId(),
                        e.toolName(),
                        Map.of(),
                        "",
                        List.of(),
                        e.kind(),
                        e.expiresAt(),
                        e.finding()));
        rule(
                AgentEvent.PermissionResolved.class,
                e -> new AgentEvent.PermissionResolved(
                        e.requestId(), e.resolution(), e.by(), null, e.scope(), e.edited(), e.ruleId()));
        rule(AgentEvent.QuestionAsked.class, e -> new AgentEvent.QuestionAsked(e.requestId(), e.toolId(), List.of()));
        rule(AgentEvent.QuestionAnswered.class, e -> new AgentEvent.QuestionAnswered(e.requestId(), Map.of(), e.by()));
        rule(
                AgentEvent.Retrying.class,
                e -> new AgentEvent.Retrying(e.attempt(), e.maxAttempts(), e.delay(), e.status(), ""));
        rule(AgentEvent.RateLimited.class, e -> new AgentEvent.RateLimited(e.status(), e.resetsAt(), ""));
    }

    private Redaction() {}

    private static void keep(Class<? extends AgentEvent> type) {
        RULES.put(type, event -> event);
    }

    private static <E extends AgentEvent> void rule(Class<E> type, java.util.function.Function<E, AgentEvent> rule) {
        RULES.put(type, event -> rule.apply(type.cast(event)));
    }

    static AgentEvent withoutContent(AgentEvent event) {
        return RULES.getOrDefault(event.getClass(), unknown -> new AgentEvent.Raw(unknown.type(), "", false))
                .apply(event);
    }
}
