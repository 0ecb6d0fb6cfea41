package io.hotplex.api;

import java.nio.file.Path;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A session at one moment.
 *
 * @param agentSessionId the conversation's id in the agent
 * @param state of its process
 * @param pid of its process, or {@code null}
 * @param generation how many processes served the session so far
 * @param runningTurn the turn that runs, or {@code null}
 * @param queuedTurns how many wait
 * @param newestOffset the last offset of its journal
 * @param lastActivity when something was last said in either direction
 * @param closed whether it is over
 * @param oldestOffset the oldest offset that its journal keeps; {@code newestOffset + 1} when it keeps none
 * @param asleep whether it is in its durable journal alone, until somebody asks for it
 * @param workDir where its agent works
 * @param title what it is called, as {@link SessionStats} has it
 * @param model which model its prompts are for, as it was asked for; {@code null} for the agent's own choice
 * @param usage tokens of all turns, as {@link SessionStats} has them
 * @param costUsd cost of all turns, as {@link SessionStats} has it
 */
public record SessionInfo(
        String id,
        String owner,
        String provider,
        String agentSessionId,
        ProcessState state,
        @Nullable Long pid,
        int generation,
        @Nullable String runningTurn,
        int queuedTurns,
        long newestOffset,
        Instant lastActivity,
        boolean closed,
        long oldestOffset,
        boolean asleep,
        Path workDir,
        @Nullable String title,
        @Nullable String model,
        TokenUsage usage,
        double costUsd) {}
