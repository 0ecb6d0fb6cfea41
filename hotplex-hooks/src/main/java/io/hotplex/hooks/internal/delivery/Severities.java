package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.HookEvent.Severity;

/** How much each event matters. */
final class Severities {
    private Severities() {}

    static Severity of(AgentEvent event) {
        if (event instanceof AgentEvent.TextDelta
                || event instanceof AgentEvent.ThinkingDelta
                || event instanceof AgentEvent.ToolProgress
                || event instanceof AgentEvent.Raw) {
            return Severity.DEBUG;
        }
        if (event instanceof AgentEvent.TurnFailed || event instanceof AgentEvent.TurnTimedOut) {
            return Severity.ERROR;
        }
        if (event instanceof AgentEvent.ProcessExited exited) {
            return exited.survivorsLeft() > 0 ? Severity.ERROR : exited.expected() ? Severity.INFO : Severity.WARNING;
        }
        return event instanceof AgentEvent.TurnBlocked
                        || event instanceof AgentEvent.ToolDenied
                        || event instanceof AgentEvent.GuardBypassed
                        || event instanceof AgentEvent.PermissionRequested
                        || event instanceof AgentEvent.QuestionAsked
                        || event instanceof AgentEvent.IsolationReduced
                        || event instanceof AgentEvent.Retrying
                        || event instanceof AgentEvent.RateLimited
                ? Severity.WARNING
                : Severity.INFO;
    }
}
