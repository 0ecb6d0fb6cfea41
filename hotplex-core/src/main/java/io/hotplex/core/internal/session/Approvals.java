package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.PermissionAnswer.Scope;
import io.hotplex.api.ProcessState;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.guard.CallPrint;
import io.hotplex.core.internal.guard.ToolPolicy.Decision;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries permission requests and questions from the agent to the guards and to people, and their answers back. Each
 * ends once: whoever takes it out of {@link Requests} writes its end. Confined to the session's owner.
 *
 * <p>A permission request that the guards look at is in {@code deciding} meanwhile, and nobody sees it; then it is
 * denied or allowed at once, or waits for people until it expires.
 */
final class Approvals {
    private static final Logger log = LoggerFactory.getLogger(Approvals.class);

    private final Requests requests;
    private final ToolDesk desk;
    private final SessionScope scope;
    private final Supplier<@Nullable AgentConnection> connection;
    private final Supplier<@Nullable String> turnId;
    private final Runnable onChange;
    private final Map<String, PermissionRequested> deciding = new LinkedHashMap<>();
    private final Map<String, Waiting> waiting = new LinkedHashMap<>();

    /**
     * What is kept of a request that people are asked about.
     *
     * @param print of its call; empty for a question
     */
    private record Waiting(@Nullable Future<?> expiry, String print) {}

    /** @param onChange called when people are asked, and when they are not any more */
    Approvals(
            Requests requests,
            ToolDesk desk,
            SessionScope scope,
            Supplier<@Nullable AgentConnection> connection,
            Supplier<@Nullable String> turnId,
            Runnable onChange) {
        this.requests = requests;
        this.desk = desk;
        this.scope = scope;
        this.connection = connection;
        this.turnId = turnId;
        this.onChange = onChange;
    }

    /** Whether an event is the agent's withdrawal of a request that somebody's answer took first, or nobody saw. */
    boolean late(AgentEvent event) {
        String id = event instanceof AgentEvent.PermissionResolved p
                ? p.requestId()
                : event instanceof AgentEvent.QuestionAnswered q ? q.requestId() : null;
        if (id == null) {
            return false;
        }
        deciding.remove(id);
        boolean late = requests.withdraw(id) == null;
        ended(id);
        return late;
    }

    // ---- what the agent asks

    /** Takes an event that asks for an answer. */
    void asked(AgentEvent event) {
        if (event instanceof PermissionRequested request) {
            deciding.put(request.requestId(), request);
            desk.decide(ToolDesk.call(request), true, decision -> {
                if (deciding.remove(request.requestId(), request)) { // another process may use its id again
                    settle(request, decision);
                }
            });
        } else {
            askPeople(event, scope.config(EngineConfig.PERMISSION_TIMEOUT), "");
        }
    }

    private void settle(PermissionRequested request, Decision decision) {
        Verdict verdict = decision.verdict();
        if (verdict.action() == Action.DENY) {
            denied(ToolDesk.call(request), verdict.why());
            answer(request.requestId(), PermissionAnswer.deny(verdict.why().message()));
        } else if (verdict.action() == Action.ALLOW) {
            GuardFinding why = verdict.why();
            record(seen(request, why, null));
            record(new AgentEvent.PermissionResolved(
                    request.requestId(),
                    Resolution.ALLOWED,
                    decision.by(),
                    why.message(),
                    Scope.ONCE,
                    false,
                    why.ruleId()));
            answer(request.requestId(), PermissionAnswer.allow());
        } else {
            Duration expiry =
                    Objects.requireNonNullElse(verdict.expiry(), scope.config(EngineConfig.PERMISSION_TIMEOUT));
            Instant until = scope.parts.clock().instant().plus(expiry);
            // its print is of the call as it is, before secrets are taken out of what people see
            String print = decision.print().isEmpty() ? ToolDesk.print(request) : decision.print();
            askPeople(seen(request, verdict.finding(), until.toString()), expiry, print);
        }
    }

    private static PermissionRequested seen(
            PermissionRequested p, @Nullable GuardFinding finding, @Nullable String expiresAt) {
        return new PermissionRequested(
                p.requestId(),
                p.toolId(),
                p.toolName(),
                p.input(),
                p.description(),
                p.suggestions(),
                p.kind(),
                expiresAt,
                finding);
    }

    /** Lets people answer; when there are too many requests, the agent hears no as soon as its call is over. */
    private void askPeople(AgentEvent asked, Duration expiry, String print) {
        AgentEvent request = scope.recorder.redacted(asked);
        String id = Requests.idOf(request);
        boolean taken = requests.add(request);
        record(request);
        if (!taken) {
            scope.mailbox.execute(() -> refuse(request));
            return;
        }
        waiting.put(id, new Waiting(scope.timer(expiry, () -> expired(id, expiry)), print));
        onChange.run();
    }

    private void refuse(AgentEvent request) {
        String id = Requests.idOf(request);
        if (request instanceof PermissionRequested) {
            resolved(request, PermissionAnswer.deny("too many requests are pending (pending-requests-max)"), "engine");
        } else {
            answered(id, Map.of(), "engine");
        }
    }

    private void expired(String id, Duration limit) {
        AgentEvent request = requests.withdraw(id);
        if (request == null) {
            return; // somebody answers at this moment
        }
        ended(id);
        if (request instanceof PermissionRequested p) {
            String message = "nobody answered within " + limit;
            record(new AgentEvent.PermissionResolved(
                    id, Resolution.EXPIRED, "engine", message, null, false, ruleOf(p)));
            answer(id, PermissionAnswer.deny(message + ": go on without it, or ask for it again later"));
        } else {
            answered(id, Map.of(), "engine");
        }
    }

    /** A guard kept a call from running. */
    void denied(ToolCall call, GuardFinding finding) {
        record(new AgentEvent.ToolDenied(call.toolId(), call.tool(), finding));
    }

    // ---- what people say

    /**
     * Somebody decided on a permission that was taken out of the requests. What is to run instead of what the agent
     * asked for is put before the guards as well: an answer allows, it does not lift what is denied.
     */
    void resolved(AgentEvent request, PermissionAnswer answer, String by) {
        Map<String, @Nullable Object> input =
                answer instanceof PermissionAnswer.Allow allow ? allow.updatedInput() : null;
        if (input == null) {
            close((PermissionRequested) request, answer, by, null);
            return;
        }
        PermissionRequested asked = (PermissionRequested) request;
        ToolCall instead = ToolDesk.call(asked, input);
        AgentConnection asking = connection.get();
        desk.decide(instead, true, decision -> {
            Verdict verdict = decision.verdict();
            if (connection.get() != asking) {
                ended(asked.requestId());
                record(withdrawn(asked.requestId()));
            } else if (verdict.action() == Action.DENY) {
                denied(instead, verdict.why());
                close(asked, PermissionAnswer.deny(verdict.why().message()), "guard", verdict.why());
            } else {
                close(asked, answer, by, null);
            }
        });
    }

    /** @param denial what a guard has against it, or {@code null} */
    private void close(PermissionRequested request, PermissionAnswer answer, String by, @Nullable GuardFinding denial) {
        String requestId = request.requestId();
        Waiting kept = ended(requestId);
        if (living() == null) {
            record(withdrawn(requestId));
            return;
        }
        String rule = denial == null ? ruleOf(request) : denial.ruleId();
        if (answer instanceof PermissionAnswer.Allow allow) {
            boolean edited = allow.updatedInput() != null;
            record(new AgentEvent.PermissionResolved(
                    requestId, Resolution.ALLOWED, by, null, allow.scope(), edited, rule));
            if (!edited && kept != null) {
                remember(request, kept.print(), allow.scope(), by);
            }
        } else {
            String message = ((PermissionAnswer.Deny) answer).message();
            record(new AgentEvent.PermissionResolved(requestId, Resolution.DENIED, by, message, null, false, rule));
        }
        answer(requestId, answer);
    }

    /** The same call, input and all, is not asked about again: for this session, or for good. */
    private void remember(PermissionRequested request, String print, Scope how, String by) {
        if (how == Scope.ONCE) {
            return;
        }
        desk.policy().allowForSession(print);
        if (how == Scope.ALWAYS) {
            Instant now = scope.parts.clock().instant();
            scope.callBack(() -> {
                try {
                    scope.parts
                            .approvals()
                            .add(scope.spec.owner(), CallPrint.in(scope.spec, print), request.toolName(), by, now);
                } catch (RuntimeException e) {
                    log.error("an approval is remembered for its session only", e);
                }
            });
        }
    }

    /** Somebody answered a question that was taken out of the requests. */
    void answered(String requestId, Map<String, List<String>> answers, String by) {
        ended(requestId);
        AgentConnection c = living();
        if (c == null) {
            record(unanswered(requestId));
            return;
        }
        record(new AgentEvent.QuestionAnswered(requestId, answers, by));
        c.call(p -> p.answerQuestion(requestId, answers, c));
    }

    /** The agent is gone: what is open is moot. */
    void withdrawAll() {
        deciding.clear();
        for (AgentEvent request : requests.list()) {
            String id = Requests.idOf(request);
            if (requests.withdraw(id) != null) {
                ended(id);
                record(request instanceof PermissionRequested ? withdrawn(id) : unanswered(id));
            }
        }
    }

    // ---- small things

    /** Stops the clock of a request that was taken out. */
    private @Nullable Waiting ended(String requestId) {
        Waiting kept = waiting.remove(requestId);
        if (kept != null) {
            if (kept.expiry() != null) {
                kept.expiry().cancel(false);
            }
            onChange.run();
        }
        return kept;
    }

    private static @Nullable String ruleOf(PermissionRequested request) {
        GuardFinding finding = request.finding();
        return finding == null ? null : finding.ruleId();
    }

    private static AgentEvent withdrawn(String requestId) {
        return new AgentEvent.PermissionResolved(requestId, Resolution.WITHDRAWN, "engine", null);
    }

    private static AgentEvent unanswered(String requestId) {
        return new AgentEvent.QuestionAnswered(requestId, Map.of(), "engine");
    }

    private void record(AgentEvent event) {
        scope.touch();
        if (!scope.recorder.closed()) {
            scope.recorder.append(turnId.get(), event);
        }
    }

    private void answer(String requestId, PermissionAnswer answer) {
        AgentConnection c = living();
        if (c != null) {
            c.call(p -> p.answer(requestId, answer, c));
        }
    }

    private @Nullable AgentConnection living() {
        AgentConnection c = connection.get();
        return c == null || c.state() == ProcessState.DEAD ? null : c;
    }
}
