package io.hotplex.server.internal.opencode;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A part of a message: a text, a piece of reasoning, a tool call, the begin or end of a step. Not thread-safe. */
final class Part {
    private final String id;
    private final String type;
    /** What it has besides its text; replaced as a whole, since events refer to it. */
    private Map<String, @Nullable Object> fields;

    private final @Nullable StringBuilder text;
    private int held;

    private Part(String id, String type, Map<String, @Nullable Object> fields, @Nullable StringBuilder text) {
        this.id = id;
        this.type = type;
        this.fields = fields;
        this.text = text;
    }

    /** A part that has no text of its own. */
    static Part of(String id, String type, Map<String, @Nullable Object> fields) {
        return new Part(id, type, fields, null);
    }

    /** A part whose text may grow. */
    static Part ofText(String id, String type, String text, Map<String, @Nullable Object> fields) {
        return new Part(id, type, fields, new StringBuilder(text));
    }

    String id() {
        return id;
    }

    void replace(Map<String, @Nullable Object> others) {
        fields = others;
    }

    void append(String more) {
        if (text != null) {
            text.append(more);
        }
    }

    void say(String whole) {
        if (text != null) {
            text.setLength(0);
            text.append(whole);
        }
    }

    /** Notes how many characters its fields hold. */
    void holds(int chars) {
        held = chars;
    }

    /** About how many characters it holds. */
    int weight() {
        return held + (text == null ? 0 : text.length());
    }

    /** As clients get it, as it is now. */
    Map<String, @Nullable Object> json(String session, String message) {
        Map<String, @Nullable Object> json = new LinkedHashMap<>();
        json.put("id", id);
        json.put("sessionID", session);
        json.put("messageID", message);
        json.put("type", type);
        if (text != null) {
            json.put("text", text.toString());
        }
        json.putAll(fields);
        return json;
    }
}
