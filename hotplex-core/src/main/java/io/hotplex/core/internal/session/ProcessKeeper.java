package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.ProcessState;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.api.spi.ProcessListener.Exit;
import io.hotplex.api.spi.SessionState;
import io.hotplex.core.EngineConfig;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Keeps the session's one agent process: asks the pool for a slot, starts, watches, ends and restarts it, and decides
 * what its end means. {@link AgentConnection} has the table of a process's states.
 *
 * <p>Confined to the session's owner.
 */
final class ProcessKeeper implements AgentConnection.Life {
    private static final Logger log = LoggerFactory.getLogger(ProcessKeeper.class);

    /** How long a killed process may take to be gone before its session gives up on it: the kernel's business. */
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    /** The turns that a process serves; the other half of the session. */
    interface Turns {
        /** Whether a process is needed. */
        boolean needProcess();

        boolean running();

        @Nullable
        String turnId();

        /** Fails what the agent works on. */
        void loseRunning(ErrorCode code, String message);

        /** Fails the turn for which a process was started. */
        void loseFirstWaiting(ErrorCode code, String message);

        void loseWaiting(ErrorCode code, String message);

        /** Takes back what the agent was given but never saw. */
        void requeueRunning();

        /** The agent hears no answers any more. */
        void processGone();

        /** A process cannot be got rid of. */
        void giveUp();

        /** Something changed. */
        void pump();

        /** The state that others see changed. */
        void publish();
    }

    private final SessionScope scope;
    private final SlotSource slots;
    private final ProcessStarter starter;
    private final Turns turns;
    private final AgentConnection.Talk talk;
    private final Settings settings;
    private final CrashBreaker breaker;
    private final Conversation conversation;
    private @Nullable AgentConnection connection;
    private @Nullable SlotRequest request;
    private int generation;

    /** A process that was not seen to end: of an earlier engine, or one that this one has given up. */
    private @Nullable String leftBehind;

    ProcessKeeper(
            SessionScope scope,
            @Nullable SessionState earlier,
            SlotSource slots,
            ProcessStarter starter,
            Turns turns,
            AgentConnection.Talk talk) {
        this.scope = scope;
        this.slots = slots;
        this.starter = starter;
        this.turns = turns;
        this.talk = talk;
        settings = new Settings(scope, earlier == null ? scope.spec : earlier.current());
        breaker = new CrashBreaker(
                scope.config(EngineConfig.CRASH_LOOP_LIMIT),
                scope.config(EngineConfig.CRASH_LOOP_WINDOW),
                scope.config(EngineConfig.CRASH_LOOP_PAUSE));
        String chosenId = AgentIds.conversation(scope.config(EngineConfig.NAMESPACE), scope.spec.id())
                .toString();
        conversation = new Conversation(scope.spec, chosenId, scope.provider.capabilities());
        if (earlier != null) {
            conversation.restore(earlier.agentSessionId(), earlier.established());
            generation = earlier.generation();
            leftBehind = earlier.process();
        }
    }

    // ---- what there is

    @Nullable
    AgentConnection connection() {
        return connection;
    }

    ProcessState state() {
        return connection != null ? connection.state() : request != null ? ProcessState.STARTING : ProcessState.NONE;
    }

    int generation() {
        return generation;
    }

    /** What names the process that may be there, for a later engine. */
    @Nullable
    String identity() {
        return connection == null || connection.identity() == null ? leftBehind : connection.identity();
    }

    Conversation conversation() {
        return conversation;
    }

    Settings settings() {
        return settings;
    }

    // ---- the start

    /** Gets a process, unless one is on its way; fails the turns that wait when there can be none now. */
    void request() {
        Duration pause = breaker.pauseLeft(scope.now());
        if (!pause.isZero()) {
            turns.loseWaiting(
                    ErrorCode.AGENT_CRASH_LOOP,
                    "the agent crashed " + scope.config(EngineConfig.CRASH_LOOP_LIMIT)
                            + " times in a row (crash-loop-limit); try again in " + (pause.toSeconds() + 1) + " s");
        } else if (request == null) {
            request = new SlotRequest();
            request.ticket = slots.request(request);
        }
    }

    /** No process is needed any more. */
    void cancelRequest() {
        if (request != null && request.ticket != null) {
            request.ticket.cancel();
        }
        request = null;
    }

    /** One wait for a slot. Its answers may come after it was cancelled; then they are not for a later one. */
    private final class SlotRequest implements SlotSource.Applicant {
        private SlotSource.@Nullable Ticket ticket;

        @Override
        public void admitted(SlotSource.Slot slot) {
            scope.mailbox.execute(() -> {
                if (request == this) {
                    request = null;
                    launch(slot);
                } else {
                    slot.release();
                }
            });
        }

        @Override
        public void refused(PoolSnapshot snapshot) {
            scope.mailbox.execute(() -> {
                if (request == this) {
                    request = null;
                    noSlot(snapshot);
                }
            });
        }
    }

    private void noSlot(PoolSnapshot snapshot) {
        scope.parts.listener().onPoolExhausted(snapshot);
        turns.loseFirstWaiting(
                ErrorCode.POOL_EXHAUSTED,
                "no process slot came free within " + scope.config(EngineConfig.ADMISSION_TIMEOUT)
                        + " (admission-timeout): " + snapshot);
        turns.pump();
    }

    private void launch(SlotSource.Slot slot) {
        if (connection != null || !turns.needProcess()) {
            slot.release();
            turns.pump();
            return;
        }
        generation++;
        AgentConnection c = new AgentConnection(generation, conversation.nextStart(), slot, scope, talk, this);
        connection = c;
        c.watch(scope.timer(scope.config(EngineConfig.START_TIMEOUT), () -> startTimedOut(c)));
        starter.start(
                settings.current(),
                c,
                leftBehind,
                started -> scope.mailbox.execute(() -> attached(c, started)),
                failure -> scope.mailbox.execute(() -> launchFailed(c, failure)));
        turns.publish();
    }

    private void attached(AgentConnection c, ProcessStarter.Started started) {
        leftBehind = null;
        c.attach(started);
        turns.publish();
    }

    private void launchFailed(AgentConnection c, HotPlexException failure) {
        boolean wanted = c.endReason() == null;
        gone(c);
        if (wanted) {
            turns.loseFirstWaiting(failure.code(), String.valueOf(failure.getMessage()));
        }
        turns.pump();
    }

    private void startTimedOut(AgentConnection c) {
        if (c.state() == ProcessState.STARTING) {
            kill(
                    "the agent was not ready within " + scope.config(EngineConfig.START_TIMEOUT) + " (start-timeout)",
                    ErrorCode.AGENT_START_TIMEOUT);
        }
    }

    @Override
    public void ready(AgentConnection c) {
        c.watch(null);
        c.slot.started();
        if (turns.running()) {
            c.busy();
        }
        scope.touch();
        String provider = scope.provider.name();
        String id = conversation.agentSessionId();
        String dir = scope.spec.workDir().toString();
        String launcher = scope.parts.launcher().info().name();
        String confinement = reduced(c.isolation());
        scope.recorder.append(
                null,
                c.start.mode() == Mode.RESUME
                        ? new AgentEvent.SessionResumed(provider, id, c.generation, c.pid(), dir, launcher, confinement)
                        : new AgentEvent.SessionStarted(
                                provider, id, c.generation, c.pid(), dir, launcher, confinement));
        scope.parts
                .listener()
                .onProcessReady(scope.spec.id(), provider, c.generation, Duration.ofNanos(scope.now() - c.createdAt));
        scope.mailbox.execute(
                () -> { // not now: the protocol is in the middle of a call
                    settings.retry(connection);
                    turns.pump();
                });
    }

    /** Writes down what is missing of the isolation that was asked for. The result is what the process is kept in. */
    private String reduced(Isolation.Applied applied) {
        String confinement = applied.confinement().key();
        if (!applied.missing().isEmpty()) {
            scope.line(log, Level.WARN)
                    .log("session '{}': less isolation than asked for: {}", scope.spec.id(), applied.missing());
            Confinement wanted = Objects.requireNonNull(scope.spec.confinement(), "filled in");
            scope.recorder.append(
                    null, new AgentEvent.IsolationReduced(wanted.kind().key(), confinement, applied.missing()));
        }
        return confinement;
    }

    // ---- the end

    @Override
    public void broken(AgentConnection c, ErrorCode code, String message) {
        if (connection == c && c.endReason() == null) {
            breaker.crashed(scope.now());
            kill(message, code);
        }
    }

    /** Kills a process that cannot be used any more, and fails its turns or the one that it was started for. */
    void kill(String reason, ErrorCode code) {
        AgentConnection c = connection;
        if (c != null) {
            boolean starting = !c.everReady();
            end(c, reason, Duration.ZERO, scope.config(EngineConfig.TERM_GRACE));
            turns.loseRunning(code, reason);
            if (starting) {
                turns.loseFirstWaiting(code, reason);
            }
        }
    }

    /** Ends the process politely, if there is one that is not ending already. */
    void end(String reason) {
        if (connection != null && connection.state() != ProcessState.DEAD) {
            end(connection, reason, scope.config(EngineConfig.EOF_GRACE), scope.config(EngineConfig.TERM_GRACE));
        }
    }

    /** Kills the process without a word: another engine may be about to start one for the session. */
    void cut(String reason) {
        cancelRequest();
        if (connection != null) {
            end(connection, reason, Duration.ZERO, Duration.ZERO);
        }
    }

    private void end(AgentConnection c, String reason, Duration eofGrace, Duration termGrace) {
        c.end(reason, eofGrace, termGrace);
        Duration limit = eofGrace.plus(termGrace).plus(KILL_LIMIT);
        c.watch(scope.timer(limit, () -> stuck(c)));
        turns.publish();
    }

    /** The kernel keeps a killed process; two may never serve one session, so the prompts that wait fail. */
    private void stuck(AgentConnection c) {
        if (connection == c) {
            scope.line(log, Level.ERROR).log("process {} of session '{}' cannot be killed", c.pid(), scope.spec.id());
            turns.giveUp();
        }
    }

    /** Forgets the process without waiting for its end. */
    void abandon(String reason) {
        AgentConnection c = connection;
        if (c != null) {
            c.end(reason, Duration.ZERO, scope.config(EngineConfig.TERM_GRACE));
            leftBehind = identity();
            gone(c);
        }
    }

    @Override
    public void exited(AgentConnection c, Exit exit, ExitVerdict told) {
        ExitVerdict verdict = exit.status().outOfMemory() ? outOfMemory() : told;
        gone(c);
        if (scope.recorder.closed()) {
            return;
        }
        boolean retired = verdict.kind() == ExitKind.RETIRED;
        boolean expected = c.endReason() != null || retired;
        Cleanup cleanup = exit.cleanup();
        String said = verdict.message() != null ? verdict.message() : String.join("\n", exit.stderrTail());
        scope.recorder.append(
                turns.turnId(),
                new AgentEvent.ProcessExited(
                        c.generation,
                        c.pid(),
                        exit.status().code(),
                        exit.status().signal(),
                        expected,
                        c.endReason() != null ? c.endReason() : said,
                        cleanup == null ? 0 : cleanup.survivorsFound(),
                        cleanup == null ? 0 : cleanup.survivorsLeft(),
                        cleanup == null ? null : cleanup.took(),
                        exit.status().outOfMemory() && !expected)); // else it was the engine that killed it
        scope.parts.listener().onProcessExited(scope.spec.id(), scope.provider.name(), c.generation, expected);
        if (retired && c.endReason() == null) {
            turns.requeueRunning();
        } else if (!expected && !restarts(verdict)) {
            crashed(verdict, "the agent ended with " + exit.status() + (said.isEmpty() ? "" : ": " + said), c);
        }
        turns.pump();
    }

    /** Whether the end of the process only means that it has to be started in another way. */
    private boolean restarts(ExitVerdict verdict) {
        String previous = conversation.agentSessionId();
        boolean again = verdict.kind() == ExitKind.SESSION_ID_TAKEN && conversation.resumeInstead()
                || verdict.kind() == ExitKind.SESSION_NOT_FOUND && conversation.beginAnew();
        if (again) {
            if (!previous.equals(conversation.agentSessionId())) {
                scope.recorder.append(
                        turns.turnId(),
                        new AgentEvent.AgentSessionChanged(previous, conversation.agentSessionId(), "resume_failed"));
            }
            turns.requeueRunning();
        }
        return again;
    }

    /** What the agent said last cannot explain it: it did not see it come. */
    private ExitVerdict outOfMemory() {
        return new ExitVerdict(
                ExitKind.CRASH,
                ErrorCode.AGENT_OUT_OF_MEMORY,
                "the kernel killed it at its memory limit (limit-memory): raise the limit, or ask for less at once");
    }

    private void crashed(ExitVerdict verdict, String message, AgentConnection c) {
        breaker.crashed(scope.now());
        turns.loseRunning(verdict.code(), message);
        ErrorCode code = verdict.code() == ErrorCode.AGENT_CRASHED ? ErrorCode.AGENT_START_FAILED : verdict.code();
        if (verdict.kind() == ExitKind.REFUSED) {
            turns.loseWaiting(code, message);
        } else if (!c.everReady()) {
            turns.loseFirstWaiting(code, message);
        }
    }

    /** Forgets a process that is gone, and gives back what it held. */
    private void gone(AgentConnection c) {
        c.release();
        if (connection == c) {
            connection = null;
            turns.processGone();
            settings.processGone(c.endReason() != null);
            turns.publish();
        }
    }

    // ---- what the turns tell

    /** The agent gave the conversation another id; from now on that is what nobody else may drive. */
    void renamed(String agentSessionId) {
        AgentConnection c = connection;
        conversation.renamed(agentSessionId);
        if (c != null) {
            starter.leaseAlso(agentSessionId, lease -> scope.mailbox.execute(() -> c.hold(lease)));
        }
    }

    /** The process waits for work; another session may need its slot more. */
    void idle() {
        slots.idle();
    }

    /** A turn completed: starts are fine. */
    void succeeded() {
        breaker.succeeded();
    }
}
