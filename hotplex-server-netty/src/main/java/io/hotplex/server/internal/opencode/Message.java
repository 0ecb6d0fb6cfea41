package io.hotplex.server.internal.opencode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A message of a user, or what an agent said in one step, with its parts in order. Not thread-safe. */
final class Message {
    private final String id;
    private final @Nullable String parent;
    private final Map<String, Part> parts = new LinkedHashMap<>();
    /** Replaced as a whole, since events refer to it. */
    private Map<String, @Nullable Object> info;

    /** @param parent the user's message that an agent answers; {@code null} for a user's own */
    Message(String id, @Nullable String parent, Map<String, @Nullable Object> info) {
        this.id = id;
        this.parent = parent;
        this.info = info;
    }

    String id() {
        return id;
    }

    @Nullable
    String parent() {
        return parent;
    }

    Map<String, @Nullable Object> info() {
        return info;
    }

    /** Sets one field of what is told of it. */
    void set(String field, Object value) {
        Map<String, @Nullable Object> other = new LinkedHashMap<>(info);
        other.put(field, value);
        info = other;
    }

    void add(Part part) {
        parts.put(part.id(), part);
    }

    /** About how many characters it holds. */
    long weight() {
        return parts.values().stream().mapToLong(Part::weight).sum();
    }

    /** When it was made, in milliseconds. */
    long created() {
        return info.get("time") instanceof Map<?, ?> time && time.get("created") instanceof Long millis ? millis : 0;
    }

    /**
     * As clients get it, as it is now.
     *
     * @param session whose it is: also one that was forked from that in which it was said
     */
    Map<String, @Nullable Object> json(String session) {
        List<Object> all = new ArrayList<>();
        parts.values().forEach(part -> all.add(part.json(session, id)));
        Map<String, @Nullable Object> told = info;
        if (!session.equals(info.get("sessionID"))) {
            told = new LinkedHashMap<>(info);
            told.put("sessionID", session);
        }
        return Values.object("info", told, "parts", all);
    }
}
