package io.hotplex.hooks.internal.delivery;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventSchema;
import io.hotplex.api.GuardFinding;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fills every text of every event with a mark, and looks which marks are left. */
class RedactionTest {
    /** What may be left: names and ids, which say who and what, and nothing that anybody said. */
    private static final Set<String> HARMLESS = Set.of(
            "provider",
            "agentSessionId",
            "workDir",
            "launcher",
            "confinement",
            "reason",
            "wanted",
            "missing",
            "previous",
            "version",
            "model",
            "permissionMode",
            "tools",
            "mcpServers",
            "clientId",
            "traceparent",
            "stopReason",
            "mergedInto",
            "ruleId",
            "category",
            "level",
            "messageId",
            "parentToolId",
            "toolId",
            "name",
            "requestId",
            "expiresAt",
            "finding",
            "until",
            "toolName",
            "by",
            "status",
            "resetsAt",
            "trigger",
            "mode",
            "kind");

    static Stream<Class<?>> events() {
        return types(AgentEvent.class).stream();
    }

    private static List<Class<?>> types(Class<?> sealed) {
        List<Class<?>> all = new ArrayList<>();
        for (Class<?> type : sealed.getPermittedSubclasses()) {
            if (type.isSealed()) {
                all.addAll(types(type));
            } else {
                all.add(type);
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("events")
    void leavesNothingThatSomebodySaid(Class<?> type) throws ReflectiveOperationException {
        AgentEvent event = filled(type);

        AgentEvent shown = Redaction.withoutContent(event);

        String text = EventSchema.dataOf(shown).toString();
        for (RecordComponent component : type.getRecordComponents()) {
            boolean harmless = HARMLESS.contains(component.getName())
                    && !(event instanceof AgentEvent.ProcessExited)
                    && !(event instanceof AgentEvent.Retrying);
            if (!harmless) {
                assertThat(text).doesNotContain("<" + component.getName() + ">");
            }
        }
        assertThat(shown.type()).isEqualTo(event.type());
    }

    @Test
    void anExpectedEndMaySayWhy() {
        AgentEvent event = new AgentEvent.ProcessExited(1, 2, 0, null, true, "idle", 0, 0, Duration.ZERO, false);

        assertThat(Redaction.withoutContent(event)).isEqualTo(event);
    }

    private static AgentEvent filled(Class<?> type) throws ReflectiveOperationException {
        RecordComponent[] components = type.getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            types[i] = components[i].getType();
            values[i] = value(components[i].getName(), types[i], components[i].getGenericType());
        }
        var constructor = type.getDeclaredConstructor(types);
        return (AgentEvent) constructor.newInstance(values);
    }

    private static Object value(String name, Class<?> type, Type generic) {
        String mark = "<" + name + ">";
        if (type == String.class) {
            return mark;
        }
        if (type == int.class || type == Integer.class) {
            return 1;
        }
        if (type == long.class || type == Long.class) {
            return 1L;
        }
        if (type == boolean.class) {
            return false;
        }
        if (type == Double.class) {
            return 1.0;
        }
        if (type == Duration.class) {
            return Duration.ofSeconds(1);
        }
        if (type.isEnum()) {
            return type.getEnumConstants()[0];
        }
        if (type == io.hotplex.api.TokenUsage.class) {
            return io.hotplex.api.TokenUsage.ZERO;
        }
        if (type == GuardFinding.class) {
            return new GuardFinding(mark, mark, mark, mark);
        }
        String text = generic.getTypeName();
        if (type == Map.class) {
            return Map.of(mark, text.contains("List") ? List.of(mark) : mark);
        }
        if (text.contains("Question")) {
            return List.of(new AgentEvent.Question(mark, mark, List.of(new AgentEvent.Option(mark, mark)), false));
        }
        return text.contains("Map") ? List.of(Map.of("k", mark)) : List.of(mark);
    }
}
