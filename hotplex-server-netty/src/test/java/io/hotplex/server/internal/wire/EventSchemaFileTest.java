package io.hotplex.server.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventSchema;
import java.io.IOException;
import java.lang.reflect.AnnotatedParameterizedType;
import java.lang.reflect.AnnotatedType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** {@code docs/schema/event.schema.json} is what the event classes say. */
class EventSchemaFileTest {
    private static final Path FILE = ProtocolSchemas.DIRECTORY.resolve("event.schema.json");

    @Test
    void theSchemaOfEventsIsWhatTheirClassesSay() throws IOException {
        String wanted = new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(schema()) + "\n";
        if (Boolean.getBoolean("hotplex.golden.write")) {
            Files.writeString(FILE, wanted);
        }

        assertThat(FILE).as("write it anew with -Dhotplex.golden.write=true").hasContent(wanted);
    }

    private static Map<String, Object> schema() {
        Map<String, Object> kinds = new TreeMap<>();
        collect(AgentEvent.class, kinds);
        assertThat(kinds.keySet()).isEqualTo(new java.util.TreeSet<>(EventSchema.types()));
        List<Object> choices = new ArrayList<>();
        kinds.keySet()
                .forEach(kind -> choices.add(Map.of(
                        "properties",
                        new TreeMap<>(
                                Map.of("data", Map.of("$ref", "#/$defs/" + kind), "type", Map.of("const", kind))))));
        Map<String, Object> properties = new LinkedHashMap<>();
        properties.put("session", Map.of("type", "string"));
        properties.put("offset", whole(1));
        properties.put("first_offset", whole(1));
        properties.put("turn", Map.of("type", "string"));
        properties.put("time", new TreeMap<>(Map.of("format", "date-time", "type", "string")));
        properties.put("type", Map.of("enum", List.copyOf(kinds.keySet())));
        properties.put("data", Map.of("type", "object"));
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.put("$id", "event.schema.json");
        schema.put("title", "A record of a session's journal");
        schema.put("type", "object");
        schema.put("required", List.of("session", "offset", "time", "type", "data"));
        schema.put("properties", properties);
        schema.put("oneOf", choices);
        schema.put("$defs", kinds);
        return schema;
    }

    private static void collect(Class<?> type, Map<String, Object> kinds) {
        for (Class<?> permitted : type.getPermittedSubclasses()) {
            if (permitted.isSealed()) {
                collect(permitted, kinds);
            } else {
                kinds.put(snake(permitted.getSimpleName()), record(permitted));
            }
        }
    }

    private static Map<String, Object> record(Class<?> type) {
        Map<String, Object> properties = new LinkedHashMap<>();
        List<String> required = new ArrayList<>();
        for (RecordComponent component : type.getRecordComponents()) {
            String name = snake(component.getName()) + (component.getType() == Duration.class ? "_ms" : "");
            properties.put(name, value(component.getGenericType()));
            if (!nullable(component.getAnnotatedType())) {
                required.add(name);
            }
        }
        Map<String, Object> schema = new LinkedHashMap<>();
        schema.put("type", "object");
        schema.put("required", required);
        schema.put("properties", properties);
        return schema;
    }

    private static boolean nullable(AnnotatedType type) {
        return !(type instanceof AnnotatedParameterizedType) && type.isAnnotationPresent(Nullable.class);
    }

    private static Object value(Type type) {
        Class<?> raw = (Class<?>) (type instanceof ParameterizedType p ? p.getRawType() : type);
        if (raw == String.class) {
            return Map.of("type", "string");
        }
        if (raw == int.class || raw == long.class || raw == Integer.class || raw == Long.class) {
            return Map.of("type", "integer");
        }
        if (raw == Duration.class) {
            return whole(0);
        }
        if (raw == double.class || raw == Double.class) {
            return Map.of("type", "number");
        }
        if (raw == boolean.class || raw == Boolean.class) {
            return Map.of("type", "boolean");
        }
        if (raw == ErrorCode.class) {
            return new TreeMap<>(Map.of("type", "string", "pattern", "^[A-Z_]+$"));
        }
        if (raw.isEnum()) {
            return Map.of(
                    "enum",
                    Arrays.stream(raw.getEnumConstants())
                            .map(constant -> constant.toString().toLowerCase(Locale.ROOT))
                            .toList());
        }
        if (raw.isRecord()) {
            return record(raw);
        }
        if (type instanceof ParameterizedType p) {
            Type[] arguments = p.getActualTypeArguments();
            String part = raw == List.class ? "items" : "additionalProperties";
            return new TreeMap<>(Map.of(
                    "type", raw == List.class ? "array" : "object", part, value(arguments[arguments.length - 1])));
        }
        return Map.of();
    }

    private static Map<String, Object> whole(int minimum) {
        return new TreeMap<>(Map.of("type", "integer", "minimum", minimum));
    }

    private static String snake(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }
}
