package io.hotplex.api;

import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The one JSON form of events, as maps that any JSON library can write and read. Thread-safe.
 *
 * <p>A record is {@code {"session", "offset", "first_offset"?, "turn"?, "time", "type", "data": {…}}}. Names inside of
 * {@code data} are the components of the event's record in snake_case; {@code null} components are left out; instants
 * are ISO-8601 strings, durations are milliseconds with the suffix {@code _ms}, enums are lower case except error
 * codes. {@code first_offset} is there only when deltas were merged.
 */
public final class EventSchema {
    private static final Map<String, Shape> BY_TYPE = new TreeMap<>();
    private static final ClassValue<Shape> BY_CLASS = new ClassValue<>() {
        @Override
        protected Shape computeValue(Class<?> type) {
            return new Shape(type);
        }
    };

    static {
        register(AgentEvent.class);
    }

    private EventSchema() {}

    /** The names of all event types, sorted. */
    public static Set<String> types() {
        return Set.copyOf(BY_TYPE.keySet());
    }

    /** The type name of an event class. */
    static String typeOf(Class<?> type) {
        return BY_CLASS.get(type).name;
    }

    /** The JSON form of a record; the map is new and keeps the documented order. */
    public static Map<String, @Nullable Object> toMap(EventRecord record) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("session", record.sessionId());
        map.put("offset", record.offset());
        if (record.firstOffset() != record.offset()) {
            map.put("first_offset", record.firstOffset());
        }
        if (record.turnId() != null) {
            map.put("turn", record.turnId());
        }
        map.put("time", record.time().toString());
        map.put("type", record.event().type());
        map.put("data", dataOf(record.event()));
        return map;
    }

    /** The field {@code data} of an event; the map is new and keeps the documented order. */
    public static Map<String, @Nullable Object> dataOf(AgentEvent event) {
        return BY_CLASS.get(event.getClass()).write(event);
    }

    /**
     * The record that a JSON form stands for. Unknown fields are ignored; an unknown type becomes
     * {@link AgentEvent.Raw}.
     *
     * @throws HotPlexException INVALID_ARGUMENT when a required field is missing or of the wrong kind
     */
    @SuppressWarnings("unchecked")
    public static EventRecord fromMap(Map<String, ? extends @Nullable Object> map) {
        String type = (String) require(map, "type");
        AgentEvent event = BY_TYPE.containsKey(type)
                ? eventOf(type, (Map<String, Object>) require(map, "data"))
                : new AgentEvent.Raw(type, String.valueOf(map.get("data")), false);
        long offset = ((Number) require(map, "offset")).longValue();
        Object first = map.get("first_offset");
        return new EventRecord(
                (String) require(map, "session"),
                first == null ? offset : ((Number) first).longValue(),
                offset,
                (String) map.get("turn"),
                Instant.parse((String) require(map, "time")),
                event);
    }

    /**
     * The event of a type with the given {@code data}; the inverse of {@link #dataOf}. Otherwise as {@link #fromMap}.
     *
     * @throws HotPlexException INVALID_ARGUMENT when a required field is missing or of the wrong kind
     */
    public static AgentEvent eventOf(String type, Map<String, ? extends @Nullable Object> data) {
        Shape shape = BY_TYPE.get(type);
        return shape == null ? new AgentEvent.Raw(type, String.valueOf(data), false) : (AgentEvent) shape.read(data);
    }

    private static Object require(Map<String, ? extends @Nullable Object> map, String key) {
        Object value = map.get(key);
        if (value == null) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "event: field '" + key + "' is missing");
        }
        return value;
    }

    private static void register(Class<?> type) {
        for (Class<?> permitted : type.getPermittedSubclasses()) {
            if (permitted.isSealed()) {
                register(permitted);
            } else {
                Shape shape = BY_CLASS.get(permitted);
                BY_TYPE.put(shape.name, shape);
            }
        }
    }

    static String snakeCase(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    /** How one record class maps to JSON. Immutable. */
    private static final class Shape {
        private final String name;
        private final RecordComponent[] components;
        private final String[] keys;
        private final Constructor<?> constructor;

        Shape(Class<?> type) {
            name = snakeCase(type.getSimpleName());
            components = type.getRecordComponents();
            keys = new String[components.length];
            Class<?>[] parameters = new Class<?>[components.length];
            for (int i = 0; i < components.length; i++) {
                parameters[i] = components[i].getType();
                keys[i] = snakeCase(components[i].getName()) + (parameters[i] == Duration.class ? "_ms" : "");
            }
            try {
                constructor = type.getDeclaredConstructor(parameters);
            } catch (NoSuchMethodException e) {
                throw new IllegalStateException("no canonical constructor: " + type, e);
            }
        }

        Map<String, @Nullable Object> write(Object value) {
            Map<String, @Nullable Object> map = new LinkedHashMap<>();
            for (int i = 0; i < components.length; i++) {
                Object part = component(value, components[i]);
                if (part != null) {
                    map.put(keys[i], toJson(part));
                }
            }
            return map;
        }

        Object read(Map<String, ? extends @Nullable Object> map) {
            @Nullable Object[] arguments = new @Nullable Object[components.length];
            for (int i = 0; i < components.length; i++) {
                try {
                    arguments[i] = fromJson(map.get(keys[i]), components[i].getGenericType());
                } catch (ClassCastException | IllegalArgumentException e) {
                    throw new HotPlexException(
                            ErrorCode.INVALID_ARGUMENT, name + "." + keys[i] + ": a value of the wrong kind", e);
                }
            }
            try {
                return constructor.newInstance(arguments);
            } catch (InvocationTargetException e) {
                throw new HotPlexException(
                        ErrorCode.INVALID_ARGUMENT, name + ": a required field is missing or wrong", e.getCause());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        private static @Nullable Object component(Object value, RecordComponent component) {
            try {
                return component.getAccessor().invoke(value);
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private static @Nullable Object toJson(@Nullable Object value) {
        if (value instanceof Enum<?> constant) {
            return value instanceof ErrorCode
                    ? constant.name()
                    : constant.name().toLowerCase(Locale.ROOT);
        }
        if (value instanceof Duration duration) {
            return duration.toMillis();
        }
        if (value instanceof Record) {
            return BY_CLASS.get(value.getClass()).write(value);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> out = new ArrayList<>(list.size());
            list.forEach(item -> out.add(toJson(item)));
            return out;
        }
        if (value instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> out = new LinkedHashMap<>();
            map.forEach((key, item) -> out.put((String) key, toJson(item)));
            return out;
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    private static @Nullable Object fromJson(@Nullable Object value, Type type) {
        Class<?> raw = (Class<?>) (type instanceof ParameterizedType p ? p.getRawType() : type);
        if (value == null) {
            return absent(raw);
        }
        if (raw == int.class || raw == Integer.class) {
            return ((Number) value).intValue();
        }
        if (raw == long.class || raw == Long.class) {
            return ((Number) value).longValue();
        }
        if (raw == Double.class) {
            return ((Number) value).doubleValue();
        }
        if (raw == Duration.class) {
            return Duration.ofMillis(((Number) value).longValue());
        }
        if (raw.isEnum()) {
            return enumOf(raw, ((String) value).toUpperCase(Locale.ROOT));
        }
        if (raw.isRecord()) {
            return BY_CLASS.get(raw).read((Map<String, Object>) value);
        }
        if (raw == List.class && type instanceof ParameterizedType p) {
            List<@Nullable Object> out = new ArrayList<>();
            for (Object item : (List<?>) value) {
                out.add(fromJson(item, p.getActualTypeArguments()[0]));
            }
            return out;
        }
        return raw == boolean.class ? (Boolean) value : raw == Object.class ? value : raw.cast(value);
    }

    /** What a field that is not there means: nothing, or the empty value of a collection, number or flag. */
    private static @Nullable Object absent(Class<?> type) {
        if (type == List.class) {
            return List.of();
        }
        if (type == Map.class) {
            return Map.of();
        }
        if (type == boolean.class) {
            return false;
        }
        if (type == int.class) {
            return 0;
        }
        return type == long.class ? (Object) 0L : null;
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static Object enumOf(Class<?> type, String name) {
        return Enum.valueOf((Class) type, name);
    }
}
