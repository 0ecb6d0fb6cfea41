package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/** The shapes of OpenCode's protocol, as its own server describes them, without words. Immutable. */
public final class Protocol {
    private static final JsonNode ROOT = read();

    private Protocol() {}

    private static JsonNode read() {
        try (InputStream in =
                Objects.requireNonNull(Protocol.class.getResourceAsStream("/opencode/protocol-1.18.33.json"))) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The method and the path of an operation. */
    public static String route(String operation) {
        return ROOT.path("routes").path(operation).asText();
    }

    /** Checks an event: {@code id}, {@code type}, {@code properties}. */
    public static void checkEvent(JsonNode event) {
        JsonNode schema = ROOT.path("events").path(event.path("type").asText());
        assertThat(schema.isMissingNode())
                .as("%s is an event of the protocol", event)
                .isFalse();
        assertThat(violations("$", event, schema)).as("%s", event).isEmpty();
    }

    /** Checks what an operation answered. */
    public static void checkResponse(String operation, JsonNode body) {
        JsonNode schema = ROOT.path("responses").path(operation);
        assertThat(schema.isMissingNode()).as("%s has an answer", operation).isFalse();
        assertThat(violations("$", body, schema)).as("%s: %s", operation, body).isEmpty();
    }

    private static List<String> violations(String at, JsonNode value, JsonNode schema) {
        List<String> found = new ArrayList<>();
        if (schema.has("$ref")) {
            return violations(at, value, ROOT.at(schema.path("$ref").asText().substring(1)));
        }
        JsonNode any = schema.has("anyOf") ? schema.path("anyOf") : schema.path("oneOf");
        if (!any.isMissingNode()) {
            List<String> least = null;
            for (JsonNode one : any) {
                List<String> of = violations(at, value, one);
                least = least == null || of.size() < least.size() ? of : least;
            }
            return least == null ? found : least;
        }
        for (JsonNode all : schema.path("allOf")) {
            found.addAll(violations(at, value, all));
        }
        if (schema.has("enum") && !contains(schema.path("enum"), value)) {
            found.add(at + ": " + value + " is none of " + schema.path("enum"));
        }
        switch (schema.path("type").asText()) {
            case "object" -> object(at, value, schema, found);
            case "array" -> array(at, value, schema, found);
            case "string" -> {
                if (!value.isTextual()) {
                    found.add(at + " is no text: " + value);
                } else if (schema.has("pattern")
                        && !value.asText().matches(schema.path("pattern").asText() + ".*")) {
                    found.add(at + ": " + value + " does not match " + schema.path("pattern"));
                }
            }
            case "integer" -> check(at, value.canConvertToExactIntegral(), "no whole number", value, found);
            case "number" -> check(at, value.isNumber(), "no number", value, found);
            case "boolean" -> check(at, value.isBoolean(), "no flag", value, found);
            default -> {}
        }
        return found;
    }

    private static void check(String at, boolean good, String what, JsonNode value, List<String> found) {
        if (!good) {
            found.add(at + " is " + what + ": " + value);
        }
    }

    private static boolean contains(JsonNode list, JsonNode value) {
        for (JsonNode one : list) {
            if (one.equals(value)) {
                return true;
            }
        }
        return false;
    }

    private static void array(String at, JsonNode value, JsonNode schema, List<String> found) {
        check(at, value.isArray(), "no list", value, found);
        int i = 0;
        for (JsonNode item : value) {
            found.addAll(violations(at + "[" + i++ + "]", item, schema.path("items")));
        }
    }

    private static void object(String at, JsonNode value, JsonNode schema, List<String> found) {
        if (!value.isObject()) {
            found.add(at + " is no object: " + value);
            return;
        }
        schema.path("required").forEach(name -> {
            if (!value.has(name.asText())) {
                found.add(at + " lacks " + name.asText());
            }
        });
        Set<String> known = new TreeSet<>();
        schema.path("properties").properties().forEach(property -> {
            known.add(property.getKey());
            if (value.has(property.getKey())) {
                found.addAll(
                        violations(at + "." + property.getKey(), value.path(property.getKey()), property.getValue()));
            }
        });
        JsonNode more = schema.path("additionalProperties");
        value.properties().forEach(property -> {
            if (!known.contains(property.getKey())) {
                if (more.isBoolean() && !more.asBoolean()) {
                    found.add(at + " has " + property.getKey());
                } else if (more.isObject()) {
                    found.addAll(violations(at + "." + property.getKey(), property.getValue(), more));
                }
            }
        });
    }
}
