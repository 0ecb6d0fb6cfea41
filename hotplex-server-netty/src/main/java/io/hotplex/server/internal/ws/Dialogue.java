package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.http.WebSocketEndpoint;
import io.hotplex.server.internal.wire.ClientJson;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the dialects have in common: each message is one JSON object, is worked on by a worker, one after the other, and
 * whatever goes wrong is told to the client, who stays connected.
 */
abstract class Dialogue implements WebSocketEndpoint.Listener {
    private static final Logger log = LoggerFactory.getLogger(Dialogue.class);

    final WebSocket socket;

    Dialogue(WebSocket socket) {
        this.socket = socket;
    }

    /** Does what a message asks for; the next message is read when the stage is complete. */
    abstract CompletionStage<?> hear(ObjectNode message);

    /** Whether a message counts like a request, as those do that may make work. */
    boolean counts(ObjectNode message) {
        return true;
    }

    /** Tells the client that a message, if there was one, was not understood or could not be followed. */
    abstract void refuse(@Nullable ObjectNode message, HotPlexException error);

    @Override
    public final void onText(String text, Runnable done) {
        try {
            socket.workers().execute(() -> work(text, done));
        } catch (RejectedExecutionException e) {
            refuse(null, new HotPlexException(ErrorCode.SERVER_UNAVAILABLE, "too many requests wait", e));
            done.run();
        }
    }

    @SuppressWarnings("IllegalCatch") // the top of a worker: whatever happens, the client hears of it and goes on
    private void work(String text, Runnable done) {
        ObjectNode message = null;
        try {
            message = ClientJson.object(text);
            ObjectNode heard = message;
            if (counts(message)) {
                socket.countMessage();
            }
            var unused = hear(message).whenComplete((result, failure) -> {
                if (failure != null) {
                    refuse(heard, known(failure));
                }
                done.run();
            });
        } catch (RuntimeException | LinkageError e) {
            refuse(message, known(e));
            done.run();
        }
    }

    /** An error with a code for any failure; a defect is logged here. */
    static HotPlexException known(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof HotPlexException known) {
            return known;
        }
        log.error("a message failed", cause);
        return new HotPlexException(ErrorCode.INTERNAL, "a defect; the log has it", cause);
    }

    /** What a client is told whose subscription ended before its time. */
    static HotPlexException lost(Throwable cause) {
        if (cause instanceof HotPlexException known) {
            return known;
        }
        return cause instanceof RejectedExecutionException
                ? new HotPlexException(
                        ErrorCode.SERVER_UNAVAILABLE, "the engine has no thread to tell what happens", cause)
                : new HotPlexException(ErrorCode.INTERNAL, "a defect ended what told what happens; see the log", cause);
    }
}
