package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.http.WebSocketEndpoint;
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
    /** The connection limits messages already, and an attachment is one long text. */
    private static final ObjectReader JSON = new ObjectMapper(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            .reader()
            .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    final WebSocket socket;

    Dialogue(WebSocket socket) {
        this.socket = socket;
    }

    /** Does what a message asks for; the next message is read when the stage is complete. */
    abstract CompletionStage<?> hear(ObjectNode message);

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
            message = parse(text);
            ObjectNode heard = message;
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

    private static ObjectNode parse(String text) {
        try {
            JsonNode node = JSON.readTree(text);
            if (node instanceof ObjectNode object) {
                return object;
            }
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "invalid JSON payload: not an object");
        } catch (JsonProcessingException e) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "invalid JSON payload (line " + e.getLocation().getLineNr() + ", column "
                            + e.getLocation().getColumnNr() + ")");
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
}
