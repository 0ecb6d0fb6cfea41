package io.hotplex.server.internal.cli;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Subscriber;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;

/** Shows a session's events, and tells when a turn's end was shown. Thread-safe. */
final class Watch implements Subscriber {
    private final View view;
    private final Asker asker;
    private final Map<String, CompletableFuture<AgentEvent.Terminal>> ends = new ConcurrentHashMap<>();
    private final CompletableFuture<AgentEvent.Terminal> broken = new CompletableFuture<>();

    Watch(View view, Asker asker) {
        this.view = view;
        this.asker = asker;
    }

    /**
     * Waits until everything up to a turn's end was shown.
     *
     * @throws OutputClosedException when nobody reads what is shown
     */
    AgentEvent.Terminal await(String turnId) {
        try {
            return (AgentEvent.Terminal)
                    CompletableFuture.anyOf(end(turnId), broken).join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw e;
        }
    }

    private CompletableFuture<AgentEvent.Terminal> end(String turnId) {
        return ends.computeIfAbsent(turnId, id -> new CompletableFuture<>());
    }

    @Override
    @SuppressWarnings("IllegalCatch") // whatever it is, the command must not wait for ever
    public void onEvent(EventRecord record) {
        if (broken.isDone()) {
            return;
        }
        try {
            view.show(record);
            asker.see(record.event());
        } catch (RuntimeException e) {
            broken.completeExceptionally(e);
            return;
        }
        String turn = record.turnId();
        if (turn != null && record.event() instanceof AgentEvent.Terminal terminal) {
            end(turn).complete(terminal);
        }
    }

    @Override
    public void onReset(long oldest, long newest) {
        view.notice("events before " + oldest + " were dropped: they came faster than they could be shown");
    }

    @Override
    public void onFailed(Throwable cause) {
        broken.completeExceptionally(
                new HotPlexException(ErrorCode.INTERNAL, "what happened in the session cannot be read", cause));
    }

    @Override
    public void onClosed() {
        broken.completeExceptionally(
                new HotPlexException(ErrorCode.SESSION_CLOSED, "the session was closed before the turn ended"));
    }
}
