package io.hotplex.api.spi;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.SessionSpec;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Decides on tool calls before they run: on every one where the agent can be made to tell
 * ({@link AgentProvider.Capability#TOOL_GUARD}), on those that it asks about everywhere.
 *
 * <p>Thread-safe; called on the engine's executor, so it may look at files; calls overlap. A throw, or no verdict
 * within ten seconds, denies the call: guards fail closed. Of several guards the strictest verdict counts.
 */
@FunctionalInterface
public interface ToolGuard {
    /** Has no opinion on anything. */
    ToolGuard NONE = (spec, call) -> Verdict.NONE;

    /** What becomes of a call. */
    Verdict check(SessionSpec spec, ToolCall call);

    /** What a guard may say, from weak to strong. */
    enum Action {
        /** It has no opinion: the agent's own rules count. */
        NONE,
        /** It may run without a question. */
        ALLOW,
        /** Somebody has to allow it. */
        ASK,
        /** It must not run. */
        DENY
    }

    /**
     * What a guard says.
     *
     * @param finding why; there for everything but NONE
     * @param expiry for ASK how long people have to answer, or {@code null} for the engine's default
     */
    record Verdict(
            Action action,
            @Nullable GuardFinding finding,
            @Nullable Duration expiry) {
        /** No opinion. */
        public static final Verdict NONE = new Verdict(Action.NONE, null, null);

        public Verdict {
            if ((finding == null) != (action == Action.NONE)) {
                throw new IllegalArgumentException("a verdict has a finding exactly if it is one: " + action);
            }
        }

        /** The finding of a verdict that is not NONE. */
        public GuardFinding why() {
            return Objects.requireNonNull(finding, "no finding");
        }

        /** The stricter of two verdicts; this one when they are alike. */
        public Verdict or(Verdict other) {
            return other.action.compareTo(action) > 0 ? other : this;
        }
    }
}
