package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessState;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Journal;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.redact.Redaction;
import io.hotplex.core.internal.session.OpenTurn.Stop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A session as its users see it. Thread-safe: looks at thread-safe parts, and leaves everything else as a task in the
 * mailbox of its {@link SessionOwner}, where the story goes on.
 */
public final class OwnedSession implements Session {
    private static final Logger log = LoggerFactory.getLogger(OwnedSession.class);

    /** A list shows one line of it. */
    private static final int MAX_TITLE_CHARS = 500;

    private final SessionSpec spec;
    private final AgentProvider provider;
    private final EngineParts parts;
    private final SessionOwner owner;
    private final AtomicBoolean sampling = new AtomicBoolean();
    private final Uses uses = new Uses();

    /**
     * @param spec checked, its provider's name filled in, its directory real
     * @param earlier what an earlier engine left of it, or {@code null}
     * @param onClosed called once, when the session is over
     */
    public OwnedSession(
            SessionSpec spec,
            AgentProvider provider,
            EngineParts parts,
            SlotSource slots,
            Journal journal,
            @Nullable Restored earlier,
            Consumer<OwnedSession> onClosed) {
        this.spec = spec;
        this.provider = provider;
        this.parts = parts;
        this.owner = new SessionOwner(spec, provider, parts, slots, journal, earlier, () -> onClosed.accept(this));
    }

    /**
     * Lets the engine's readers in, and goes on with the prompts that an earlier engine accepted; called once, when the
     * session was opened.
     */
    public void takeOver() {
        owner.scope.recorder.announce(spec);
        owner.scope.mailbox.execute(owner::takeOver);
    }

    @Override
    public String id() {
        return spec.id();
    }

    @Override
    public SessionSpec spec() {
        return spec;
    }

    @Override
    public SessionInfo info() {
        return info(owner.scope.recorder.closed() && !uses.asleep(), uses.asleep());
    }

    /** What is told of it when it slept and is not there any more. */
    SessionInfo gone() {
        return info(true, false);
    }

    private SessionInfo info(boolean closed, boolean asleep) {
        SessionOwner.View view = owner.view();
        SessionStats stats = owner.scope.recorder.stats();
        Instant active = parts.clock().instant().minusNanos(owner.scope.quietNanos());
        return new SessionInfo(
                spec.id(),
                spec.owner(),
                provider.name(),
                view.agentSessionId(),
                view.state(),
                view.pid(),
                view.generation(),
                view.runningTurn(),
                view.queuedTurns(),
                owner.scope.recorder.newest(),
                active,
                closed,
                owner.scope.recorder.oldest(),
                asleep,
                spec.workDir(),
                stats.title(),
                owner.model(),
                stats.usage(),
                stats.costUsd());
    }

    @Override
    public CompletionStage<SessionSnapshot> snapshot() {
        CompletableFuture<SessionSnapshot> done = new CompletableFuture<>();
        owner.scope.mailbox.execute(() -> {
            owner.publish();
            SessionSnapshot snapshot = owner.snapshot(info());
            owner.scope.callBack(() -> done.complete(snapshot));
        });
        return done.minimalCompletionStage();
    }

    @Override
    public SessionStats stats() {
        return owner.scope.recorder.stats();
    }

    @Override
    public CompletionStage<Optional<ProcessUsage>> usage() {
        CompletableFuture<Optional<ProcessUsage>> done = new CompletableFuture<>();
        sample((generation, usage) -> done.complete(usage), done::completeExceptionally);
        return done.minimalCompletionStage();
    }

    /** Looks what the process uses; one of the consumers is called, on the executor. */
    @SuppressWarnings("IllegalCatch") // a launcher is foreign code
    private void sample(BiConsumer<Integer, Optional<ProcessUsage>> onUsage, Consumer<Throwable> onFailed) {
        owner.scope.mailbox.execute(() -> {
            AgentConnection connection = owner.process.connection();
            AgentProcess process = connection == null ? null : connection.process();
            int generation = owner.process.generation();
            owner.scope.callBack(() -> {
                try {
                    onUsage.accept(generation, process == null ? Optional.empty() : process.usage());
                } catch (Throwable e) {
                    onFailed.accept(e);
                }
            });
        });
    }

    /**
     * Ends the process if it waits for work and uses more than it may; never one that runs a turn. Looks off the
     * caller's thread, once at a time.
     *
     * @return done when it has looked
     */
    public CompletionStage<Void> recycleAbove(UsageLimits limits) {
        CompletableFuture<Void> looked = new CompletableFuture<>();
        if (state() == ProcessState.READY && sampling.compareAndSet(false, true)) {
            sample(
                    (generation, usage) -> {
                        sampling.set(false);
                        usage.flatMap(limits::exceededBy)
                                .ifPresent(reason -> owner.scope.mailbox.execute(
                                        () -> owner.recycle(generation, "recycled: " + reason)));
                        looked.complete(null);
                    },
                    failure -> {
                        sampling.set(false);
                        log.warn("cannot tell what the process of session '{}' uses", spec.id(), failure);
                        looked.complete(null);
                    });
        } else {
            looked.complete(null);
        }
        return looked;
    }

    @Override
    public Turn submit(Prompt prompt) {
        if (!prompt.attachments().isEmpty() && !provider.capabilities().contains(Capability.IMAGES)) {
            throw new HotPlexException(
                    ErrorCode.NOT_SUPPORTED, "provider '" + provider.name() + "' takes no attachments");
        }
        Acceptance.Accepted accepted = owner.acceptance.accept(prompt, () -> kept(owner.newTurn(prompt)));
        OpenTurn turn = accepted.turn();
        if (accepted.fresh()) {
            parts.listener().onTurnAccepted(spec.id(), provider.name(), turn.id());
            owner.scope.mailbox.execute(() -> owner.accepted(turn));
        }
        return turn;
    }

    /** Gives the prompt to the journal; called under the lock of the acceptance, so that the journal has its order. */
    private OpenTurn kept(OpenTurn turn) {
        try {
            owner.scope.recorder.accept(turn);
            return turn;
        } catch (HotPlexException e) {
            owner.turns.remove(turn);
            throw e;
        }
    }

    @Override
    public List<Turn> turns() {
        return owner.turns.list();
    }

    @Override
    public Optional<Turn> turn(String turnId) {
        return owner.turns.find(turnId);
    }

    @Override
    public void interrupt() {
        owner.scope.mailbox.execute(() -> owner.stopCurrent(new Stop.Cancel("interrupted")));
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, String by) {
        boolean allowed = answer instanceof PermissionAnswer.Allow;
        if (answer instanceof PermissionAnswer.Allow allow && Redaction.marked(allow.updatedInput())) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "input: has '" + Redaction.MARK + "' in it, which stands for what nobody was shown: leave the input"
                            + " out, or write all of it");
        }
        if (answer instanceof PermissionAnswer.Allow allow
                && allow.updatedInput() != null
                && owner.requests.isLeft(requestId)) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "input: the agent that asked ended with its engine, and can only be allowed the same call again:"
                            + " leave the input out, or deny");
        }
        AgentEvent request = owner.requests.take(
                requestId, AgentEvent.PermissionRequested.class, (allowed ? "allowed by " : "denied by ") + by);
        owner.scope.mailbox.execute(() -> owner.approvals.resolved(request, answer, by));
    }

    @Override
    public void answerQuestion(String requestId, Map<String, List<String>> answers, String by) {
        Map<String, List<String>> copy = Map.copyOf(answers);
        owner.requests.take(requestId, AgentEvent.QuestionAsked.class, "answered by " + by);
        owner.scope.mailbox.execute(() -> owner.approvals.answered(requestId, copy, by));
    }

    @Override
    public CompletionStage<Void> rename(String title, String by) {
        if (title.isBlank() || title.codePointCount(0, title.length()) > MAX_TITLE_CHARS) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "title: expected something, at most " + MAX_TITLE_CHARS + " characters");
        }
        if (owner.scope.recorder.closed()) {
            throw new HotPlexException(ErrorCode.SESSION_CLOSED, "session '" + id() + "' is closed");
        }
        CompletableFuture<Void> done = new CompletableFuture<>();
        owner.scope.mailbox.execute(() -> owner.rename(title, by, done));
        return done.minimalCompletionStage();
    }

    @Override
    public void bypassGuard(Duration duration, String by, String reason) {
        Duration longest = parts.config().get(EngineConfig.GUARD_BYPASS_MAX).orElse(Duration.ZERO);
        if (duration.isNegative() || duration.isZero() || duration.compareTo(longest) > 0) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN,
                    longest.isZero()
                            ? "the guards cannot be switched off: guard-bypass-max is none"
                            : "the guards cannot be switched off for " + duration + " (guard-bypass-max: " + longest
                                    + ")");
        }
        if (owner.scope.recorder.closed()) {
            throw new HotPlexException(ErrorCode.SESSION_CLOSED, "session '" + id() + "' is closed");
        }
        owner.scope.mailbox.execute(() -> owner.bypass(duration, by, reason));
    }

    @Override
    public void restoreGuard(String by) {
        owner.scope.mailbox.execute(() -> owner.restore(by));
    }

    @Override
    public List<AgentEvent> pendingRequests() {
        return owner.requests.list();
    }

    @Override
    public CompletionStage<Void> setModel(String model) {
        return change(Settings.Setting.MODEL, model);
    }

    @Override
    public CompletionStage<Void> setPermissionMode(String mode) {
        return change(Settings.Setting.PERMISSION_MODE, mode);
    }

    private CompletionStage<Void> change(Settings.Setting setting, String value) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        SessionSpec changed = setting.apply(spec.toBuilder(), value).build();
        provider.check(changed);
        owner.scope.mailbox.execute(() -> owner.change(setting, value, done));
        return done.minimalCompletionStage();
    }

    @Override
    public Subscription subscribe(long after, Subscriber subscriber) {
        return owner.scope.recorder.subscribe(after, subscriber);
    }

    @Override
    public CompletionStage<Void> close() {
        return closeFor("closed");
    }

    /** Closes for a reason that is written down; otherwise as {@link #close()}. */
    public CompletionStage<Void> closeFor(String reason) {
        owner.acceptance.close(ErrorCode.SESSION_CLOSED);
        owner.scope.mailbox.execute(() -> owner.close(reason));
        return owner.closed();
    }

    /** Ends the process, as {@link #close()} does, but leaves the session and what waits to the next engine. */
    public CompletionStage<Void> suspend(String reason) {
        owner.acceptance.close(ErrorCode.ENGINE_CLOSED);
        owner.scope.mailbox.execute(() -> owner.suspend(reason));
        return owner.closed();
    }

    /** Ends what is still open without waiting for the process; the engine has killed it or gives up on it. */
    public void abandon(String reason) {
        owner.acceptance.close(ErrorCode.ENGINE_CLOSED);
        owner.scope.mailbox.execute(() -> owner.abandon(reason));
    }

    /** Ends the process if it has waited for work for that long; the session stays, the next prompt resumes it. */
    public void hibernate(String reason, Duration idleFor) {
        owner.scope.mailbox.execute(() -> owner.hibernate(reason, idleFor));
    }

    /** Leaves the session to the journal if nothing was going on for that long and nobody uses it. */
    public void sleep(Duration idleFor) {
        if (state() == ProcessState.NONE && owner.scope.quietNanos() >= idleFor.toNanos()) {
            owner.scope.mailbox.execute(() -> owner.sleep(idleFor, uses));
        }
    }

    /** Whether it was left to the journal: it is of no use any more, another one takes its place. */
    public boolean asleep() {
        return uses.asleep();
    }

    /** Ends a use after the tasks that it left to the owner. */
    void endUse() {
        owner.scope.mailbox.execute(uses::end);
    }

    /** Who uses it. */
    Uses uses() {
        return uses;
    }

    /** How long nothing was said, in nanoseconds, if a process waits for work; otherwise -1. */
    public long idleNanos() {
        SessionOwner.View view = owner.view();
        boolean idle = view.state() == ProcessState.READY && view.queuedTurns() == 0;
        return idle && owner.requests.isEmpty() ? owner.scope.quietNanos() : -1;
    }

    /** State of the process. */
    public ProcessState state() {
        return owner.view().state();
    }
}
