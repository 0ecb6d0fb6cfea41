package io.hotplex.hooks;

import io.hotplex.api.Approver;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.slack.SlackRequests;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Answers to permission requests that come from Slack, for whoever serves the address that Slack calls. Thread-safe.
 *
 * <p>One who reads an answer gives it to {@link io.hotplex.api.Session#answer(String, io.hotplex.api.PermissionAnswer,
 * Approver)}, which checks whose session it is.
 */
public final class SlackAnswers {
    private final String hook;
    private final SlackRequests requests;
    private final Clock clock;

    private SlackAnswers(String hook, SlackRequests requests, Clock clock) {
        this.hook = hook;
        this.requests = requests;
        this.clock = clock;
    }

    /**
     * Those of a hook; nothing for one that is not of Slack, or takes no answers.
     *
     * @param environment where secrets are that are configured as variables
     * @throws HotPlexException CONFIG_INVALID
     */
    public static Optional<SlackAnswers> of(HookConfig config, Map<String, String> environment, Clock clock) {
        if (!config.type().equals("slack")) {
            return Optional.empty();
        }
        SlackRequests requests = SlackRequests.of(config, new Surroundings(Path.of(""), environment));
        return Optional.ofNullable(requests)
                .map(found -> new SlackAnswers(config.name(), Objects.requireNonNull(found), clock));
    }

    /** The name of the hook. */
    public String hook() {
        return hook;
    }

    /**
     * An answer.
     *
     * @param session the session's id
     * @param request the permission request's id
     * @param approver who answers, and for whom they may
     */
    public record Answer(String session, String request, boolean allow, Approver approver) {}

    /**
     * Reads an answer of Slack.
     *
     * @param timestamp the header {@code X-Slack-Request-Timestamp}
     * @param signature the header {@code X-Slack-Signature}
     * @param body as it came
     * @throws HotPlexException UNAUTHENTICATED when it is not from Slack, or too old; FORBIDDEN when the user may not
     *     answer; INVALID_ARGUMENT when it is no answer
     */
    public Answer read(@Nullable String timestamp, @Nullable String signature, byte[] body) {
        SlackRequests.Decision decision = requests.read(timestamp, signature, body, clock);
        return new Answer(decision.session(), decision.request(), decision.allow(), decision.approver());
    }
}
