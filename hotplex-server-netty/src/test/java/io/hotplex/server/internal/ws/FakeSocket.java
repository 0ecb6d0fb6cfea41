package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.TestRequests;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.http.WebSocketEndpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket without a network: what the dialect sends can be read one by one, and the test says whether it is
 * writable. Messages to the dialect are handled on the test's thread. Thread-safe.
 */
final class FakeSocket implements WebSocket {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final Principal principal;
    final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
    /** Confined to the test's thread. */
    private final List<JsonNode> passedOver = new ArrayList<>();

    volatile boolean writable = true;
    /** What is in a message that cannot be sent: a defect. */
    volatile @Nullable String poison;

    volatile @Nullable String closed;
    private WebSocketEndpoint.@Nullable Listener listener;

    FakeSocket(Principal principal) {
        this.principal = principal;
    }

    /** Begins the dialogue. */
    FakeSocket open(WebSocketEndpoint endpoint) {
        listener = endpoint.open(this);
        return this;
    }

    /** The client says something; returns when the dialect is ready for more. Single quotes stand for double ones. */
    void say(String json) {
        CountDownLatch done = new CountDownLatch(1);
        listener().onText(json.replace('\'', '"'), done::countDown);
        try {
            if (!done.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("not done with: " + json);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The next message, also one that was passed over before. */
    JsonNode next() {
        return passedOver.isEmpty() ? receive() : passedOver.remove(0);
    }

    private JsonNode receive() {
        try {
            String message = sent.poll(30, TimeUnit.SECONDS);
            if (message == null) {
                throw new AssertionError("no message came");
            }
            return MAPPER.readTree(message);
        } catch (InterruptedException | JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** The next message of a field's value; those before it are passed over, and come later. */
    JsonNode next(String field, String value) {
        for (int i = 0; i < passedOver.size(); i++) {
            if (value.equals(passedOver.get(i).path(field).asText())) {
                return passedOver.remove(i);
            }
        }
        JsonNode message = receive();
        while (!value.equals(message.path(field).asText())) {
            passedOver.add(message);
            message = receive();
        }
        return message;
    }

    /** The socket takes more again. */
    void drain() {
        writable = true;
        listener().onWritable();
    }

    /** The client goes. */
    void leave() {
        listener().onClosed();
    }

    WebSocketEndpoint.Listener listener() {
        return Objects.requireNonNull(listener, "not open");
    }

    @Override
    public Request request() {
        return TestRequests.of(principal);
    }

    @Override
    public void send(String text) {
        String refused = poison;
        if (refused != null && text.contains(refused)) {
            throw new IllegalStateException("poisoned");
        }
        if (closed == null) {
            sent.add(text);
        }
    }

    @Override
    public boolean isWritable() {
        return writable;
    }

    @Override
    public void close(int code, String reason) {
        closed = code + " " + reason;
    }

    @Override
    public void countMessage() {}

    @Override
    public Executor workers() {
        return Runnable::run;
    }

    @Override
    public Executor eventLoop() {
        return Runnable::run;
    }
}
