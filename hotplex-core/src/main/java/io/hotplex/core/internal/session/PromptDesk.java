package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent.TurnBlocked;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.PromptGuard.Decision;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.core.internal.guard.Guards;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has prompts looked at before they go on: small ones at once, large ones off the owner's thread, one of a session at a
 * time, so that nobody waits for them but what came behind. What is said of them comes in the order in which they came,
 * except that a small prompt which replaces everything before it does not wait for that. Confined to the session's
 * owner.
 */
final class PromptDesk {
    private static final Logger log = LoggerFactory.getLogger(PromptDesk.class);

    /** What the owner looks at himself. Rules take microseconds a byte at the worst, so he is back in milliseconds. */
    static final int AT_ONCE_BYTES = 4_096;

    /**
     * Four times what the rules take for the largest prompt, at the worst. Whoever has no answer by then is told no.
     */
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final SessionScope scope;
    private final BooleanSupplier bypassed;
    private final Deque<Look> looks = new ArrayDeque<>();

    /** @param bypassed whether the guards are switched off */
    PromptDesk(SessionScope scope, BooleanSupplier bypassed) {
        this.scope = scope;
        this.bypassed = bypassed;
    }

    /**
     * Has a turn's prompt looked at.
     *
     * @param then called once, as the owner, with what ends the turn, or {@code null} when the prompt may go on; at
     *     once for a small one when nothing is before it
     */
    void look(OpenTurn turn, Consumer<@Nullable TurnBlocked> then) {
        Prompt prompt = turn.prompt;
        if (bypassed.getAsBoolean()) {
            then.accept(null);
        } else if (weight(prompt) <= AT_ONCE_BYTES && (looks.isEmpty() || prompt.delivery() == Delivery.INTERRUPT)) {
            then.accept(blocked(scope.parts.guards().check(scope.spec, prompt)));
        } else {
            Look look = new Look(turn, then);
            looks.add(look);
            if (looks.peek() == look) {
                look.begin();
            }
        }
    }

    /** A turn has ended: its prompt is not kept to be looked at. */
    void forget(OpenTurn turn) {
        Look first = looks.peek();
        looks.removeIf(look -> look.turn == turn && look != first); // the first is being looked at
    }

    private static long weight(Prompt prompt) {
        String instructions = prompt.instructions();
        long bytes = prompt.text().length();
        bytes += instructions == null ? 0 : instructions.length();
        for (Attachment attachment : prompt.attachments()) {
            bytes += attachment.size();
        }
        return bytes;
    }

    private @Nullable TurnBlocked blocked(Decision.@Nullable Block b) {
        if (b == null) {
            return null;
        }
        GuardFinding finding = new GuardFinding(b.ruleId(), b.category(), b.level(), b.message());
        scope.parts.listener().onGuardDecision(scope.spec.id(), ToolGuard.Action.DENY, finding);
        return new TurnBlocked(b.ruleId(), b.category(), b.level(), b.message(), b.suggestions());
    }

    /** A prompt that is looked at elsewhere; the first that is said of it counts. */
    private final class Look {
        private final OpenTurn turn;
        private final Prompt prompt;
        private final Consumer<@Nullable TurnBlocked> then;
        private @Nullable Future<?> deadline;
        private boolean settled;

        Look(OpenTurn turn, Consumer<@Nullable TurnBlocked> then) {
            this.turn = turn;
            this.prompt = turn.prompt;
            this.then = then;
        }

        @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
        void begin() {
            deadline = scope.timer(LIMIT, () -> fail("no decision within " + LIMIT));
            try {
                scope.parts.scans().execute(() -> {
                    Decision.Block block = scope.parts.guards().check(scope.spec, prompt); // never throws
                    scope.mailbox.execute(() -> settle(block));
                });
            } catch (Throwable e) {
                fail("the executor takes no work: " + e);
            }
        }

        private void fail(String why) {
            if (!settled) {
                log.error("a prompt of session '{}' is blocked: {}", scope.spec.id(), why);
                settle(Guards.undecided());
            }
        }

        private void settle(Decision.@Nullable Block block) {
            if (settled) {
                return;
            }
            settled = true;
            if (deadline != null) {
                deadline.cancel(false);
            }
            looks.remove(this);
            try {
                then.accept(blocked(block));
            } finally {
                Look next = looks.peek();
                if (next != null) {
                    next.begin();
                }
            }
        }
    }
}
