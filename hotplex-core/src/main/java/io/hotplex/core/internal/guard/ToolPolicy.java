package io.hotplex.core.internal.guard;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.RememberedApproval;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of the tool calls of one session: deny beats ask beats allow, over the session's own lists and all
 * guards. What a person has allowed for longer than once answers an ask, never a denial. Thread-safe.
 */
public final class ToolPolicy {
    private final SessionSpec spec;
    private final Guards guards;
    private final RememberedApprovals remembered;
    private final Set<String> allowedForSession = ConcurrentHashMap.newKeySet();
    /** By print, what people said of a call whose agent ended before it heard; each counts once. */
    private final Map<String, Answered> answered = new ConcurrentHashMap<>();

    /** While true the guards are not asked; what the specification denies stays denied. */
    private volatile boolean bypassed;

    public ToolPolicy(SessionSpec spec, Guards guards, RememberedApprovals remembered) {
        this.spec = spec;
        this.guards = guards;
        this.remembered = remembered;
    }

    /**
     * @param verdict what becomes of the call
     * @param by who decided, when it was allowed: {@code guard}, or whoever had allowed it for longer
     * @param print of the call
     */
    public record Decision(Verdict verdict, String by, String print) {
        /** Nobody was asked. */
        public static final Decision NONE = new Decision(Verdict.NONE, "guard", "");
    }

    /**
     * @param denial what the agent is told, or {@code null} when the call was allowed
     * @param expiry cancelled when the answer does not wait any more
     */
    private record Answered(
            String by, @Nullable String denial, @Nullable Future<?> expiry) {}

    /** Whether there is nothing that could have an opinion. Does not look at files. */
    public boolean silent() {
        return (bypassed || !guards.guardTools())
                && spec.tools().denied().isEmpty()
                && spec.tools().available() == null
                && allowedForSession.isEmpty()
                && answered.isEmpty()
                && !remembered.any();
    }

    public boolean bypassed() {
        return bypassed;
    }

    public void bypass(boolean value) {
        bypassed = value;
    }

    /** The call was allowed for as long as the session lives. */
    public void allowForSession(String print) {
        allowedForSession.add(print);
    }

    /**
     * Somebody answered for a call whose agent could not hear it: the next one of that print is decided by that.
     *
     * @param denial what the agent is told, or {@code null} when it is allowed
     * @param expiry forgets it; cancelled when it is not needed
     */
    public void answeredBefore(String print, String by, @Nullable String denial, @Nullable Future<?> expiry) {
        cancel(answered.put(print, new Answered(by, denial, expiry)));
    }

    /** That answer does not count any more, if there is one. */
    public void forget(String print) {
        cancel(answered.remove(print));
    }

    /** No such answer counts any more. */
    public void forgetAnswers() {
        answered.keySet().forEach(this::forget);
    }

    /** Whether somebody answered for a call that the agent may ask about again. */
    public boolean answersWait() {
        return !answered.isEmpty();
    }

    private static void cancel(@Nullable Answered gone) {
        if (gone != null && gone.expiry() != null) {
            gone.expiry().cancel(false);
        }
    }

    /**
     * Decides on a call. May look at files.
     *
     * @param asked whether the agent asks about it, so that somebody has to answer
     */
    public Decision decide(ToolCall call, boolean asked) {
        Verdict verdict = SessionLists.check(spec.tools(), call);
        if (!bypassed) {
            verdict = verdict.or(guards.check(spec, call));
        }
        boolean question = verdict.action() == Action.ASK || asked && verdict.action() == Action.NONE;
        if (!question) {
            return new Decision(verdict, "guard", "");
        }
        String print = CallPrint.of(call);
        Answered before = answered.remove(print);
        if (before != null) {
            cancel(before);
            return new Decision(before(verdict, before), before.by(), print);
        }
        String by = allowedForSession.contains(print)
                ? "session"
                : remembered.any()
                        ? remembered
                                .find(spec.owner(), CallPrint.in(spec, print))
                                .map(RememberedApproval::by)
                                .orElse("")
                        : "";
        return by.isEmpty() ? new Decision(verdict, "guard", print) : new Decision(allowed(verdict, by), by, print);
    }

    private static Verdict allowed(Verdict asked, String by) {
        return verdict(
                Action.ALLOW,
                asked,
                by.equals("session")
                        ? "the same call was allowed for this session"
                        : "the same call was allowed for good by " + by);
    }

    private static Verdict before(Verdict asked, Answered before) {
        String denial = before.denial();
        return denial == null
                ? verdict(Action.ALLOW, asked, "the same call was allowed by " + before.by() + " before")
                : verdict(Action.DENY, asked, denial);
    }

    private static Verdict verdict(Action action, Verdict asked, String message) {
        GuardFinding why = asked.finding();
        String rule = why == null ? "remembered" : why.ruleId();
        String category = why == null ? "session" : why.category();
        String level = why == null ? "moderate" : why.level();
        return new Verdict(action, new GuardFinding(rule, category, level, message), null);
    }
}
