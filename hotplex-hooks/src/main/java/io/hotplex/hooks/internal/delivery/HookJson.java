package io.hotplex.hooks.internal.delivery;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The JSON form of events for hooks: that of the journal, with what only hooks know. */
public final class HookJson {
    /** What was written here has to be read again, however long it is; lines are bounded where they come in. */
    private static final ObjectMapper MAPPER = new ObjectMapper(JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build());

    private static final TypeReference<Map<String, @Nullable Object>> MAP = new TypeReference<>() {};

    private HookJson() {}

    /** An event: its record as everywhere, and {@code id}, {@code owner}, {@code provider}, {@code severity}. */
    public static Map<String, @Nullable Object> map(HookEvent event) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", event.id());
        map.putAll(EventSchema.toMap(event.record()));
        map.put("owner", event.owner());
        map.put("provider", event.provider());
        map.put("severity", event.severity().name().toLowerCase(Locale.ROOT));
        if (event.traceparent() != null) {
            map.put("traceparent", event.traceparent());
        }
        return map;
    }

    /** The same event without what people and agents said. */
    public static HookEvent withoutContent(HookEvent event) {
        EventRecord record = event.record();
        return new HookEvent(
                event.id(),
                new EventRecord(
                        record.sessionId(),
                        record.firstOffset(),
                        record.offset(),
                        record.turnId(),
                        record.time(),
                        Redaction.withoutContent(record.event())),
                event.owner(),
                event.provider(),
                event.severity(),
                event.traceparent());
    }

    /** The inverse of {@link #map}. */
    static HookEvent event(Map<String, @Nullable Object> map) {
        return new HookEvent(
                String.valueOf(map.get("id")),
                EventSchema.fromMap(map),
                String.valueOf(map.get("owner")),
                String.valueOf(map.get("provider")),
                HookEvent.Severity.valueOf(String.valueOf(map.get("severity")).toUpperCase(Locale.ROOT)),
                (String) map.get("traceparent"));
    }

    /** A value as one line of JSON. */
    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a value that can be JSON", e);
        }
    }

    /** An object of JSON. */
    public static Map<String, @Nullable Object> read(byte[] json) throws IOException {
        return MAPPER.readValue(json, MAP);
    }
}
