package io.hotplex.hooks.internal.webhook;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.internal.delivery.HookJson;
import io.hotplex.hooks.internal.http.HookClient;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import org.jspecify.annotations.Nullable;

/**
 * Sends events as HTTP requests, in the form of Standard Webhooks or CloudEvents. Thread-safe.
 *
 * <p>A request that would be too large is sent in parts, and a single event that is too large without its content.
 */
final class Webhook implements EventHook {
    private static final int SMALLEST_BODY = 4 << 10;

    private final HookClient client;
    private final Signatures signatures;
    private final boolean classic;
    private final boolean batching;
    private final boolean cloudEvents;
    private final String source;
    private final int maxBytes;
    private final Map<String, String> headers;

    Webhook(HookConfig config, HookClient client, Signatures signatures) {
        this.client = client;
        this.signatures = signatures;
        classic = config.flag("classic-signature", false);
        if (classic && !signatures.configured()) {
            throw config.invalid("classic-signature", "false, or secret-env or secret-file");
        }
        batching =
                config.number("batch-max-events", 1, 1, Integer.MAX_VALUE) > 1; // its range is checked by who runs it
        cloudEvents = config.choice("format", "standard", Set.of("standard", "cloudevents"))
                .equals("cloudevents");
        source = config.text("source", "/hotplex");
        maxBytes = config.number("max-body-bytes", 256 << 10, SMALLEST_BODY, 64 << 20);
        headers = config.section("header.");
        try {
            headers.forEach((name, value) -> {
                var unused = new Request.Builder().url(client.url()).header(name, value);
            });
        } catch (IllegalArgumentException e) {
            throw config.invalid("header", "names and values that HTTP allows");
        }
    }

    @Override
    public Delivery deliver(List<HookEvent> events) {
        byte[] body = body(events);
        if (body.length > maxBytes && events.size() > 1) {
            Delivery first = deliver(events.subList(0, events.size() / 2));
            return first instanceof Done ? deliver(events.subList(events.size() / 2, events.size())) : first;
        }
        if (body.length > maxBytes) {
            body = body(List.of(HookJson.withoutContent(events.get(0))));
        }
        return client.deliver(request(events, body));
    }

    private Request request(List<HookEvent> events, byte[] body) {
        String id = events.size() == 1 ? events.get(0).id() : idOf(events);
        long now = Instant.now().getEpochSecond();
        Request.Builder request = new Request.Builder()
                .url(client.url())
                .header("User-Agent", "HotPlex")
                .post(RequestBody.create(body, MediaType.get(mediaType())));
        headers.forEach(request::header);
        request.header("webhook-id", id).header("webhook-timestamp", Long.toString(now));
        header(request, "webhook-signature", signatures.sign(id, now, body));
        header(request, "X-HotPlex-Signature", classic ? signatures.classic(body) : null);
        header(request, "traceparent", events.get(0).traceparent());
        return request.build();
    }

    private static void header(Request.Builder request, String name, @Nullable String value) {
        if (value != null) {
            request.header(name, value);
        }
    }

    private String mediaType() {
        return !cloudEvents
                ? "application/json"
                : batching ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    }

    /** The same for the same events. */
    private static String idOf(List<HookEvent> events) {
        String ids = String.join(",", events.stream().map(HookEvent::id).toList());
        return "evt_"
                + UUID.nameUUIDFromBytes(ids.getBytes(StandardCharsets.UTF_8))
                        .toString()
                        .replace("-", "");
    }

    private byte[] body(List<HookEvent> events) {
        List<Map<String, @Nullable Object>> all = events.stream()
                .map(cloudEvents ? this::cloudEvent : Webhook::standard)
                .toList();
        if (!batching) {
            return HookJson.bytes(all.get(0));
        }
        if (cloudEvents) {
            return HookJson.bytes(all);
        }
        Map<String, @Nullable Object> batch = new LinkedHashMap<>();
        batch.put("type", "batch");
        batch.put("timestamp", events.get(events.size() - 1).record().time().toString());
        batch.put("data", Map.of("events", all));
        return HookJson.bytes(batch);
    }

    private static Map<String, @Nullable Object> standard(HookEvent event) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("type", dotted(event));
        map.put("timestamp", event.record().time().toString());
        map.put("data", HookJson.map(event));
        return map;
    }

    private Map<String, @Nullable Object> cloudEvent(HookEvent event) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("specversion", "1.0");
        map.put("id", event.id());
        map.put("source", source);
        map.put("type", "io.hotplex." + dotted(event));
        map.put("time", event.record().time().toString());
        map.put("subject", event.record().sessionId());
        map.put("datacontenttype", "application/json");
        map.put("sequence", String.format("%019d", event.record().offset()));
        if (event.traceparent() != null) {
            map.put("traceparent", event.traceparent());
        }
        map.put("data", HookJson.map(event));
        return map;
    }

    /** {@code turn_timed_out} is {@code turn.timed_out}: what, and what became of it. */
    private static String dotted(HookEvent event) {
        return event.record().event().type().replaceFirst("_", ".");
    }

    @Override
    public void close() {
        client.close();
    }
}
