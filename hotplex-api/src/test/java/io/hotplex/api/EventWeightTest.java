package io.hotplex.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Limits in bytes hold only if no text of any event is forgotten. */
class EventWeightTest {
    private static final int LENGTH = 10_000;

    @ParameterizedTest
    @MethodSource("kinds")
    void countsEveryText(Class<? extends AgentEvent> kind) throws ReflectiveOperationException {
        Texts none = new Texts(-1, "");
        long base = event(kind, none).weight();
        for (int i = 0; i < none.count.get(); i++) {
            assertThat(event(kind, new Texts(i, "x".repeat(LENGTH))).weight() - base)
                    .as("Latin-1 text %s of %s", i, kind.getSimpleName())
                    .isEqualTo(LENGTH - 1);
            assertThat(event(kind, new Texts(i, "\u0416".repeat(LENGTH))).weight() - base)
                    .as("other text %s of %s", i, kind.getSimpleName())
                    .isEqualTo(2 * LENGTH - 1);
        }
        assertThat(base).isGreaterThanOrEqualTo(96);
    }

    static Stream<Class<?>> kinds() {
        return Stream.concat(
                        Stream.of(AgentEvent.class.getPermittedSubclasses()),
                        Stream.of(AgentEvent.Terminal.class.getPermittedSubclasses()))
                .filter(Class::isRecord);
    }

    private static AgentEvent event(Class<? extends AgentEvent> kind, Texts texts) throws ReflectiveOperationException {
        return (AgentEvent) make(kind, texts);
    }

    /** Gives a short text for each one that is asked for, but a special one for the chosen. */
    private static final class Texts {
        final AtomicInteger count = new AtomicInteger();
        private final int chosen;
        private final String special;

        Texts(int chosen, String special) {
            this.chosen = chosen;
            this.special = special;
        }

        String next() {
            return count.getAndIncrement() == chosen ? special : "a";
        }
    }

    private static Object make(Type type, Texts texts) throws ReflectiveOperationException {
        if (type instanceof ParameterizedType generic) {
            Object last = make(generic.getActualTypeArguments()[generic.getActualTypeArguments().length - 1], texts);
            return generic.getRawType() == List.class ? List.of(last) : Map.of(texts.next(), last);
        }
        Class<?> raw = (Class<?>) type;
        if (raw == String.class || raw == Object.class) {
            return texts.next();
        } else if (raw == int.class || raw == Integer.class) {
            return 1;
        } else if (raw == long.class || raw == Long.class) {
            return 1L;
        } else if (raw == Double.class) {
            return 1.0;
        } else if (raw == boolean.class) {
            return true;
        } else if (raw == Duration.class) {
            return Duration.ZERO;
        } else if (raw.isEnum()) {
            return Objects.requireNonNull(raw.getEnumConstants())[0];
        }
        return record(raw, texts);
    }

    private static Object record(Class<?> raw, Texts texts) throws ReflectiveOperationException {
        RecordComponent[] components = Objects.requireNonNull(raw.getRecordComponents());
        List<@Nullable Object> values = new ArrayList<>();
        for (RecordComponent component : components) {
            values.add(make(component.getGenericType(), texts));
        }
        var constructor = raw.getDeclaredConstructor(
                Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new));
        return constructor.newInstance(values.toArray());
    }
}
