package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Origin;
import io.hotplex.api.Delivery;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.event.StatsFold;
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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Runs a session's turns.
 *
 * <p>The story of a prompt: {@link #accepted} (guard) → {@link #looked} (delivery) → {@link #pump} (a process, if there
 * is none) → {@link #begin} → the protocol → {@link #event} … → {@link #turnEnded} → {@link #endTurn}, which writes the
 * one terminal event. {@code current} is the turn that the agent works on, {@code steered} are prompts that it was
 * given meanwhile, {@code waiting} are those it has not seen. The process is the business of {@link ProcessKeeper},
 * people's answers that of {@link Approvals}.
 *
 * <p>Confined to whoever owns the {@link Mailbox}: every method runs as one of its tasks, except for the accessors of
 * volatile and thread-safe fields. No lock is held while anything here calls out.
 */
final class SessionOwner implements AgentConnection.Talk, ProcessKeeper.Turns {
    private static final Logger log = LoggerFactory.getLogger(SessionOwner.class);

    // thread-safe
    final SessionScope scope;
    final Acceptance acceptance;
    final Requests requests;
    final Turns turns;
    private final Runnable onClosed;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    // confined
    final ProcessKeeper process;
    final Approvals approvals;
    private final ToolDesk desk;
    private final PromptDesk prompts;
    /** What an earlier engine accepted, until {@link #takeOver}. */
    private final Deque<OpenTurn> restored = new ArrayDeque<>();

    private final Deque<OpenTurn> waiting = new ArrayDeque<>();
    private final Map<String, OpenTurn> steered = new LinkedHashMap<>();
    private @Nullable OpenTurn current;
    private @Nullable String closing;
    /** Whether what waits is left to the next engine while this one closes the session. */
    private boolean suspending;

    private boolean over;
    /** How often the guards were switched off; the last time counts. */
    private int bypasses;

    /** Written as the owner, read by all. */
    private volatile View view;

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
            Journal journal,
            @Nullable Restored earlier,
            Runnable onClosed) {
        EngineConfig config = parts.config();
        this.onClosed = onClosed;
        StatsFold stats = earlier == null
                ? new StatsFold(spec.id())
                : new StatsFold(earlier.state().stats());
        Mailbox mailbox = new Mailbox(parts.executor(), this::defect);
        Recorder recorder = new Recorder(
                parts,
                journal,
                stats,
                spec.id(),
                () -> mailbox.execute(this::readOn),
                () -> mailbox.execute(this::lost));
        scope = new SessionScope(spec, provider, parts, mailbox, recorder);
        acceptance = new Acceptance(
                spec.id(),
                config.get(EngineConfig.PROMPT_MAX_BYTES),
                config.get(EngineConfig.QUEUE_MAX_TURNS),
                config.get(EngineConfig.IDEMPOTENCY_MAX_IDS));
        turns = new Turns(config.get(EngineConfig.TURN_HISTORY_MAX), Acceptance.MAX_REMEMBERED_BYTES);
        requests = new Requests(config.get(EngineConfig.PENDING_REQUESTS_MAX));
        process = new ProcessKeeper(
                scope,
                earlier == null ? null : earlier.state(),
                slots,
                new ProcessStarter(parts, provider),
                this,
                this);
        desk = new ToolDesk(scope);
        prompts = new PromptDesk(scope, () -> desk.policy().bypassed());
        approvals = new Approvals(requests, desk, scope, process::connection, this::turnId, this::runClocks);
        if (earlier != null) {
            earlier.turns().forEach(this::restore);
            earlier.state().pendingRequests().forEach(approvals::restore);
        }
        view = look();
        recorder.save(this::state);
    }

    /** Takes over a turn that an earlier engine accepted. Called before anybody else knows the session. */
    private void restore(StoredTurn stored) {
        Prompt prompt = stored.prompt();
        TurnResult result = stored.result();
        if (result == null && prompt == null) {
            return; // the agent's own
        }
        OpenTurn turn = new OpenTurn(
                scope.spec.id(),
                stored.turnId(),
                Origin.PROMPT,
                prompt == null ? ended(stored.clientId()) : prompt,
                open -> scope.mailbox.execute(() -> stop(open, new Stop.Cancel("cancelled"))));
        turn.safe();
        turns.add(turn);
        if (result != null) {
            turn.end();
            turn.settled(result);
            turns.ended(result);
            turn.complete(result);
        } else {
            restored.add(turn);
        }
        acceptance.restore(turn, stored.clientId(), result != null);
    }

    /** What is left of the prompt of a turn that has ended. */
    private static Prompt ended(@Nullable String clientId) {
        Prompt.Builder prompt = Prompt.builder("");
        return (clientId == null ? prompt : prompt.clientId(clientId)).build();
    }

    /** Goes on with the prompts that an earlier engine accepted. */
    void takeOver() {
        approvals.takeOver();
        while (!restored.isEmpty()) {
            accepted(restored.remove());
        }
    }

    // ---- any thread

    View view() {
        return view;
    }

    /** The model that the next process starts with; {@code null} for the agent's own choice. */
    @Nullable
    String model() {
        return process.settings().current().model();
    }

    CompletionStage<Void> closed() {
        return closed.minimalCompletionStage();
    }

    /** A turn that users can look up from now on, before anybody can end it. */
    OpenTurn newTurn(Prompt prompt) {
        OpenTurn turn = newTurn(Origin.PROMPT, prompt);
        turns.add(turn);
        return turn;
    }

    private OpenTurn newTurn(Origin origin, Prompt prompt) {
        return new OpenTurn(
                scope.spec.id(),
                AgentIds.turn(scope.parts.clock().millis()).toString(),
                origin,
                prompt,
                turn -> scope.mailbox.execute(() -> stop(turn, new Stop.Cancel("cancelled"))));
    }

    // ---- turns

    void accepted(OpenTurn turn) {
        scope.touch();
        if (turn.ended) {
            return; // cancelled, by who repeated its client id, before it came here
        }
        HotPlexException lost = scope.recorder.lostFor();
        if (lost != null) {
            lose(turn, lost);
            pump();
            return;
        }
        if (suspending && turn.stop == null) {
            postpone(turn);
            pump();
            return;
        }
        waiting.add(turn); // first of all: whatever happens from here on, it has an owner
        Stop stop = turn.stop == null && closing != null ? new Stop.Cancel("session " + closing) : turn.stop;
        if (stop != null) {
            waiting.remove(turn);
            endTurn(turn, TurnEnds.stopped(stop, Duration.ZERO));
        } else {
            prompts.look(turn, end -> looked(turn, end));
        }
        pump();
    }

    /**
     * The guards have looked at a prompt, now or after a while.
     *
     * @param end what ends its turn, or {@code null} when it may go on
     */
    private void looked(OpenTurn turn, AgentEvent.@Nullable Terminal end) {
        if (turn.ended) {
            return; // stopped, or left to the next engine, meanwhile
        }
        turn.looked = true;
        if (end != null) {
            waiting.remove(turn);
            endTurn(turn, end);
        } else {
            deliver(turn);
            pump();
            if (waiting.contains(turn)) {
                turn.waits(scope.recorder.preview(turn.prompt.text()));
            }
        }
    }

    private void deliver(OpenTurn turn) {
        if (turn.prompt.delivery() == Delivery.INTERRUPT) {
            List<OpenTurn> older = runningTurns();
            waiting.stream().takeWhile(open -> open != turn).forEach(older::add); // behind it is what came later
            older.forEach(open -> stop(open, new Stop.Cancel("replaced by a newer prompt")));
        } else if (turn.prompt.delivery() == Delivery.STEER && steered(turn)) {
            waiting.remove(turn);
        }
    }

    /** Hands a prompt into the running turn; {@code false} when that cannot be, then it waits like others. */
    private boolean steered(OpenTurn turn) {
        AgentConnection c = process.connection();
        if (c == null
                || c.state() != ProcessState.BUSY
                || current == null
                || current.stop != null
                || current.origin != Origin.PROMPT
                || !scope.can(Capability.STEER)) {
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
    @Override
    public void pump() {
        AgentConnection c = process.connection();
        if (closing != null) {
            closeStep();
        } else if (current == null && steered.isEmpty() && mayBegin()) {
            if (c == null) {
                process.request();
            } else if (c.state() == ProcessState.READY) {
                begin(c, waiting.remove());
            }
        }
        if (!mayBegin()) {
            process.cancelRequest();
        }
        publish();
        if (c != null && c.state() == ProcessState.READY) {
            process.idle();
        }
    }

    /** Whether there is a first prompt, and guards let it pass. */
    private boolean mayBegin() {
        OpenTurn first = waiting.peek();
        return first != null && first.looked;
    }

    private void begin(AgentConnection c, OpenTurn turn) {
        current = turn;
        c.busy();
        started(turn);
        Duration limit = scope.config(EngineConfig.FIRST_OUTPUT_TIMEOUT);
        turn.watch(scope.timer(limit, () -> stop(turn, new Stop.TimeOut(ErrorCode.FIRST_OUTPUT_TIMEOUT, limit))));
        c.call(p -> p.prompt(turn.id(), turn.prompt, c));
    }

    /** Writes down that a turn runs, and starts its clock; once. */
    private void started(OpenTurn turn) {
        if (!turn.started) {
            turn.started = true;
            scope.traced(turn.prompt.traceparent());
            if (turn.origin == Origin.AGENT) {
                turns.add(turn); // a prompt's turn is there since it was made
            }
            turn.startedAt = scope.now();
            turn.limit =
                    turn.prompt.timeout() != null ? turn.prompt.timeout() : scope.config(EngineConfig.TURN_TIMEOUT);
            turn.left = turn.limit.toNanos();
            runClock(turn);
            scope.recorder.append(turn.id(), start(turn));
            turn.running();
        }
        publish();
    }

    private static AgentEvent.TurnStarted start(OpenTurn turn) {
        Prompt prompt = turn.prompt;
        Stream<AgentEvent.Attached> attached = prompt.attachments().stream()
                .map(one -> new AgentEvent.Attached(one.name(), one.mediaType(), one.size()));
        return new AgentEvent.TurnStarted(
                turn.origin,
                prompt.clientId(),
                turn.origin == Origin.PROMPT ? prompt.text() : null,
                prompt.traceparent(),
                Stream.concat(prompt.inlined().stream(), attached).toList());
    }

    /** Turns are not cut while they wait for people: their time goes on when nobody is asked anything any more. */
    private void runClocks() {
        runningTurns().forEach(this::runClock);
    }

    private void runClock(OpenTurn turn) {
        boolean wait = !requests.isEmpty();
        if (!turn.started || turn.ended || turn.stop != null) {
            return;
        }
        if (wait && turn.timeout != null) {
            turn.timeout.cancel(false);
            turn.timeout = null;
            turn.left = Math.max(0, turn.left - (scope.now() - turn.clockAt));
        } else if (!wait && turn.timeout == null) {
            turn.clockAt = scope.now();
            turn.timeout = scope.timer(
                    Duration.ofNanos(turn.left),
                    () -> stop(turn, new Stop.TimeOut(ErrorCode.TURN_TIMEOUT, turn.limit)));
        }
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
        if (turn.ended || turn.stopping) {
            return;
        }
        turn.stop = turn.stop == null ? why : turn.stop;
        AgentConnection c = process.connection();
        if (waiting.remove(turn) || c == null) {
            endTurn(turn, TurnEnds.stopped(turn.stop, elapsed(turn)));
        } else if (turn == current || why instanceof Stop.TimeOut) {
            turn.stopping = true;
            boolean polite = scope.can(Capability.INTERRUPT);
            Duration grace = polite ? scope.config(EngineConfig.INTERRUPT_GRACE) : Duration.ZERO;
            turn.watch(scope.timer(grace, () -> killFor(turn)));
            if (polite) {
                c.call(p -> p.interrupt(c));
            }
        } // else it was steered: it ends with the turn that takes it in, or is stopped when it is the current one
    }

    private void killFor(OpenTurn turn) {
        if (!turn.ended) {
            process.kill("killed: a turn did not stop", ErrorCode.AGENT_CRASHED);
        }
    }

    /** Ends a turn: writes its terminal event, tells who waits, goes on. */
    private void endTurn(OpenTurn turn, AgentEvent.Terminal end) {
        if (turn.ended) {
            return;
        }
        turn.end();
        prompts.forget(turn);
        steered.remove(turn.id());
        AgentConnection c = process.connection();
        if (c == null || c.state() == ProcessState.DEAD) {
            approvals.withdrawAll(); // a living agent withdraws what is moot itself; others outlast the turn
        }
        current = current == turn ? null : current;
        if (c != null && c.state() == ProcessState.BUSY && !running()) {
            c.idle();
        }
        if (turn.origin == Origin.PROMPT) {
            acceptance.ended();
        }
        if (end instanceof AgentEvent.TurnCompleted) {
            process.succeeded();
        }
        scope.touch();
        TurnResult result = new TurnResult(scope.spec.id(), turn.id(), writeDown(turn, end), end);
        scope.traced(current == null ? null : current.prompt.traceparent());
        turns.ended(result);
        scope.parts.listener().onTurnEnded(scope.provider.name(), result);
        scope.recorder.whenReadable(
                result.offset(),
                () -> {
                    turn.settled(result);
                    scope.callBack(() -> turn.complete(result));
                },
                why -> scope.callBack(() -> turn.lost(why)));
        scope.mailbox.execute(this::pump); // not now: the protocol may be in the middle of a call
    }

    /** Writes a terminal event down. A journal that fails must not keep anybody waiting for the turn's result. */
    @SuppressWarnings("IllegalCatch") // a journal is foreign code
    private long writeDown(OpenTurn turn, AgentEvent.Terminal end) {
        try {
            return scope.recorder.append(turn.id(), end).offset();
        } catch (Throwable e) {
            scope.line(log, Level.ERROR)
                    .setCause(e)
                    .log("the journal of session '{}' lost the end of a turn", scope.spec.id());
            return scope.recorder.last();
        }
    }

    /** Ends a turn that the agent cannot end any more. */
    private void loseTurn(OpenTurn turn, ErrorCode code, String message) {
        waiting.remove(turn);
        endTurn(turn, TurnEnds.lost(turn.stop, code, message, elapsed(turn)));
    }

    // ---- what the agent says

    @Override
    public void event(AgentEvent event) {
        scope.touch();
        if (approvals.late(event)) {
            return;
        }
        OpenTurn turn = current;
        if (turn != null && !turn.answered && answers(event)) {
            turn.answered = true;
            process.conversation().established();
            if (turn.stop == null) {
                turn.watch(null);
            }
        }
        if (Requests.asks(event)) {
            approvals.asked(event);
        } else {
            scope.recorder.note(turnId(), event);
        }
    }

    @Override
    public void toolCall(AgentConnection connection, String callId, ToolCall call) {
        desk.decide(call, false, decision -> {
            if (decision.verdict().action() == ToolGuard.Action.DENY) {
                approvals.denied(call, decision.verdict().why());
            }
            // later: when there was nothing to decide, the protocol is in the middle of a call
            scope.mailbox.execute(() -> connection.call(p -> p.decided(callId, decision.verdict(), connection)));
        });
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
        OpenTurn turn = turnId == null ? ownTurn() : steered.get(turnId);
        AgentConnection c = process.connection();
        if (turn == null || c == null || current != null) {
            return;
        }
        steered.remove(turn.id());
        current = turn;
        c.busy();
        started(turn);
        Stop why = turn.stop;
        if (why != null) { // cancelled while it could not be stopped; now it is what the agent works on
            scope.mailbox.execute(() -> stop(turn, why));
        }
    }

    @Override
    public void turnEnded(@Nullable String turnId, TurnEnd end) {
        OpenTurn turn = turnId == null ? agentTurn() : find(turnId);
        if (turn != null) {
            process.conversation().established();
            endTurn(turn, TurnEnds.reported(turn.stop, end, elapsed(turn)));
        }
    }

    /** The turn that the agent began by itself; made now when its end is the first that is heard of it. */
    private OpenTurn agentTurn() {
        if (current != null && current.origin == Origin.AGENT) {
            return current;
        }
        OpenTurn turn = ownTurn();
        started(turn);
        return turn;
    }

    private OpenTurn ownTurn() {
        return newTurn(Origin.AGENT, Prompt.of(""));
    }

    private @Nullable OpenTurn find(String turnId) {
        return current != null && current.id().equals(turnId) ? current : steered.get(turnId);
    }

    @Override
    public void agentSession(String agentSessionId, String reason) {
        String previous = process.conversation().agentSessionId();
        if (!previous.equals(agentSessionId)) {
            process.renamed(agentSessionId);
            scope.recorder.append(turnId(), new AgentEvent.AgentSessionChanged(previous, agentSessionId, reason));
            publish();
        }
    }

    @Override
    public void commandEnded(String commandId, @Nullable String error) {
        process.settings().ended(commandId, error);
    }

    // ---- what people say

    /** Changes a setting in the living process and for later ones. */
    void change(Settings.Setting setting, String value, CompletableFuture<Void> done) {
        if (scope.can(setting.capability)) {
            process.settings().change(setting, value, done, process.connection());
        } else {
            String message = "provider '" + scope.provider.name() + "' cannot change it";
            scope.callBack(() -> done.completeExceptionally(new HotPlexException(ErrorCode.NOT_SUPPORTED, message)));
        }
    }

    /** Gives the session a name; the future completes when readers see it. */
    void rename(String title, String by, CompletableFuture<Void> done) {
        if (scope.recorder.closed()) {
            HotPlexException closed =
                    new HotPlexException(ErrorCode.SESSION_CLOSED, "session '" + scope.spec.id() + "' is closed");
            scope.callBack(() -> done.completeExceptionally(closed));
            return;
        }
        long offset = scope.recorder
                .append(turnId(), new AgentEvent.SessionRenamed(title, by))
                .offset();
        scope.recorder.whenReadable(
                offset,
                () -> scope.callBack(() -> done.complete(null)),
                why -> scope.callBack(() -> done.completeExceptionally(why)));
    }

    /** Switches the guards off for a while. */
    void bypass(Duration duration, String by, String reason) {
        if (scope.recorder.closed()) {
            return;
        }
        String until = scope.parts.clock().instant().plus(duration).toString();
        scope.line(log, Level.WARN).log("GUARDS OFF in session '{}' until {}, by {}", scope.spec.id(), until, by);
        desk.policy().bypass(true);
        int mine = ++bypasses;
        scope.recorder.append(turnId(), new AgentEvent.GuardBypassed(by, reason, until));
        var unused = scope.timer(duration, () -> {
            if (mine == bypasses) {
                restore("engine");
            }
        });
    }

    /** Switches them on again. */
    void restore(String by) {
        if (desk.policy().bypassed()) {
            desk.policy().bypass(false);
            log.warn("guards on again in session '{}', by {}", scope.spec.id(), by);
            if (!scope.recorder.closed()) {
                scope.recorder.append(turnId(), new AgentEvent.GuardRestored(by));
            }
        }
    }

    // ---- what becomes of the process

    @Override
    public boolean needProcess() {
        return closing == null && mayBegin();
    }

    @Override
    public boolean running() {
        return current != null || !steered.isEmpty();
    }

    @Override
    public void loseRunning(ErrorCode code, String message) {
        runningTurns().forEach(turn -> loseTurn(turn, code, message));
    }

    @Override
    public void loseFirstWaiting(ErrorCode code, String message) {
        OpenTurn first = waiting.peek();
        if (first != null && first.looked) {
            loseTurn(first, code, message);
        }
    }

    @Override
    public void loseWaiting(ErrorCode code, String message) {
        List.copyOf(waiting).forEach(turn -> loseTurn(turn, code, message));
    }

    @Override
    public void requeueRunning() {
        List<OpenTurn> unseen = runningTurns();
        current = null;
        steered.clear();
        for (int i = unseen.size() - 1; i >= 0; i--) {
            OpenTurn turn = unseen.get(i);
            if (turn.stop == null && turn.origin == Origin.PROMPT) {
                turn.watch(null);
                waiting.addFirst(turn);
            } else {
                loseTurn(turn, ErrorCode.AGENT_CRASHED, "the agent ended before it answered");
            }
        }
    }

    @Override
    public void processGone() {
        approvals.withdrawAll();
    }

    @Override
    public void giveUp() {
        loseWaiting(ErrorCode.AGENT_START_FAILED, "an old process cannot be killed");
        if (closing != null) {
            finishClose();
        }
    }

    /** Ends the process if it has waited for work for that long. */
    void hibernate(String reason, Duration idleFor) {
        boolean nothing = waiting.isEmpty() && requests.isEmpty();
        if (process.state() == ProcessState.READY && nothing && scope.quietNanos() >= idleFor.toNanos()) {
            process.end(reason);
        }
    }

    /** Ends a process that uses too much, if it is still that one and waits for work. */
    void recycle(int generation, String reason) {
        if (process.generation() == generation) {
            hibernate(reason, Duration.ZERO);
        }
    }

    // ---- the end

    void close(String reason) {
        if (closing == null) {
            closing = reason;
            process.cancelRequest();
            openTurns().forEach(turn -> stop(turn, new Stop.Cancel("session " + reason)));
        }
        pump();
    }

    /** Ends the process, and leaves the session and what waits to the next engine. */
    void suspend(String reason) {
        if (closing == null) {
            closing = reason;
            suspending = true;
            approvals.leave();
            process.cancelRequest();
            postponeWaiting();
            runningTurns().forEach(turn -> stop(turn, new Stop.Cancel("session " + reason)));
        }
        pump();
    }

    private void postponeWaiting() {
        for (OpenTurn turn : List.copyOf(waiting)) {
            if (!turn.started && turn.stop == null) {
                waiting.remove(turn);
                postpone(turn);
            }
        }
    }

    /** Leaves the session to the journal if nothing is going on in it and nobody uses it. */
    void sleep(Duration idleFor, Uses uses) {
        if (restful(idleFor) && uses.sleep()) {
            if (restful(idleFor)) { // still: whoever used it between the two looks has left something to do, or nothing
                closing = "asleep";
                suspending = true;
                finishClose();
            } else {
                uses.stay();
            }
        }
    }

    private boolean restful(Duration idleFor) {
        return closing == null
                && process.state() == ProcessState.NONE
                && acceptance.open() == 0
                && !running()
                && requests.list().isEmpty()
                && !desk.policy().answersWait() // nothing else remembers them
                && !desk.policy().bypassed() // its end is still to be told
                && !scope.recorder.followed()
                && scope.quietNanos() >= idleFor.toNanos();
    }

    /** The journal keeps the prompt for the next engine. */
    private void postpone(OpenTurn turn) {
        turn.end();
        prompts.forget(turn);
        acceptance.ended();
        scope.callBack(turn::postpone);
    }

    /**
     * Another engine has the journal: it ends what ran, runs what waits, and resumes the conversation. So the process
     * has to go at once, and who waits here is told.
     */
    private void lost() {
        HotPlexException why = scope.recorder.lostFor();
        if (why != null && !scope.recorder.closed()) {
            List<OpenTurn> open = openTurns();
            if (process.connection() != null || !open.isEmpty()) {
                log.error(
                        "session '{}': another engine took the journal over; the agent is killed, {} turns are left to"
                                + " that engine",
                        scope.spec.id(),
                        open.size());
            }
            waiting.clear();
            steered.clear();
            current = null;
            open.forEach(turn -> lose(turn, why));
            process.cut("another engine took the journal over");
            pump();
        }
    }

    /** The other engine writes its terminal event. */
    private void lose(OpenTurn turn, HotPlexException why) {
        turn.end();
        prompts.forget(turn);
        if (turn.origin == Origin.PROMPT) {
            acceptance.ended();
        }
        scope.callBack(() -> turn.lost(why));
    }

    private void closeStep() {
        if (process.connection() == null) {
            openTurns().forEach(turn -> loseTurn(turn, ErrorCode.SESSION_CLOSED, "session " + closing));
            finishClose();
        } else if (!running()) {
            process.end("session " + closing);
        }
    }

    void abandon(String reason) {
        closing = closing == null ? reason : closing;
        process.abandon(reason);
        if (scope.recorder.durable()) {
            suspending = true;
            approvals.leave();
            postponeWaiting();
        }
        openTurns().forEach(turn -> loseTurn(turn, ErrorCode.ENGINE_CLOSED, reason));
        finishClose();
    }

    private void finishClose() {
        if (!scope.recorder.closed()
                && acceptance.open() == 0) { // else an accepted prompt is on its way to get its end
            if (!suspending) {
                approvals.end();
                scope.recorder.append(null, new AgentEvent.SessionClosed(String.valueOf(closing)));
            }
            desk.policy().forgetAnswers();
            over = !suspending;
            scope.recorder.close(state());
            publish();
            onClosed.run(); // first: a listener may look for the session
            scope.parts.listener().onSessionClosed(scope.spec.id(), scope.provider.name());
            scope.callBack(() -> closed.complete(null));
        }
    }

    /** A task of this class threw: a defect. The process ends, the turns fail, the session stays usable. */
    @SuppressWarnings("IllegalCatch") // the last line of defence
    private void defect(Throwable e) {
        scope.line(log, Level.ERROR).setCause(e).log("session '{}' has a defect, its process ends", scope.spec.id());
        String reason = "internal error: " + e.getClass().getName();
        try {
            if (process.connection() != null) {
                process.kill(reason, ErrorCode.INTERNAL);
            } else {
                openTurns().forEach(turn -> loseTurn(turn, ErrorCode.INTERNAL, reason));
            }
        } catch (RuntimeException | Error again) {
            scope.line(log, Level.ERROR)
                    .setCause(again)
                    .log("session '{}' could not recover from a defect", scope.spec.id());
        }
    }

    // ---- small things

    /** How the session is now, as its journal tells it. */
    SessionSnapshot snapshot(SessionInfo info) {
        return new SessionSnapshot(
                info,
                process.settings().current(),
                openTurns().stream().map(OpenTurn::info).toList(),
                requests.list());
    }

    private List<OpenTurn> runningTurns() {
        List<OpenTurn> turns = new ArrayList<>();
        if (current != null) {
            turns.add(current);
        }
        turns.addAll(steered.values());
        return turns;
    }

    private List<OpenTurn> openTurns() {
        List<OpenTurn> turns = runningTurns();
        turns.addAll(waiting);
        return turns;
    }

    @Override
    public void publish() {
        view = look();
        scope.recorder.save(this::state);
    }

    private SessionState state() {
        AgentConnection c = process.connection();
        return new SessionState(
                scope.spec,
                process.settings().current(),
                process.conversation().agentSessionId(),
                process.conversation().isEstablished(),
                process.generation(),
                c == null || c.pid() < 0 ? null : (Long) c.pid(),
                requests.list(),
                scope.recorder.stats(),
                scope.recorder.last(),
                scope.parts.clock().instant().minusNanos(scope.quietNanos()),
                over,
                process.identity());
    }

    /** The journal takes more again. */
    private void readOn() {
        AgentConnection c = process.connection();
        if (c != null) {
            c.resumeReading();
        }
    }

    private View look() {
        AgentConnection c = process.connection();
        return new View(
                process.conversation().agentSessionId(),
                process.state(),
                c == null || c.pid() < 0 ? null : (Long) c.pid(),
                process.generation(),
                turnId(),
                restored.size() + waiting.size());
    }

    @Override
    public @Nullable String turnId() {
        return current == null ? null : current.id();
    }

    private Duration elapsed(OpenTurn turn) {
        return turn.started ? Duration.ofNanos(scope.now() - turn.startedAt) : Duration.ZERO;
    }
}
