package io.hotplex.hooks.internal.webhook;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.http.HookClient;
import java.util.Set;
import java.util.TreeSet;

/** Makes webhooks. */
public final class WebhookFactory implements EventHookFactory {
    @Override
    public String type() {
        return "webhook";
    }

    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        Set<String> known = new TreeSet<>(HookClient.KEYS);
        known.addAll(Set.of(
                "url",
                "format",
                "source",
                "max-body-bytes",
                "classic-signature",
                "secret-env",
                "secret-file",
                "previous-secret-env",
                "previous-secret-file",
                "header."));
        config.allowOnly(known);
        HookClient client = HookClient.of(config, "url", config.required("url"));
        return new Webhook(config, client, Signatures.of(config, surroundings));
    }
}
