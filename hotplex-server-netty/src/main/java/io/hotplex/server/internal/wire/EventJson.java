package io.hotplex.server.internal.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes event records, and other values of maps and lists, as JSON: the only writer of events, whatever carries them.
 * The form is that of {@link EventSchema}. Thread-safe.
 */
public final class EventJson {
    private static final JsonFactory JSON = new JsonFactory();

    private EventJson() {}

    /** Something that writes to a generator. */
    @FunctionalInterface
    public interface Body {
        void write(JsonGenerator out) throws IOException;
    }

    /** One record as text. */
    public static String text(EventRecord record) {
        return write(out -> write(out, record));
    }

    /** A map, list or simple value as text. */
    public static String text(Map<String, ? extends @Nullable Object> value) {
        return write(out -> value(out, value));
    }

    /** What a body writes, as text. */
    public static String write(Body body) {
        StringWriter text = new StringWriter(256);
        try (JsonGenerator out = JSON.createGenerator(text)) {
            body.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("text can always be written", e);
        }
        return text.toString();
    }

    /** Writes one record. The two kinds that come in floods are written without a detour. */
    public static void write(JsonGenerator out, EventRecord record) throws IOException {
        AgentEvent event = record.event();
        if (event instanceof AgentEvent.TextDelta d) {
            delta(out, record, d.messageId(), d.block(), d.text(), d.parentToolId());
        } else if (event instanceof AgentEvent.ThinkingDelta d) {
            delta(out, record, d.messageId(), d.block(), d.text(), d.parentToolId());
        } else {
            value(out, EventSchema.toMap(record));
        }
    }

    private static void delta(
            JsonGenerator out, EventRecord record, String messageId, int block, String text, @Nullable String parent)
            throws IOException {
        out.writeStartObject();
        out.writeStringField("session", record.sessionId());
        out.writeNumberField("offset", record.offset());
        if (record.firstOffset() != record.offset()) {
            out.writeNumberField("first_offset", record.firstOffset());
        }
        if (record.turnId() != null) {
            out.writeStringField("turn", record.turnId());
        }
        out.writeStringField("time", record.time().toString());
        out.writeStringField("type", record.event().type());
        out.writeObjectFieldStart("data");
        out.writeStringField("message_id", messageId);
        out.writeNumberField("block", block);
        out.writeStringField("text", text);
        if (parent != null) {
            out.writeStringField("parent_tool_id", parent);
        }
        out.writeEndObject();
        out.writeEndObject();
    }

    /** Writes a value that consists of maps, lists, strings, numbers, booleans and {@code null}. */
    public static void value(JsonGenerator out, @Nullable Object value) throws IOException {
        if (value instanceof String text) {
            out.writeString(text);
        } else if (value instanceof Map<?, ?> map) {
            out.writeStartObject();
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.writeFieldName((String) entry.getKey());
                value(out, entry.getValue());
            }
            out.writeEndObject();
        } else if (value instanceof List<?> list) {
            out.writeStartArray();
            for (Object item : list) {
                value(out, item);
            }
            out.writeEndArray();
        } else {
            out.writePOJO(value); // numbers, booleans and null need no codec
        }
    }
}
