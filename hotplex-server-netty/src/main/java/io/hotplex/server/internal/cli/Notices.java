package io.hotplex.server.internal.cli;

import io.hotplex.api.AgentEvent;
import org.jspecify.annotations.Nullable;

/** One line for people about events that are neither answer, tool nor question. */
final class Notices {
    private Notices() {}

    /** The line, or {@code null} where the event is not worth one. */
    static @Nullable String of(AgentEvent event) {
        if (event instanceof AgentEvent.Retrying retry) {
            return "the agent tries again (" + retry.attempt() + " of " + retry.maxAttempts() + ") in "
                    + Style.time(retry.delay()) + ": " + retry.reason();
        }
        if (event instanceof AgentEvent.RateLimited limit && !limit.status().equals("allowed")) {
            String until = limit.resetsAt() == null ? "" : ", until " + limit.resetsAt();
            return "the vendor limits the rate: " + limit.status() + " " + limit.message() + until;
        }
        if (event instanceof AgentEvent.IsolationReduced reduced) {
            return "the agent runs with less isolation than asked for (confinement: " + reduced.confinement() + "): "
                    + String.join("; ", reduced.missing());
        }
        if (event instanceof AgentEvent.ToolDenied denied) {
            return "the guard kept the agent from using " + denied.toolName() + " ("
                    + denied.finding().ruleId() + "): " + denied.finding().message();
        }
        if (event instanceof AgentEvent.PermissionResolved expired
                && expired.resolution() == AgentEvent.Resolution.EXPIRED) {
            return "the question was not answered in time: " + expired.message();
        }
        if (event instanceof AgentEvent.Compacted) {
            return "the agent shortened the conversation";
        }
        if (event instanceof AgentEvent.AgentSessionChanged changed
                && changed.reason().equals("resume_failed")) {
            return "the agent does not know this conversation any more: it begins anew";
        }
        if (event instanceof AgentEvent.PermissionResolved resolved
                && resolved.resolution() == AgentEvent.Resolution.WITHDRAWN) {
            return "the question was withdrawn";
        }
        return null;
    }
}
