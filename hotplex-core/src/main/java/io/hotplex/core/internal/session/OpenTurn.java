package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent.Origin;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import io.hotplex.api.TurnInfo.State;
import io.hotplex.api.TurnResult;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A turn from its acceptance to its terminal event. The mutable fields belong to the session's owner; what {@link Turn}
 * shows is thread-safe.
 */
final class OpenTurn implements Turn {
    /** Why the engine ends a turn before the agent does. */
    sealed interface Stop {
        /** Somebody asked for it. */
        record Cancel(String reason) implements Stop {}

        /** A limit was passed. */
        record TimeOut(ErrorCode code, Duration limit) implements Stop {}
    }

    final Origin origin;
    final String sessionId;
    private final String id;
    private final Consumer<OpenTurn> canceller;
    private final CompletableFuture<Void> accepted = new CompletableFuture<>();
    private final CompletableFuture<TurnResult> result = new CompletableFuture<>();

    /** Written by the owner, read by all. */
    private volatile TurnInfo info;

    /** Owner: what was asked; emptied when the turn has ended, since the turn may be remembered for long. */
    Prompt prompt;
    /** Owner: time of the start in nanoseconds of the ticker; meaningful once {@code started}. */
    long startedAt;
    /** Owner: whether its {@code turn_started} is in the journal. */
    boolean started;
    /** Owner: whether the agent said something for it. */
    boolean answered;
    /** Owner: whether guards let its prompt pass. */
    boolean looked;
    /** Owner: whether its terminal event is in the journal. */
    boolean ended;
    /** Owner: whether the agent was told to stop, or is being killed. */
    boolean stopping;
    /** Owner: set when the engine wants it to end; the first reason stays. */
    @Nullable
    Stop stop;
    /** Owner: the limit that {@code timeout} stands for. */
    Duration limit = Duration.ZERO;
    /** Owner: nanoseconds of the limit that were left when {@code timeout} was set. */
    long left;
    /** Owner: when {@code timeout} was set. */
    long clockAt;
    /** Owner: runs from the start; {@code null} while people are asked something. */
    @Nullable
    Future<?> timeout;
    /** Owner: runs from the start to the agent's first answer, then from an interrupt to its effect. */
    @Nullable
    Future<?> watch;

    OpenTurn(String sessionId, String id, Origin origin, Prompt prompt, Consumer<OpenTurn> canceller) {
        this.sessionId = sessionId;
        this.id = id;
        this.origin = origin;
        this.prompt = prompt;
        this.canceller = canceller;
        this.info = new TurnInfo(id, origin, prompt.clientId(), State.QUEUED, null, null);
    }

    @Override
    public String id() {
        return id;
    }

    @Override
    public String sessionId() {
        return sessionId;
    }

    @Override
    public CompletionStage<Void> accepted() {
        return accepted.minimalCompletionStage();
    }

    @Override
    public CompletionStage<TurnResult> result() {
        return result.minimalCompletionStage();
    }

    @Override
    public void cancel() {
        canceller.accept(this);
    }

    @Override
    public TurnInfo info() {
        return info;
    }

    /** Owner: it waits, and people may see for what. */
    void waits(@Nullable String text) {
        info = new TurnInfo(id, origin, info.clientId(), State.QUEUED, null, text);
    }

    /** Owner: its {@code turn_started} is written. */
    void running() {
        info = new TurnInfo(id, origin, info.clientId(), State.RUNNING, null, null);
    }

    /** Readers see its terminal event. Any thread. */
    void settled(TurnResult value) {
        info = new TurnInfo(id, origin, info.clientId(), State.ENDED, value, null);
    }

    /** The journal keeps the prompt. Any thread. */
    void safe() {
        accepted.complete(null);
    }

    /** Tells those who wait for the result; called on the callback executor. */
    void complete(TurnResult value) {
        accepted.complete(null);
        result.complete(value);
    }

    /** The engine ends before the turn does, which the journal keeps; called on the callback executor. */
    void postpone() {
        result.completeExceptionally(new HotPlexException(
                ErrorCode.ENGINE_CLOSED,
                "the engine was closed while turn " + id + " waited; the next engine on this journal runs it"));
    }

    /** Another engine has the journal, and ends the turn; called on the callback executor. */
    void lost(HotPlexException why) {
        accepted.completeExceptionally(why);
        result.completeExceptionally(why);
    }

    /** Owner: the terminal event is about to be written: stops the clocks and lets go of the prompt. */
    void end() {
        ended = true;
        cancel(timeout);
        cancel(watch);
        prompt = Prompt.of("");
    }

    /** Owner: replaces the watch. */
    void watch(@Nullable Future<?> next) {
        cancel(watch);
        watch = next;
    }

    private static void cancel(@Nullable Future<?> timer) {
        if (timer != null) {
            timer.cancel(false);
        }
    }
}
