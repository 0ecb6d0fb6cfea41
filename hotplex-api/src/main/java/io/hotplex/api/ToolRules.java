package io.hotplex.api;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which tools an agent has and which of them need no question. The three lists mean different things and are never
 * merged.
 *
 * @param available the tools that exist for the agent at all; {@code null} for the agent's default set, empty for none
 * @param allowed tools or patterns that run without asking
 * @param denied tools or patterns that never run
 */
public record ToolRules(@Nullable List<String> available, List<String> allowed, List<String> denied) {
    /** The agent's own defaults. */
    public static final ToolRules DEFAULT = new ToolRules(null, List.of(), List.of());

    public ToolRules {
        available = available == null ? null : List.copyOf(available);
        allowed = List.copyOf(allowed);
        denied = List.copyOf(denied);
        for (String tool : allowed) {
            if (denied.contains(tool)) {
                throw new HotPlexException(
                        ErrorCode.OPTIONS_CONFLICT, "tool '" + tool + "' is both allowed and denied: remove one");
            }
        }
    }
}
