package io.hotplex.hooks.internal.slack;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.http.HookClient;
import io.hotplex.hooks.internal.http.Secret;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Makes hooks that tell Slack: with a bot's token, or with an incoming webhook. */
public final class SlackHookFactory implements EventHookFactory {
    private static final String EVENTS =
            "turn_*,permission_*,tool_denied,guard_*,tool_started,process_exited,session_closed";

    @Override
    public String type() {
        return "slack";
    }

    @Override
    public Map<String, String> defaults() {
        return Map.of("events", EVENTS, "batch-max-events", "50");
    }

    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        Set<String> known = new TreeSet<>(HookClient.KEYS);
        known.addAll(Set.of(
                "token-env",
                "token-file",
                "channel",
                "webhook-env",
                "webhook-file",
                "api-url",
                "signing-secret-env",
                "signing-secret-file",
                "approvers"));
        config.allowOnly(known);
        SlackRequests.of(config, surroundings); // refuses what cannot be, at the start
        Secret token = Secret.of(config, "token", surroundings);
        Secret webhook = Secret.of(config, "webhook", surroundings);
        if ((token == null) == (webhook == null)) {
            throw config.invalid("token-env", "either a token or a webhook, in a variable or a file");
        }
        boolean buttons = config.text("signing-secret-env") != null || config.text("signing-secret-file") != null;
        if (token == null) {
            if (buttons) {
                throw config.invalid("signing-secret-env", "a token: an incoming webhook cannot change its messages");
            }
            String url = webhook == null ? "" : webhook.value();
            return new SlackHook(
                    new IncomingWebhook(HookClient.of(config, "webhook-env", url)), places(surroundings, ""), false);
        }
        HookClient client = HookClient.of(config, "api-url", config.text("api-url", "https://slack.com/api/"));
        String channel = config.required("channel");
        return new SlackHook(new SlackApi(client, token, channel), places(surroundings, channel), buttons);
    }

    private static Places places(Surroundings surroundings, String channel) {
        return new Places(surroundings.directory(), channel);
    }
}
