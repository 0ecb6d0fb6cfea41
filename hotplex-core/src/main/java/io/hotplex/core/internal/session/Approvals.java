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
 *
 * <p>A permission request outlasts its engine: the agent is gone, and with it the call, but whoever was asked may still
 * answer. That answer counts once, when the agent asks for the same call again.
 */
final class Approvals {
    private static final Logger log = LoggerFactory.getLogger(Approvals.class);

    /** What becomes of an answer when the agent that asked has ended with its engine. */
    private static final String LATER =
            "the agent that asked ended with the engine: this counts when it asks for the same again";

    private static final String EXPIRED = "nobody answered in time; the agent that asked had ended with the engine";

    private final Requests requests;
    private final ToolDesk desk;
    private final SessionScope scope;
    private final Supplier<@Nullable AgentConnection> connection;
    private final Supplier<@Nullable String> turnId;
    private final Runnable onChange;
    private final Map<String, PermissionRequested> deciding = new LinkedHashMap<>();
    private final Map<String, Waiting> waiting = new LinkedHashMap<>();
    /** Whether the engine ends: what the agent takes back now is left to the next one. */
    private boolean leaving;

    /**
     * What is kept of a request that people are asked about.
     *
     * @param print of its call; empty for a question
     * @param left whether its agent ended with an earlier engine
     */
    private record Waiting(@Nullable Future<?> expiry, String print, boolean left) {}

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

    // ---- what outlasts an engine

    /** Takes over a request whose agent ended with an earlier engine. Called before anybody else knows the session. */
    void restore(AgentEvent event) {
        if (event instanceof PermissionRequested request) {
            requests.restore(request);
            waiting.put(request.requestId(), new Waiting(null, ToolDesk.print(request), true));
        }
    }

    /** Starts the clocks of what was taken over. */
    void takeOver() {
        for (AgentEvent request : requests.list()) {
            String id = Requests.idOf(request);
            Waiting kept = waiting.get(id);
            if (kept != null && kept.left()) {
                Duration rest = rest(request);
                waiting.put(id, new Waiting(scope.timer(rest, () -> expired(id, rest)), kept.print(), true));
            }
        }
    }

    private Duration rest(AgentEvent request) {
        Instant now = scope.parts.clock().instant();
        Instant until = Restored.answerableUntil(request).orElse(now);
        return until.isBefore(now) ? Duration.ZERO : Duration.between(now, until);
    }

    /** The engine ends, the session does not. */
    void leave() {
        leaving = true;
        requests.leave();
    }

    private boolean leaves(AgentEvent request) {
        return leaving && Restored.answerableUntil(request).isPresent();
    }

    /** The session ends, and with it what nobody answered. */
    void end() {
        leaving = false;
        requests.list().forEach(request -> withdraw(request, "the session ended"));
    }

    // ---- what the agent takes back

    /** Whether an event is the agent's withdrawal of a request that somebody's answer took first, or nobody saw. */
    boolean late(AgentEvent event) {
        String id = event instanceof AgentEvent.PermissionResolved p
                ? p.requestId()
                : event instanceof AgentEvent.QuestionAnswered q ? q.requestId() : null;
        if (id == null) {
            return false;
        }
        deciding.remove(id);
        if (requests.isLeft(id)
                || requests.list().stream().anyMatch(r -> Requests.idOf(r).equals(id) && leaves(r))) {
            return true;
        }
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
        desk.policy().forget(print); // it came while the guards looked: who is asked now has the last word
        AgentEvent request = scope.recorder.redacted(asked);
        String id = Requests.idOf(request);
        for (AgentEvent earlier : requests.list()) {
            String other = Requests.idOf(earlier);
            Waiting left = waiting.get(other);
            if (left != null && left.left() && (other.equals(id) || left.print().equals(print))) {
                withdraw(earlier, "the agent asks for it again, as " + id);
            }
        }
        boolean taken = requests.add(request);
        record(request);
        if (!taken) {
            scope.mailbox.execute(() -> refuse(request));
            return;
        }
        waiting.put(id, new Waiting(scope.timer(expiry, () -> expired(id, expiry)), print, false));
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
        Waiting kept = ended(id);
        if (request instanceof PermissionRequested p) {
            boolean left = kept != null && kept.left();
            String message = left ? EXPIRED : "nobody answered within " + limit;
            record(new AgentEvent.PermissionResolved(
                    id, Resolution.EXPIRED, "engine", message, null, false, ruleOf(p)));
            if (left) {
                return;
            }
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
                record(withdrawn(asked.requestId(), null));
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
        if (kept != null && kept.left()) {
            answeredLate(request, answer, by, kept.print());
            return;
        }
        if (kept != null) {
            desk.policy().forget(kept.print()); // what was said of the same call before, and came after it was asked
        }
        if (living() == null) {
            record(withdrawn(requestId, null));
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

    /** The agent that asked is gone: the answer waits for it to ask for the same again, as long as people had. */
    private void answeredLate(PermissionRequested request, PermissionAnswer answer, String by, String print) {
        boolean allowed = answer instanceof PermissionAnswer.Allow;
        Scope how = answer instanceof PermissionAnswer.Allow allow ? allow.scope() : Scope.ONCE;
        String said = answer instanceof PermissionAnswer.Deny deny ? deny.message() + " (" + LATER + ")" : LATER;
        record(new AgentEvent.PermissionResolved(
                request.requestId(),
                allowed ? Resolution.ALLOWED : Resolution.DENIED,
                by,
                said,
                allowed ? how : null,
                false,
                ruleOf(request)));
        if (how != Scope.ONCE) {
            remember(request, print, how, by);
            return;
        }
        String denial = answer instanceof PermissionAnswer.Deny deny ? deny.message() : null;
        Future<?> expiry = scope.timer(rest(request), () -> desk.policy().forget(print));
        desk.policy().answeredBefore(print, by, denial, expiry);
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

    /** The agent is gone: what it asked is moot. */
    void withdrawAll() {
        deciding.clear();
        for (AgentEvent request : requests.list()) {
            if (!requests.isLeft(Requests.idOf(request)) && !leaves(request)) {
                withdraw(request, null);
            }
        }
    }

    private void withdraw(AgentEvent request, @Nullable String why) {
        String id = Requests.idOf(request);
        if (requests.withdraw(id) != null) {
            ended(id);
            record(request instanceof PermissionRequested ? withdrawn(id, why) : unanswered(id));
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

    private static AgentEvent withdrawn(String requestId, @Nullable String why) {
        return new AgentEvent.PermissionResolved(requestId, Resolution.WITHDRAWN, "engine", why);
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
