package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.core.internal.guard.CallPrint;
import io.hotplex.core.internal.guard.Guards;
import io.hotplex.core.internal.guard.ToolPolicy;
import io.hotplex.core.internal.guard.ToolPolicy.Decision;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Has tool calls decided off the owner's thread, since guards look at files, and brings what they say back to it.
 * Confined to the session's owner, but for the policy, which is thread-safe.
 */
final class ToolDesk {
    private static final Logger log = LoggerFactory.getLogger(ToolDesk.class);

    /** A thousand times what a decision takes. Whoever has none by then, because a disk hangs, is told no. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private final SessionScope scope;
    private final ToolPolicy policy;

    ToolDesk(SessionScope scope) {
        this.scope = scope;
        this.policy = new ToolPolicy(scope.spec, scope.parts.guards(), scope.parts.approvals());
    }

    ToolPolicy policy() {
        return policy;
    }

    /** The call that a permission request is about. */
    static ToolCall call(PermissionRequested request) {
        return call(request, request.input());
    }

    /** That call with another input. */
    static ToolCall call(PermissionRequested request, Map<String, @Nullable Object> input) {
        return new ToolCall(
                request.toolId(),
                request.toolName(),
                Objects.requireNonNullElse(request.kind(), ToolKind.OTHER),
                input);
    }

    /** The print of that call. */
    static String print(PermissionRequested request) {
        return CallPrint.of(call(request));
    }

    /**
     * Has a call decided.
     *
     * @param asked whether the agent asks about it
     * @param then called once, as the owner; at once when there is nothing to decide
     */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
    void decide(ToolCall call, boolean asked, Consumer<Decision> then) {
        if (policy.silent()) {
            then.accept(Decision.NONE);
            return;
        }
        Once once = new Once(call, then);
        once.deadline = scope.timer(LIMIT, () -> once.settle(failed("no decision within " + LIMIT)));
        try {
            scope.parts.executor().execute(() -> {
                Decision decision = decided(call, asked);
                scope.mailbox.execute(() -> once.settle(decision));
            });
        } catch (Throwable e) {
            once.settle(failed("the executor takes no work: " + e));
        }
    }

    @SuppressWarnings("IllegalCatch") // whatever goes wrong in deciding, the answer is no
    private Decision decided(ToolCall call, boolean asked) {
        try {
            return policy.decide(call, asked);
        } catch (RuntimeException | Error e) {
            return failed("a defect: " + e);
        }
    }

    private Decision failed(String why) {
        scope.line(log, Level.ERROR).log("a tool call of session '{}' is denied: {}", scope.spec.id(), why);
        return new Decision(Guards.failed(), "guard", "");
    }

    /** The first decision on a call counts. */
    private final class Once {
        private final ToolCall call;
        private final Consumer<Decision> then;
        private @Nullable Future<?> deadline;
        private boolean settled;

        Once(ToolCall call, Consumer<Decision> then) {
            this.call = call;
            this.then = then;
        }

        void settle(Decision decision) {
            if (!settled) {
                settled = true;
                if (deadline != null) {
                    deadline.cancel(false);
                }
                Verdict verdict = decision.verdict();
                if (verdict.action() != Action.NONE) {
                    scope.parts.listener().onGuardDecision(scope.spec.id(), verdict.action(), verdict.why());
                    scope.line(log, Level.DEBUG)
                            .log("{} of {} in session '{}'", verdict.action(), call.tool(), scope.spec.id());
                }
                then.accept(decision);
            }
        }
    }
}
