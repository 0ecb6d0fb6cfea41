package io.hotplex.api;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a session did so far, over all of its turns and processes.
 *
 * @param turns ended turns, whatever their end
 * @param failedTurns of those, failed, timed out or blocked
 * @param totalDuration sum of the turns' durations
 * @param thinkingDuration time in which the agent reasoned
 * @param toolDuration sum of the tool calls' durations; calls of subagents count beside the call that runs them
 * @param generationDuration time in which answer text was written
 * @param usage tokens of all turns
 * @param costUsd cost of all turns as far as the agent reported it
 * @param toolCalls started tool calls
 * @param toolsUsed names of the tools, in order of first use
 * @param filePaths files that editing tools named, in order of first use, at most 1,000
 * @param title what the session is called: the name that it was given last, or else the begin of its first prompt;
 *     {@code null} while it has neither
 */
public record SessionStats(
        String sessionId,
        long turns,
        long failedTurns,
        Duration totalDuration,
        Duration thinkingDuration,
        Duration toolDuration,
        Duration generationDuration,
        TokenUsage usage,
        double costUsd,
        long toolCalls,
        List<String> toolsUsed,
        List<String> filePaths,
        @Nullable String title) {
    public SessionStats {
        toolsUsed = List.copyOf(toolsUsed);
        filePaths = List.copyOf(filePaths);
    }
}
