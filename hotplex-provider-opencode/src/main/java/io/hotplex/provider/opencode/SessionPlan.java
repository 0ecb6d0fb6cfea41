package io.hotplex.provider.opencode;

import io.hotplex.api.spi.LaunchRequest;
import org.jspecify.annotations.Nullable;

/**
 * What a launch fixes for its session.
 *
 * @param title is given to a new conversation, so that OpenCode does not ask a model for one
 * @param directory the work directory, absolute
 * @param model {@code provider/model}, a model's name alone, or {@code null}
 * @param agent the agent of OpenCode, or {@code null} for its default
 * @param system is added to the system prompt, or {@code null}
 * @param permissionMode for people
 * @param guard what the session's rules are, where guards hear of every call and OpenCode asks about each; else
 *     {@code null}
 */
record SessionPlan(
        LaunchRequest.Start start,
        String title,
        String directory,
        @Nullable String model,
        @Nullable String agent,
        @Nullable String system,
        String permissionMode,
        @Nullable Permissions guard) {}
