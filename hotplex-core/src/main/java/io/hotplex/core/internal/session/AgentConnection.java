package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.ProcessState;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LaunchRequest.Start;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.lease.Lease;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * One agent process from its launch to its end: carries lines between process and protocol, and keeps the state.
 *
 * <pre>
 * from      event                                          to      who
 * STARTING  the protocol says ready                        READY   owner, in a line
 * READY     a turn begins                                  BUSY    owner
 * BUSY      no turn is open any more                       READY   owner
 * any       the engine ends it, the protocol fails, exit   DEAD    owner; stays
 * </pre>
 *
 * <p>Confined to the session's owner, except for the {@link ProcessListener} methods, which readers call: those bring
 * the line to the owner, without a copy when nobody owns the session at that moment. Output that waits for the owner is
 * counted; beyond {@code mailbox-max-bytes} reading stops until half of it is done. It also stops while the journal has
 * more to write than it wants to hold.
 */
final class AgentConnection implements ProcessListener, ProtocolSink {
    private static final Logger log = LoggerFactory.getLogger(AgentConnection.class);

    /** What the agent says, told as the owner. */
    interface Talk {
        void event(AgentEvent event);

        void turnStarted(@Nullable String turnId);

        void turnEnded(@Nullable String turnId, TurnEnd end);

        void agentSession(String agentSessionId, String reason);

        void commandEnded(String commandId, @Nullable String error);

        void toolCall(AgentConnection connection, String callId, ToolCall call);
    }

    /** What becomes of the process, told as the owner. */
    interface Life {
        void ready(AgentConnection connection);

        /** The connection cannot go on; the listener ends it. */
        void broken(AgentConnection connection, ErrorCode code, String message);

        void exited(AgentConnection connection, Exit exit, ExitVerdict verdict);
    }

    final int generation;
    final Start start;
    final SlotSource.Slot slot;
    final long createdAt;
    private final EngineConfig config;
    private final LongSupplier ticker;
    private final SessionScope scope;
    private final Mailbox mailbox;
    private final Talk talk;
    private final Life life;
    private final AtomicLong copied = new AtomicLong();

    private ProcessState state = ProcessState.STARTING;
    private volatile @Nullable AgentProcess process;
    /** What it was given, for what must not be written down; before anything that it says is read. */
    private volatile Map<String, String> variables = Map.of();

    private @Nullable AgentProtocol protocol;
    /** What the process said before the launch returned; {@code null} afterwards. */
    private @Nullable Queue<Runnable> early = new ArrayDeque<>();

    private @Nullable String endReason;
    /** How long it may take after TERM, of which one that is still being started hears later. */
    private Duration termGrace = Duration.ZERO;
    /** When a line could not be written. */
    private @Nullable Long unreadSince;

    private final AtomicBoolean paused = new AtomicBoolean();

    /** Runs while the process starts, and again while it ends. */
    private @Nullable Future<?> watch;

    private final List<Lease> leases = new ArrayList<>();
    private boolean released;
    private boolean everReady;

    AgentConnection(int generation, Start start, SlotSource.Slot slot, SessionScope scope, Talk talk, Life life) {
        this.generation = generation;
        this.start = start;
        this.slot = slot;
        this.scope = scope;
        this.ticker = scope.parts.ticker();
        this.createdAt = ticker.getAsLong();
        this.config = scope.parts.config();
        this.mailbox = scope.mailbox;
        this.talk = talk;
        this.life = life;
    }

    ProcessState state() {
        return state;
    }

    long pid() {
        AgentProcess started = process;
        return started == null ? -1 : started.pid();
    }

    /** What it is kept in; known from the launch on. */
    Isolation.Applied isolation() {
        AgentProcess started = process;
        return started == null ? Isolation.Applied.NONE : started.isolation();
    }

    /** The process, or {@code null} while it is being started. */
    @Nullable
    AgentProcess process() {
        return process;
    }

    /** What names the process for a later engine. */
    @Nullable
    String identity() {
        AgentProcess started = process;
        return started == null ? null : started.identity();
    }

    /** Why the engine ended the process, or {@code null} while it did not. */
    @Nullable
    String endReason() {
        return endReason;
    }

    /** There is a process; called by its starter, so that reading from it can pause before the owner has time. */
    void launched(AgentProcess started, Map<String, String> environment) {
        process = started;
        variables = environment;
    }

    // ---- owner → process

    /** The launch succeeded. */
    void attach(ProcessStarter.Started started) {
        AgentProcess launched = started.process();
        protocol = started.protocol();
        scope.recorder.learn(variables);
        variables = Map.of();
        hold(started.lease());
        Queue<Runnable> heard = early;
        early = null;
        if (state == ProcessState.DEAD) {
            launched.terminate(Duration.ZERO, termGrace);
        } else {
            call(p -> p.started(this));
        }
        if (heard != null) {
            heard.forEach(Runnable::run);
        }
    }

    /** Replaces the timer that watches over the start or the end. */
    void watch(@Nullable Future<?> next) {
        if (watch != null) {
            watch.cancel(false);
        }
        watch = next;
    }

    /** Whether it took prompts at any time. */
    boolean everReady() {
        return everReady;
    }

    /** Keeps a lease as long as the process lives. */
    void hold(Lease lease) {
        if (released) {
            lease.close();
        } else {
            leases.add(lease);
        }
    }

    /** Gives back what the process held; it is gone, or never came. */
    void release() {
        watch(null);
        released = true;
        try {
            leases.forEach(Lease::close);
            leases.clear();
        } finally {
            slot.release();
        }
    }

    /** Calls the protocol; a throw breaks the connection. Does nothing when it is dead. */
    @SuppressWarnings("IllegalCatch") // a provider is foreign code
    void call(Consumer<AgentProtocol> action) {
        if (protocol == null || state == ProcessState.DEAD) {
            return;
        }
        try {
            action.accept(protocol);
        } catch (RuntimeException | LinkageError e) {
            scope.line(log, Level.ERROR)
                    .setCause(e)
                    .log(
                            "the provider of session '{}' failed, its process ends (generation {})",
                            scope.spec.id(),
                            generation);
            life.broken(
                    this,
                    ErrorCode.AGENT_PROTOCOL,
                    "the provider failed: " + e.getClass().getName());
        }
    }

    /** A turn is open. An agent may begin one by itself before it is ready for ours; then it is busy when it is. */
    void busy() {
        if (state != ProcessState.STARTING) {
            transition(ProcessState.BUSY, ProcessState.READY, ProcessState.BUSY);
        }
    }

    /** No turn is open. */
    void idle() {
        transition(ProcessState.READY, ProcessState.BUSY, ProcessState.READY);
    }

    /** Ends the process; what it says from here on is dropped. Idempotent, the first reason stays. */
    void end(String reason, Duration eofGrace, Duration grace) {
        if (endReason == null) {
            endReason = reason;
        }
        termGrace = grace;
        state = ProcessState.DEAD;
        AgentProcess ending = process;
        if (ending != null) {
            ending.terminate(eofGrace, grace);
        }
    }

    private void transition(ProcessState to, ProcessState... from) {
        for (ProcessState allowed : from) {
            if (state == allowed) {
                state = to;
                return;
            }
        }
        if (state != ProcessState.DEAD) {
            throw new IllegalStateException("process state " + state + " cannot become " + to);
        }
    }

    // ---- process → owner

    @Override
    public void onLine(AgentLine line) {
        if (mailbox.tryRun(() -> handle(line))) {
            if (scope.recorder.backlogged()) {
                pauseReading();
            }
            return;
        }
        AgentLine copy = line.copy();
        long limit = config.get(EngineConfig.MAILBOX_MAX_BYTES);
        boolean full = copied.addAndGet(copy.length()) > limit;
        mailbox.execute(() -> {
            copied.addAndGet(-copy.length());
            resumeReading();
            handle(copy);
        });
        if (full || scope.recorder.backlogged()) {
            pauseReading();
        }
    }

    private void pauseReading() {
        AgentProcess reader = process;
        if (reader != null && paused.compareAndSet(false, true)) {
            reader.reading(false);
            if (!resumeReading() && !paused.get()) {
                reader.reading(true); // somebody resumed it between the two lines above
            }
        }
    }

    /** Reads on if reading stopped, and neither the owner nor the journal has too much to do any more. Any thread. */
    boolean resumeReading() {
        AgentProcess reader = process;
        if (reader == null
                || !paused.get()
                || copied.get() > config.get(EngineConfig.MAILBOX_MAX_BYTES) / 2
                || scope.recorder.backlogged()
                || !paused.compareAndSet(true, false)) {
            return false;
        }
        reader.reading(true);
        return true;
    }

    private void handle(AgentLine line) {
        scope.touch();
        if (early != null) {
            AgentLine copy = line.copy();
            early.add(() -> handle(copy));
        } else {
            call(p -> p.receive(line, this));
        }
    }

    @Override
    public void onOutputEnd() {
        mailbox.execute(() -> inOrder(this::outputEnded));
    }

    /** Without output, or input, the process is of no use; it has a moment to end by itself, then it is made to. */
    private void outputEnded() {
        AgentProcess doomed = process;
        state = state == ProcessState.READY ? ProcessState.DEAD : state; // it takes no prompts any more
        if (doomed != null) {
            doomed.terminate(config.get(EngineConfig.DRAIN_TIMEOUT), config.get(EngineConfig.TERM_GRACE));
        }
    }

    @Override
    public void onExit(Exit exit) {
        mailbox.execute(() -> inOrder(() -> exited(exit)));
    }

    @SuppressWarnings("IllegalCatch") // a provider is foreign code
    private void exited(Exit exit) {
        ExitVerdict verdict = ExitVerdict.CRASHED;
        try {
            if (protocol != null) {
                verdict = protocol.exited(exit.status(), exit.stderrTail());
            }
        } catch (Throwable e) {
            scope.line(log, Level.ERROR)
                    .setCause(e)
                    .log(
                            "the provider of session '{}' failed to explain an exit (generation {})",
                            scope.spec.id(),
                            generation);
        }
        state = ProcessState.DEAD;
        life.exited(this, exit, deaf(verdict));
    }

    /** What it means when the process did not end by itself after a line could not be written. */
    private ExitVerdict deaf(ExitVerdict verdict) {
        boolean deaf = unreadSince != null
                && verdict.kind() == ExitKind.CRASH
                && ticker.getAsLong() - unreadSince
                        >= config.get(EngineConfig.DRAIN_TIMEOUT).toNanos();
        return deaf
                ? new ExitVerdict(
                        ExitKind.CRASH,
                        ErrorCode.AGENT_PROTOCOL,
                        "the agent does not read its input and was killed (stdin-queue-bytes)")
                : verdict;
    }

    private void inOrder(Runnable task) {
        if (early != null) {
            early.add(task);
        } else {
            task.run();
        }
    }

    // ---- protocol → session; an ended process has no say any more

    private boolean alive() {
        return state != ProcessState.DEAD;
    }

    @Override
    public void send(byte[] line) {
        AgentProcess reader = process;
        if (reader != null && alive() && !reader.write(line) && unreadSince == null) {
            unreadSince = ticker.getAsLong(); // it is dead, which onExit explains better, or deaf
            outputEnded();
        }
    }

    @Override
    public void event(AgentEvent event) {
        if (alive()) {
            talk.event(event);
        }
    }

    @Override
    public void toolCall(String callId, ToolCall call) {
        if (alive()) {
            talk.toolCall(this, callId, call);
        }
    }

    @Override
    public void ready() {
        if (state == ProcessState.STARTING) {
            transition(ProcessState.READY, ProcessState.STARTING);
            everReady = true;
            life.ready(this);
        }
    }

    @Override
    public void turnStarted(@Nullable String turnId) {
        if (alive()) {
            talk.turnStarted(turnId);
        }
    }

    @Override
    public void turnEnded(@Nullable String turnId, TurnEnd end) {
        if (alive()) {
            talk.turnEnded(turnId, end);
        }
    }

    @Override
    public void agentSession(String agentSessionId, String reason) {
        if (alive()) {
            talk.agentSession(agentSessionId, reason);
        }
    }

    @Override
    public void commandEnded(String commandId, @Nullable String error) {
        if (alive()) {
            talk.commandEnded(commandId, error);
        }
    }
}
