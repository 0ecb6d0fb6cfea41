package io.hotplex.api.spi;

import io.hotplex.api.AgentEvent.ToolKind;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A tool call that has not run.
 *
 * @param toolId the agent's id of the call, or {@code null} if it does not tell
 * @param tool the tool's name, in the agent's spelling
 * @param kind what the tool does; OTHER when nobody knows
 * @param input what it is called with
 */
public record ToolCall(@Nullable String toolId, String tool, ToolKind kind, Map<String, @Nullable Object> input) {
    public ToolCall {
        input = Collections.unmodifiableMap(new LinkedHashMap<>(input));
    }

    /** Nothing of the input. */
    @Override
    public String toString() {
        return "ToolCall[" + tool + ", " + toolId + "]";
    }
}
