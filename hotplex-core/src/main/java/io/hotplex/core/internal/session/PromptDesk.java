package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent.Terminal;
import io.hotplex.api.AgentEvent.TurnBlocked;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
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
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** Ten that take that long may be before it. Whose turn has not come by then may try again: nobody looked at it. */
    static final Duration WAIT_LIMIT = Duration.ofMinutes(10);

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
     * @param then called once, unless the turn is forgotten, as the owner, with what ends the turn, or {@code null}
     *     when the prompt may go on; at once for a small one when nothing is before it
     */
    void look(OpenTurn turn, Consumer<@Nullable Terminal> then) {
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

    /** A turn has ended: its prompt is not kept to be looked at, unless that is going on. */
    void forget(OpenTurn turn) {
        Look first = looks.peek();
        looks.removeIf(look -> look.turn == turn && look.drop());
        if (first != null && first.begun && first != looks.peek()) {
            beginNext();
        }
    }

    private void beginNext() {
        Look next = looks.peek();
        if (next != null && !next.begun) {
            next.begin();
        }
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

    /**
     * A prompt that is looked at elsewhere; the first that is said of it counts. First it waits until there is room to
     * look at it, then it is scanned; each has a limit of its own.
     */
    private final class Look implements Runnable {
        private final OpenTurn turn;
        private final Prompt prompt;
        private final Consumer<@Nullable Terminal> then;
        private @Nullable Future<?> deadline;
        private boolean begun;
        private boolean scanned;

        /** Written by the owner, read by who is about to scan. */
        private volatile boolean settled;

        Look(OpenTurn turn, Consumer<@Nullable Terminal> then) {
            this.turn = turn;
            this.prompt = turn.prompt;
            this.then = then;
        }

        void begin() {
            begun = true;
            deadline = scope.timer(WAIT_LIMIT, this::unseen);
            scope.parts
                    .scans()
                    .execute(this, e -> scope.mailbox.execute(() -> fail("the executor takes no work: " + e)));
        }

        @Override
        public void run() {
            if (settled) {
                return;
            }
            scope.mailbox.execute(this::scans);
            Decision.Block block = scope.parts.guards().check(scope.spec, prompt); // never throws
            scope.mailbox.execute(() -> decided(block));
        }

        private void scans() {
            if (!settled) {
                scanned = true;
                cancelDeadline();
                deadline = scope.timer(LIMIT, () -> fail("no decision within " + LIMIT));
            }
        }

        private void decided(Decision.@Nullable Block block) {
            if (!settled) {
                settle(blocked(block));
            }
        }

        private void fail(String why) {
            if (!settled) {
                log.error("a prompt of session '{}' is blocked: {}", scope.spec.id(), why);
                settle(blocked(Guards.undecided()));
            }
        }

        private void unseen() {
            if (!settled && !scanned) {
                String message = "too many large prompts are looked at: its turn did not come within " + WAIT_LIMIT
                        + ", send it again";
                settle(TurnEnds.lost(turn.stop, ErrorCode.QUEUE_FULL, message, Duration.ZERO));
            }
        }

        /** Lets go of it, if nobody is looking at it: only one of a session is looked at at a time. */
        boolean drop() {
            if (!scanned) {
                settled = true;
                cancelDeadline();
                scope.parts.scans().remove(this);
            }
            return settled;
        }

        private void settle(@Nullable Terminal end) {
            settled = true;
            cancelDeadline();
            scope.parts.scans().remove(this); // it has not begun when its turn did not come
            looks.remove(this);
            try {
                then.accept(end);
            } finally {
                beginNext();
            }
        }

        private void cancelDeadline() {
            if (deadline != null) {
                deadline.cancel(false);
            }
        }
    }
}
