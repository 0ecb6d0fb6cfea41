package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Origin;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.ProcessListener.Exit;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.session.OpenTurn.Stop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a session: its turns, and the one agent process that serves them.
 *
 * <p>The story of a prompt: {@link #accepted} (guard, delivery) → {@link #pump} (a process, if there is none) →
 * {@link #begin} → the protocol → {@link #event} … → {@link #turnEnded} → {@link #endTurn}, which writes the one
 * terminal event. {@link AgentConnection} has the table of the process's states. {@code current} is the turn that the
 * agent works on, {@code steered} are prompts that it was given meanwhile, {@code waiting} are those it has not seen.
 *
 * <p>Confined to whoever owns the {@link Mailbox}: every method runs as one of its tasks, except for {@link #admitted}
 * and {@link #refused}, which leave a task, and the accessors of volatile and thread-safe fields. No lock is held while
 * anything here calls out.
 */
final class SessionOwner implements AgentConnection.Events, SlotSource.Applicant {
    private static final Logger log = LoggerFactory.getLogger(SessionOwner.class);

    /** How long a killed process may take to be gone before its session gives up on it: the kernel's business. */
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    // thread-safe
    final Mailbox mailbox;
    final Acceptance acceptance;
    final Requests requests;
    final Recorder recorder;

    private final SessionSpec spec;
    private final AgentProvider provider;
    private final EngineParts parts;
    private final SlotSource slots;
    private final ProcessStarter starter;
    private final Runnable onClosed;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // confined
    private final Deque<OpenTurn> waiting = new ArrayDeque<>();
    private final Map<String, OpenTurn> steered = new LinkedHashMap<>();
    private final Settings settings;
    private final CrashBreaker breaker;
    private final Conversation conversation;
    private @Nullable OpenTurn current;
    private @Nullable AgentConnection connection;
    private SlotSource.@Nullable Ticket ticket;
    private int generation;
    private @Nullable String closing;

    // written as the owner, read by all
    private volatile View view;
    private volatile long lastActivity;

    /** What others see of the owner's state. */
    record View(
            String agentSessionId,
            ProcessState state,
            @Nullable Long pid,
            int generation,
            @Nullable String runningTurn,
            int queuedTurns) {}

    SessionOwner(
            SessionSpec spec,
            AgentProvider provider,
            EngineParts parts,
            SlotSource slots,
            ProcessStarter starter,
            SessionLog sessionLog,
            Runnable onClosed) {
        EngineConfig config = parts.config();
        this.spec = spec;
        this.provider = provider;
        this.parts = parts;
        this.slots = slots;
        this.starter = starter;
        this.onClosed = onClosed;
        mailbox = new Mailbox(parts.executor(), this::defect);
        acceptance = new Acceptance(
                spec.id(),
                config.get(EngineConfig.PROMPT_MAX_BYTES),
                config.get(EngineConfig.QUEUE_MAX_TURNS),
                config.get(EngineConfig.IDEMPOTENCY_MAX_IDS));
        requests = new Requests(config.get(EngineConfig.PENDING_REQUESTS_MAX));
        recorder = new Recorder(parts, spec.id(), sessionLog);
        settings = new Settings(spec, this::callBack);
        breaker = new CrashBreaker(
                config.get(EngineConfig.CRASH_LOOP_LIMIT),
                config.get(EngineConfig.CRASH_LOOP_WINDOW),
                config.get(EngineConfig.CRASH_LOOP_PAUSE));
        String chosenId = AgentIds.conversation(config.get(EngineConfig.NAMESPACE), spec.id())
                .toString();
        conversation = new Conversation(spec, chosenId, provider.capabilities());
        lastActivity = now();
        view = new View(conversation.agentSessionId(), ProcessState.NONE, null, 0, null, 0);
    }

    // ---- any thread

    View view() {
        return view;
    }

    /** How long nothing was said in either direction, in nanoseconds. */
    long quietNanos() {
        return Math.max(0, now() - lastActivity);
    }

    CompletionStage<Void> closed() {
        return closed.minimalCompletionStage();
    }

    OpenTurn newTurn(Prompt prompt) {
        return newTurn(Origin.PROMPT, prompt);
    }

    private OpenTurn newTurn(Origin origin, Prompt prompt) {
        return new OpenTurn(
                spec.id(),
                AgentIds.turn(parts.clock().millis()).toString(),
                origin,
                prompt,
                turn -> mailbox.execute(() -> stop(turn, new Stop.Cancel("cancelled"))));
    }

    // ---- turns

    void accepted(OpenTurn turn) {
        lastActivity = now();
        AgentEvent.@Nullable TurnBlocked blocked = closing == null ? guard(turn.prompt) : null;
        if (closing != null) {
            endTurn(turn, TurnEnds.stopped(new Stop.Cancel("session " + closing), Duration.ZERO));
        } else if (blocked != null) {
            endTurn(turn, blocked);
        } else if (turn.prompt.delivery() != Delivery.STEER || !steered(turn)) {
            if (turn.prompt.delivery() == Delivery.INTERRUPT) {
                openTurns().forEach(open -> stop(open, new Stop.Cancel("replaced by a newer prompt")));
            }
            waiting.add(turn);
            pump();
        }
    }

    @SuppressWarnings("IllegalCatch") // a guard is foreign code, and fails closed
    private AgentEvent.@Nullable TurnBlocked guard(Prompt prompt) {
        PromptGuard.Decision decision;
        try {
            decision = parts.guard().check(spec, prompt);
        } catch (RuntimeException e) {
            log.error("the prompt guard failed, the prompt is blocked", e);
            decision = new PromptGuard.Decision.Block(
                    "guard-failed", "guard", "critical", "the guard could not decide", List.of());
        }
        return decision instanceof PromptGuard.Decision.Block b
                ? new AgentEvent.TurnBlocked(b.ruleId(), b.category(), b.level(), b.message(), b.suggestions())
                : null;
    }

    /** Hands a prompt into the running turn; {@code false} when that cannot be, then it waits like others. */
    private boolean steered(OpenTurn turn) {
        AgentConnection c = connection;
        if (c == null
                || c.state() != ProcessState.BUSY
                || current == null
                || current.stop != null
                || current.origin != Origin.PROMPT
                || !can(Capability.STEER)) {
            return false;
        }
        steered.put(turn.id(), turn);
        boolean[] taken = new boolean[1];
        c.call(p -> taken[0] = p.steer(turn.id(), turn.prompt, c));
        if (taken[0] && !turn.ended) {
            started(turn);
        } else {
            steered.remove(turn.id());
        }
        return taken[0] || turn.ended;
    }

    /** Does the next thing that can be done; called whenever something changed. */
    private void pump() {
        AgentConnection c = connection;
        if (closing != null) {
            closeStep();
        } else if (current == null && steered.isEmpty() && !waiting.isEmpty()) {
            if (c == null) {
                requestProcess();
            } else if (c.state() == ProcessState.READY) {
                begin(c, waiting.remove());
            }
        }
        publish();
        if (c != null && c.state() == ProcessState.READY) {
            slots.idle();
        }
    }

    private void begin(AgentConnection c, OpenTurn turn) {
        current = turn;
        c.busy();
        started(turn);
        Duration limit = config(EngineConfig.FIRST_OUTPUT_TIMEOUT);
        turn.watch(timer(limit, () -> stop(turn, new Stop.TimeOut(ErrorCode.FIRST_OUTPUT_TIMEOUT, limit))));
        c.call(p -> p.prompt(turn.id(), turn.prompt, c));
    }

    /** Writes down that a turn runs, and starts its clock; once. */
    private void started(OpenTurn turn) {
        if (!turn.started) {
            turn.started = true;
            turn.startedAt = now();
            Duration limit = turn.prompt.timeout() != null ? turn.prompt.timeout() : config(EngineConfig.TURN_TIMEOUT);
            turn.timeout = timer(limit, () -> stop(turn, new Stop.TimeOut(ErrorCode.TURN_TIMEOUT, limit)));
            recorder.append(turn.id(), new AgentEvent.TurnStarted(turn.origin, turn.prompt.clientId()));
        }
        publish();
    }

    void stopCurrent(Stop why) {
        if (current != null) {
            stop(current, why);
        }
    }

    /**
     * Makes a turn end: a waiting one at once, a running one by interrupting the agent, and if need be by killing it.
     */
    private void stop(OpenTurn turn, Stop why) {
        if (turn.ended || turn.stop != null) {
            return;
        }
        turn.stop = why;
        AgentConnection c = connection;
        if (waiting.remove(turn) || c == null) {
            endTurn(turn, TurnEnds.stopped(why, elapsed(turn)));
        } else if (turn == current || why instanceof Stop.TimeOut) {
            boolean polite = can(Capability.INTERRUPT);
            turn.watch(timer(polite ? config(EngineConfig.INTERRUPT_GRACE) : Duration.ZERO, () -> killFor(turn)));
            if (polite) {
                c.call(p -> p.interrupt(c));
            }
        }
    }

    private void killFor(OpenTurn turn) {
        if (connection != null && !turn.ended) {
            kill(connection, "killed: a turn did not stop", ErrorCode.AGENT_CRASHED);
        }
    }

    /** Ends a turn: writes its terminal event, tells who waits, goes on. */
    private void endTurn(OpenTurn turn, AgentEvent.Terminal end) {
        if (turn.ended) {
            return;
        }
        turn.end();
        steered.remove(turn.id());
        if (current == turn || current == null && steered.isEmpty()) {
            withdrawRequests();
        }
        current = current == turn ? null : current;
        AgentConnection c = connection;
        if (c != null && c.state() == ProcessState.BUSY && running().isEmpty()) {
            c.idle();
        }
        EventRecord record = recorder.append(turn.id(), end);
        lastActivity = now();
        if (turn.origin == Origin.PROMPT) {
            acceptance.ended();
        }
        if (end instanceof AgentEvent.TurnCompleted) {
            breaker.succeeded();
        }
        TurnResult result = new TurnResult(spec.id(), turn.id(), record.offset(), end);
        parts.listener().onTurnEnded(provider.name(), result);
        callBack(() -> turn.complete(result));
        mailbox.execute(this::pump); // not now: the protocol may be in the middle of a call
    }

    /** Ends a turn that the agent cannot end any more. */
    private void loseTurn(OpenTurn turn, ErrorCode code, String message) {
        waiting.remove(turn);
        endTurn(turn, TurnEnds.lost(turn.stop, code, message, elapsed(turn)));
    }

    private void loseFirstWaiting(ErrorCode code, String message) {
        OpenTurn first = waiting.peek();
        if (first != null) {
            loseTurn(first, code, message);
        }
    }

    // ---- what the agent says

    @Override
    public void event(AgentEvent event) {
        lastActivity = now();
        if (event instanceof AgentEvent.PermissionResolved p && requests.withdraw(p.requestId()) == null
                || event instanceof AgentEvent.QuestionAnswered q && requests.withdraw(q.requestId()) == null) {
            return; // somebody's answer crossed with the agent's withdrawal, and came first
        }
        OpenTurn turn = current;
        if (turn != null && !turn.answered && answers(event)) {
            turn.answered = true;
            conversation.established();
            if (turn.stop == null) {
                turn.watch(null);
            }
        }
        boolean full = Requests.asks(event) && !requests.add(event);
        recorder.append(turnId(), event);
        if (full) {
            mailbox.execute(() -> refuse(event)); // not now: the protocol is in the middle of a call
        }
    }

    /** Whether an event is an answer of the agent, rather than news about itself. */
    private static boolean answers(AgentEvent event) {
        return !(event instanceof AgentEvent.AgentInfo
                || event instanceof AgentEvent.ModelChanged
                || event instanceof AgentEvent.PermissionModeChanged
                || event instanceof AgentEvent.RateLimited
                || event instanceof AgentEvent.Raw);
    }

    @Override
    public void turnStarted(@Nullable String turnId) {
        OpenTurn turn = turnId == null ? newTurn(Origin.AGENT, Prompt.of("")) : steered.get(turnId);
        AgentConnection c = connection;
        if (turn == null || c == null || current != null) {
            return;
        }
        steered.remove(turn.id());
        current = turn;
        c.busy();
        started(turn);
        if (turn.stop instanceof Stop.Cancel) {
            mailbox.execute(() -> stopAgain(turn));
        }
    }

    /** A prompt was cancelled while it could not be; now it is what the agent works on. */
    private void stopAgain(OpenTurn turn) {
        Stop why = turn.stop;
        turn.stop = null;
        if (why != null) {
            stop(turn, why);
        }
    }

    @Override
    public void turnEnded(@Nullable String turnId, TurnEnd end) {
        OpenTurn turn = turnId == null ? agentTurn() : find(turnId);
        if (turn != null) {
            conversation.established();
            endTurn(turn, TurnEnds.reported(turn.stop, end, elapsed(turn)));
        }
    }

    /** The turn that the agent began by itself; made now when its end is the first that is heard of it. */
    private OpenTurn agentTurn() {
        if (current != null && current.origin == Origin.AGENT) {
            return current;
        }
        OpenTurn turn = newTurn(Origin.AGENT, Prompt.of(""));
        started(turn);
        return turn;
    }

    private @Nullable OpenTurn find(String turnId) {
        return current != null && current.id().equals(turnId) ? current : steered.get(turnId);
    }

    @Override
    public void agentSession(String agentSessionId, String reason) {
        String previous = conversation.agentSessionId();
        if (!previous.equals(agentSessionId)) {
            conversation.renamed(agentSessionId);
            recorder.append(turnId(), new AgentEvent.AgentSessionChanged(previous, agentSessionId, reason));
            publish();
        }
    }

    @Override
    public void commandEnded(String commandId, @Nullable String error) {
        settings.ended(commandId, error);
    }

    // ---- what people say

    void resolved(String requestId, PermissionAnswer answer, String by) {
        AgentConnection c = connection;
        if (c == null || c.state() == ProcessState.DEAD) {
            recorder.append(turnId(), withdrawn(requestId));
            return;
        }
        String message = answer instanceof PermissionAnswer.Deny deny ? deny.message() : null;
        Resolution resolution = message == null ? Resolution.ALLOWED : Resolution.DENIED;
        recorder.append(turnId(), new AgentEvent.PermissionResolved(requestId, resolution, by, message));
        c.call(p -> p.answer(requestId, answer, c));
    }

    void answered(String requestId, Map<String, List<String>> answers, String by) {
        AgentConnection c = connection;
        if (c == null || c.state() == ProcessState.DEAD) {
            recorder.append(turnId(), new AgentEvent.QuestionAnswered(requestId, Map.of(), "engine"));
            return;
        }
        recorder.append(turnId(), new AgentEvent.QuestionAnswered(requestId, answers, by));
        c.call(p -> p.answerQuestion(requestId, answers, c));
    }

    /** One request too many: the agent hears no at once. */
    private void refuse(AgentEvent request) {
        String id = Requests.idOf(request);
        if (request instanceof AgentEvent.PermissionRequested) {
            resolved(id, PermissionAnswer.deny("too many requests are pending (pending-requests-max)"), "engine");
        } else {
            answered(id, Map.of(), "engine");
        }
    }

    private void withdrawRequests() {
        for (AgentEvent request : requests.list()) {
            String id = Requests.idOf(request);
            if (requests.withdraw(id) != null) {
                recorder.append(
                        turnId(),
                        request instanceof AgentEvent.PermissionRequested
                                ? withdrawn(id)
                                : new AgentEvent.QuestionAnswered(id, Map.of(), "engine"));
            }
        }
    }

    private static AgentEvent withdrawn(String requestId) {
        return new AgentEvent.PermissionResolved(requestId, Resolution.WITHDRAWN, "engine", null);
    }

    void change(Settings.Setting setting, String value, CompletableFuture<Void> done) {
        if (can(setting.capability)) {
            settings.change(setting, value, done, connection);
        } else {
            String message = "provider '" + provider.name() + "' cannot change it";
            callBack(() -> done.completeExceptionally(new HotPlexException(ErrorCode.NOT_SUPPORTED, message)));
        }
    }

    // ---- the process

    private void requestProcess() {
        Duration pause = breaker.pauseLeft(now());
        if (!pause.isZero()) {
            String message = "the agent crashed " + config(EngineConfig.CRASH_LOOP_LIMIT)
                    + " times in a row (crash-loop-limit); try again in " + (pause.toSeconds() + 1) + " s";
            List.copyOf(waiting).forEach(turn -> loseTurn(turn, ErrorCode.AGENT_CRASH_LOOP, message));
        } else if (ticket == null) {
            ticket = slots.request(this);
        }
    }

    @Override
    public void admitted(SlotSource.Slot slot) {
        mailbox.execute(() -> launch(slot));
    }

    @Override
    public void refused(PoolSnapshot snapshot) {
        mailbox.execute(() -> {
            ticket = null;
            parts.listener().onPoolExhausted(snapshot);
            loseFirstWaiting(
                    ErrorCode.POOL_EXHAUSTED,
                    "no process slot came free within " + config(EngineConfig.ADMISSION_TIMEOUT)
                            + " (admission-timeout): " + snapshot);
            pump();
        });
    }

    private void launch(SlotSource.Slot slot) {
        ticket = null;
        if (closing != null || waiting.isEmpty() || connection != null) {
            slot.release();
            pump();
            return;
        }
        generation++;
        AgentConnection c = new AgentConnection(generation, conversation.nextStart(), slot, parts, mailbox, this);
        connection = c;
        c.watch(timer(config(EngineConfig.START_TIMEOUT), () -> startTimedOut(c)));
        starter.start(
                settings.current(),
                c,
                started -> mailbox.execute(() -> attached(c, started)),
                failure -> mailbox.execute(() -> launchFailed(c, failure)));
        publish();
    }

    private void attached(AgentConnection c, ProcessStarter.Started started) {
        c.attach(started);
        publish();
    }

    private void launchFailed(AgentConnection c, HotPlexException failure) {
        boolean wanted = c.endReason() == null;
        gone(c);
        if (wanted) {
            loseFirstWaiting(failure.code(), String.valueOf(failure.getMessage()));
        }
        pump();
    }

    private void startTimedOut(AgentConnection c) {
        if (c.state() == ProcessState.STARTING) {
            String limit = "the agent was not ready within " + config(EngineConfig.START_TIMEOUT) + " (start-timeout)";
            kill(c, limit, ErrorCode.AGENT_START_TIMEOUT);
        }
    }

    @Override
    public void ready(AgentConnection c) {
        c.watch(null);
        c.slot.started();
        if (current != null) {
            c.busy();
        }
        lastActivity = now();
        String id = conversation.agentSessionId();
        String dir = spec.workDir().toString();
        String launcher = parts.launcher().info().name();
        recorder.append(
                null,
                c.start.mode() == Mode.RESUME
                        ? new AgentEvent.SessionResumed(provider.name(), id, c.generation, c.pid(), dir, launcher)
                        : new AgentEvent.SessionStarted(provider.name(), id, c.generation, c.pid(), dir, launcher));
        parts.listener()
                .onProcessReady(spec.id(), provider.name(), c.generation, Duration.ofNanos(now() - c.createdAt));
        mailbox.execute(
                () -> { // not now: the protocol is in the middle of a call
                    settings.retry(connection);
                    pump();
                });
    }

    @Override
    public void broken(AgentConnection c, ErrorCode code, String message) {
        if (connection == c && c.endReason() == null) {
            breaker.crashed(now());
            kill(c, message, code);
        }
    }

    /** Kills a process that cannot be used any more and ends its turns, or the one that it was started for. */
    private void kill(AgentConnection c, String reason, ErrorCode code) {
        boolean starting = !c.everReady();
        end(c, reason, Duration.ZERO);
        running().forEach(turn -> loseTurn(turn, code, reason));
        if (starting) {
            loseFirstWaiting(code, reason);
        }
    }

    private void end(AgentConnection c, String reason, Duration eofGrace) {
        c.end(reason, eofGrace);
        Duration limit = eofGrace.plus(config(EngineConfig.TERM_GRACE)).plus(KILL_LIMIT);
        c.watch(timer(limit, () -> stuck(c)));
        publish();
    }

    /** The kernel keeps a killed process; two may never serve one session, so the prompts that wait fail. */
    private void stuck(AgentConnection c) {
        if (connection == c) {
            log.error("process {} of session '{}' cannot be killed", c.pid(), spec.id());
            List.copyOf(waiting)
                    .forEach(turn -> loseTurn(turn, ErrorCode.AGENT_START_FAILED, "an old process cannot be killed"));
            if (closing != null) {
                finishClose();
            }
        }
    }

    /** Ends the process if it has waited for work for that long. */
    void hibernate(String reason, Duration idleFor) {
        AgentConnection c = connection;
        if (c != null && c.state() == ProcessState.READY && waiting.isEmpty() && quietNanos() >= idleFor.toNanos()) {
            end(c, reason, config(EngineConfig.EOF_GRACE));
        }
    }

    @Override
    public void exited(AgentConnection c, Exit exit, ExitVerdict verdict) {
        gone(c);
        if (recorder.closed()) {
            return;
        }
        boolean expected = c.endReason() != null;
        String said = verdict.message() != null ? verdict.message() : String.join("\n", exit.stderrTail());
        recorder.append(
                turnId(),
                new AgentEvent.ProcessExited(
                        c.generation,
                        c.pid(),
                        exit.status().code(),
                        exit.status().signal(),
                        expected,
                        expected ? String.valueOf(c.endReason()) : said));
        parts.listener().onProcessExited(spec.id(), provider.name(), c.generation, expected);
        if (!expected && !restarts(verdict)) {
            String message = "the agent ended with " + exit.status() + (said.isEmpty() ? "" : ": " + said);
            crashed(verdict, message, !c.everReady());
        }
        pump();
    }

    /** Whether the end of the process only means that it has to be started in another way. */
    private boolean restarts(ExitVerdict verdict) {
        String previous = conversation.agentSessionId();
        boolean again = verdict.kind() == ExitKind.SESSION_ID_TAKEN && conversation.resumeInstead()
                || verdict.kind() == ExitKind.SESSION_NOT_FOUND && conversation.beginAnew();
        if (!again) {
            return false;
        }
        if (!previous.equals(conversation.agentSessionId())) {
            recorder.append(
                    turnId(),
                    new AgentEvent.AgentSessionChanged(previous, conversation.agentSessionId(), "resume_failed"));
        }
        List<OpenTurn> unseen = running();
        for (int i = unseen.size() - 1; i >= 0; i--) {
            unseen.get(i).watch(null);
            waiting.addFirst(unseen.get(i));
        }
        current = null;
        steered.clear();
        return true;
    }

    private void crashed(ExitVerdict verdict, String message, boolean starting) {
        breaker.crashed(now());
        running().forEach(turn -> loseTurn(turn, verdict.code(), message));
        ErrorCode code = verdict.code() == ErrorCode.AGENT_CRASHED ? ErrorCode.AGENT_START_FAILED : verdict.code();
        if (verdict.kind() == ExitKind.REFUSED) {
            List.copyOf(waiting).forEach(turn -> loseTurn(turn, code, message));
        } else if (starting) {
            loseFirstWaiting(code, message);
        }
    }

    /** Forgets a process that is gone, and gives back what it held. */
    private void gone(AgentConnection c) {
        c.release();
        if (connection == c) {
            connection = null;
            settings.processGone();
            publish();
        }
    }

    // ---- the end

    void close(String reason) {
        if (closing == null) {
            closing = reason;
            if (ticket != null) {
                ticket.cancel();
                ticket = null;
            }
            openTurns().forEach(turn -> stop(turn, new Stop.Cancel("session " + reason)));
        }
        pump();
    }

    private void closeStep() {
        if (connection == null) {
            openTurns().forEach(turn -> loseTurn(turn, ErrorCode.SESSION_CLOSED, "session " + closing));
            finishClose();
        } else if (running().isEmpty() && connection.state() != ProcessState.DEAD) {
            end(connection, "session " + closing, config(EngineConfig.EOF_GRACE));
        }
    }

    void abandon(String reason) {
        closing = closing == null ? reason : closing;
        if (connection != null) {
            connection.end(reason, Duration.ZERO);
            gone(connection);
        }
        openTurns().forEach(turn -> loseTurn(turn, ErrorCode.ENGINE_CLOSED, reason));
        finishClose();
    }

    private void finishClose() {
        if (!recorder.closed() && acceptance.open() == 0) { // else an accepted prompt is on its way to get its end
            recorder.append(null, new AgentEvent.SessionClosed(String.valueOf(closing)));
            recorder.close();
            parts.listener().onSessionClosed(spec.id(), provider.name());
            publish();
            onClosed.run();
            callBack(() -> closed.complete(null));
        }
    }

    /** A task of this class threw: a defect. The process ends, the turns fail, the session stays usable. */
    @SuppressWarnings("IllegalCatch") // the last line of defence
    private void defect(Throwable e) {
        log.error("session '{}' has a defect, its process ends", spec.id(), e);
        String reason = "internal error: " + e.getClass().getName();
        try {
            if (connection != null) {
                kill(connection, reason, ErrorCode.INTERNAL);
            } else {
                openTurns().forEach(turn -> loseTurn(turn, ErrorCode.INTERNAL, reason));
            }
        } catch (RuntimeException | Error again) {
            log.error("session '{}' could not recover from a defect", spec.id(), again);
        }
    }

    // ---- small things

    private List<OpenTurn> running() {
        List<OpenTurn> turns = new ArrayList<>();
        if (current != null) {
            turns.add(current);
        }
        turns.addAll(steered.values());
        return turns;
    }

    private List<OpenTurn> openTurns() {
        List<OpenTurn> turns = running();
        turns.addAll(waiting);
        return turns;
    }

    private void publish() {
        AgentConnection c = connection;
        ProcessState state = c != null ? c.state() : ticket != null ? ProcessState.STARTING : ProcessState.NONE;
        Long pid = c == null || c.pid() < 0 ? null : (Long) c.pid();
        view = new View(conversation.agentSessionId(), state, pid, generation, turnId(), waiting.size());
    }

    private @Nullable String turnId() {
        return current == null ? null : current.id();
    }

    private boolean can(Capability capability) {
        return provider.capabilities().contains(capability);
    }

    private <T> T config(EngineConfig.Key<T> key) {
        return parts.config().get(key);
    }

    private Duration elapsed(OpenTurn turn) {
        return turn.started ? Duration.ofNanos(now() - turn.startedAt) : Duration.ZERO;
    }

    private long now() {
        return parts.ticker().getAsLong();
    }

    private @Nullable Future<?> timer(Duration delay, Runnable task) {
        try {
            return parts.timer().schedule(() -> mailbox.execute(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            return null; // the engine is closing; it ends everything itself
        }
    }

    /** Runs what users see off the owner; on it when the executor is closed, lest anybody wait for ever. */
    private void callBack(Runnable task) {
        try {
            parts.executor().execute(task);
        } catch (RejectedExecutionException e) {
            task.run();
        }
    }
}
