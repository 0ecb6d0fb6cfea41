package io.hotplex.provider.opencode;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** JSON as OpenCode speaks it. Immutable. */
final class OpenCodeJson {
    /** Real messages nest about 15 deep; events are copied recursively, so the stack sets the limit. */
    static final int MAX_DEPTH = 256;

    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    // the launcher limits lines; a string may fill one
                    .maxStringLength(Integer.MAX_VALUE)
                    .maxNumberLength(1000)
                    .maxNameLength(50_000)
                    .build())
            // names come from tool input, that is from anybody; interned ones would stay forever
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();

    private static final ObjectMapper MAPPER = JsonMapper.builder(FACTORY)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private OpenCodeJson() {}

    /** A parser over some bytes. */
    static JsonParser parser(byte[] bytes, int offset, int length) throws IOException {
        return FACTORY.createParser(bytes, offset, length);
    }

    /** The object that the line holds, or {@code null} when it is not one JSON object. */
    static @Nullable ObjectNode object(AgentLine line) {
        try {
            return MAPPER.readTree(line.bytes(), line.offset(), line.length()) instanceof ObjectNode object
                    ? object
                    : null;
        } catch (IOException e) {
            return null;
        }
    }

    /** The value that a body holds, or {@code null} when it is no JSON. */
    static @Nullable JsonNode value(byte[] body) {
        try {
            JsonNode value = MAPPER.readTree(body);
            return value.isMissingNode() ? null : value;
        } catch (IOException e) {
            return null;
        }
    }

    /** The object as a line with its end. */
    static byte[] line(ObjectNode object) {
        try {
            byte[] json = MAPPER.writeValueAsBytes(object);
            byte[] line = java.util.Arrays.copyOf(json, json.length + 1);
            line[json.length] = '\n';
            return line;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a tree of plain nodes cannot be written", e);
        }
    }

    /** An empty object. */
    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    /** The text without unpaired surrogates, which UTF-8 cannot carry; the writer refuses them. */
    static String clean(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
            }
        }
        return text;
    }

    /** The text of a field, or {@code null} when it is missing or no text. */
    static @Nullable String text(@Nullable JsonNode object, String field) {
        JsonNode value = object == null ? null : object.get(field);
        return value != null && value.isTextual() ? value.textValue() : null;
    }

    /** The text of a field, or a fallback. */
    static String text(@Nullable JsonNode object, String field, String fallback) {
        String value = text(object, field);
        return value == null ? fallback : value;
    }

    /** The flag of a field; {@code false} when it is missing. */
    static boolean flag(JsonNode object, String field) {
        JsonNode value = object.get(field);
        return value != null && value.isBoolean() && value.booleanValue();
    }

    /** The whole number of a field, or {@code null}. */
    static @Nullable Long number(@Nullable JsonNode object, String field) {
        JsonNode value = object == null ? null : object.get(field);
        return value != null && value.isNumber() ? (Long) value.longValue() : null;
    }

    /** The texts of an array field; other elements are left out. */
    static List<String> texts(@Nullable JsonNode object, String field) {
        List<String> texts = new ArrayList<>();
        JsonNode value = object == null ? null : object.get(field);
        if (value != null && value.isArray()) {
            for (JsonNode item : value) {
                if (item.isTextual()) {
                    texts.add(item.textValue());
                }
            }
        }
        return texts;
    }

    /** The object in a field as plain values; empty when it is missing or something else. */
    static Map<String, @Nullable Object> map(@Nullable JsonNode object, String field) {
        return map(object == null ? null : object.get(field));
    }

    /** An object as plain values; empty when it is something else. */
    static Map<String, @Nullable Object> map(@Nullable JsonNode node) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        if (node instanceof ObjectNode object) {
            for (Map.Entry<String, JsonNode> field : object.properties()) {
                map.put(field.getKey(), value(field.getValue()));
            }
        }
        return map;
    }

    private static @Nullable Object value(JsonNode node) {
        if (node.isObject()) {
            return map(node);
        }
        if (node.isArray()) {
            List<@Nullable Object> list = new ArrayList<>(node.size());
            node.forEach(item -> list.add(value(item)));
            return list;
        }
        if (node.isTextual()) {
            return node.textValue();
        }
        return node.isNumber() ? node.numberValue() : node.isBoolean() ? (Object) node.booleanValue() : null;
    }
}
