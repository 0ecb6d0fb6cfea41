package io.hotplex.server.internal.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Reads the fields of a JSON object, each of the kind that is expected, and refuses those that nobody asked for: what
 * is not understood must not be dropped in silence. {@code null} counts as absent. Not thread-safe.
 */
public final class Fields {
    private final ObjectNode node;
    private final String what;
    private final Set<String> read = new LinkedHashSet<>();

    /** @param what names the object in messages */
    public Fields(ObjectNode node, String what) {
        this.node = node;
        this.what = what;
    }

    /** A text, or {@code null}. */
    public @Nullable String text(String name) {
        JsonNode value = get(name, JsonNode::isTextual, "a string");
        return value == null ? null : value.textValue();
    }

    /** A text that has to be there. */
    public String requiredText(String name) {
        String value = text(name);
        if (value == null) {
            throw wrong(name + " is missing");
        }
        return value;
    }

    /** A flag; {@code other} when it is not there. */
    public boolean flag(String name, boolean other) {
        JsonNode value = get(name, JsonNode::isBoolean, "true or false");
        return value == null ? other : value.booleanValue();
    }

    /** A whole number, or {@code null}. */
    public @Nullable Long number(String name) {
        JsonNode value = get(name, JsonNode::canConvertToExactIntegral, "a whole number");
        if (value != null && !value.canConvertToLong()) {
            throw wrong(name + " is too large");
        }
        return value == null ? null : (Long) value.longValue();
    }

    /** A number, or {@code null}. */
    public @Nullable Double decimal(String name) {
        JsonNode value = get(name, JsonNode::isNumber, "a number");
        return value == null ? null : (Double) value.doubleValue();
    }

    /** A list of texts, or {@code null}. */
    public @Nullable List<String> texts(String name) {
        JsonNode value = get(name, Fields::isTexts, "a list of strings");
        return value == null ? null : texts(value);
    }

    /** An object, or {@code null}. */
    public @Nullable ObjectNode object(String name) {
        return (ObjectNode) get(name, JsonNode::isObject, "an object");
    }

    /** The objects of a list; none when it is not there. */
    public List<ObjectNode> objects(String name) {
        JsonNode value = get(name, Fields::isObjects, "a list of objects");
        List<ObjectNode> objects = new ArrayList<>();
        if (value != null) {
            value.forEach(item -> objects.add((ObjectNode) item));
        }
        return objects;
    }

    /** Texts by name; none when it is not there. */
    public Map<String, String> textMap(String name) {
        Map<String, String> map = new LinkedHashMap<>();
        ObjectNode object = object(name);
        if (object != null) {
            Fields fields = new Fields(object, what + "." + name);
            object.properties().forEach(entry -> map.put(entry.getKey(), fields.requiredText(entry.getKey())));
        }
        return map;
    }

    /** Lists of texts by name; none when it is not there. */
    public Map<String, List<String>> textsMap(String name) {
        Map<String, List<String>> map = new LinkedHashMap<>();
        ObjectNode object = object(name);
        if (object != null) {
            object.properties().forEach(entry -> {
                if (!isTexts(entry.getValue())) {
                    throw wrong(name + " has a value that is no list of strings");
                }
                map.put(entry.getKey(), texts(entry.getValue()));
            });
        }
        return map;
    }

    /** A field as it is, or {@code null}. */
    public @Nullable JsonNode any(String name) {
        return get(name, value -> true, "a value");
    }

    /** @throws HotPlexException INVALID_ARGUMENT when there are fields that were not read */
    public void end() {
        node.properties().forEach(entry -> {
            String name = entry.getKey();
            if (!read.contains(name)) {
                String shown = name.length() > 64 ? name.substring(0, 64) + "…" : name;
                throw wrong("'" + shown + "' is unknown (expected: " + String.join(", ", read) + ")");
            }
        });
    }

    /** An INVALID_ARGUMENT that names this object. */
    public HotPlexException wrong(String message) {
        return new HotPlexException(ErrorCode.INVALID_ARGUMENT, what + ": " + message);
    }

    private @Nullable JsonNode get(String name, Predicate<JsonNode> kind, String expected) {
        read.add(name);
        JsonNode value = node.get(name);
        if (value == null || value.isNull()) {
            return null;
        }
        if (!kind.test(value)) {
            throw wrong(name + " is a JSON " + value.getNodeType().name().toLowerCase(java.util.Locale.ROOT)
                    + " (expected: " + expected + ")");
        }
        return value;
    }

    private static boolean isTexts(JsonNode value) {
        return value.isArray() && all(value, JsonNode::isTextual);
    }

    private static boolean isObjects(JsonNode value) {
        return value.isArray() && all(value, JsonNode::isObject);
    }

    private static boolean all(JsonNode array, Predicate<JsonNode> kind) {
        for (JsonNode item : array) {
            if (!kind.test(item)) {
                return false;
            }
        }
        return true;
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(item -> texts.add(item.textValue()));
        return texts;
    }
}
