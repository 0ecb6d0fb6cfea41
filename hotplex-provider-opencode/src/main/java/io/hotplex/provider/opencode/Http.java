package io.hotplex.provider.opencode;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;

/** Requests to one server on this machine. Immutable and thread-safe. */
final class Http {
    /** The user name that OpenCode expects; it is also set in its environment. */
    static final String USER = "opencode";

    /** An answer is kept in memory; a long conversation is some megabytes. */
    private static final int MAX_BODY_BYTES = 64 << 20;

    /**
     * One for the JVM: Java 17 cannot close one, so each has a thread and handles until it is collected. Never through
     * a proxy: what it talks to is on the loopback interface.
     */
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .proxy(HttpClient.Builder.NO_PROXY)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    private final String base;
    private final String authorization;

    /** @param body what came, whatever its type */
    @SuppressWarnings("ArrayRecordComponent") // handed on once, compared by nobody
    record Reply(int status, byte[] body) {
        boolean ok() {
            return status >= 200 && status < 300;
        }
    }

    Http(int port, String password) {
        base = "http://127.0.0.1:" + port;
        byte[] pair = (USER + ":" + password).getBytes(StandardCharsets.UTF_8);
        authorization = "Basic " + Base64.getEncoder().encodeToString(pair);
    }

    /**
     * Makes a request.
     *
     * @param path with its query
     * @param body JSON; empty for none
     */
    CompletableFuture<Reply> send(String method, String path, byte[] body, Duration limit) {
        HttpRequest.Builder request = request(path).timeout(limit);
        if (body.length > 0) {
            request.header("content-type", "application/json");
        }
        request.method(method, body.length > 0 ? BodyPublishers.ofByteArray(body) : BodyPublishers.noBody());
        return CLIENT.sendAsync(request.build(), info -> new LimitedBody())
                .thenApply(response -> new Reply(response.statusCode(), response.body()));
    }

    /** Opens the stream of events; what comes goes to the subscriber, and the future completes when it ends. */
    CompletableFuture<HttpResponse<Void>> events(BodySubscriber<Void> subscriber) {
        HttpRequest request =
                request("/global/event").header("accept", "text/event-stream").build();
        return CLIENT.sendAsync(
                request, info -> info.statusCode() == 200 ? subscriber : HttpResponse.BodySubscribers.replacing(null));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path)).header("authorization", authorization);
    }

    /** Collects a body, up to the limit. Called by one thread at a time. */
    private static final class LimitedBody implements BodySubscriber<byte[]> {
        private final CompletableFuture<byte[]> body = new CompletableFuture<>();
        private final ByteArrayOutputStream collected = new ByteArrayOutputStream();

        @Override
        public CompletionStage<byte[]> getBody() {
            return body;
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
            var unused = body.whenComplete((done, failure) -> {
                if (failure != null) {
                    subscription.cancel();
                }
            });
        }

        @Override
        public void onNext(List<ByteBuffer> buffers) {
            for (ByteBuffer buffer : buffers) {
                if (collected.size() + buffer.remaining() > MAX_BODY_BYTES) {
                    body.completeExceptionally(
                            new IOException("the answer is larger than " + MAX_BODY_BYTES + " bytes"));
                    return;
                }
                byte[] bytes = new byte[buffer.remaining()];
                buffer.get(bytes);
                collected.writeBytes(bytes);
            }
        }

        @Override
        public void onError(Throwable failure) {
            body.completeExceptionally(failure);
        }

        @Override
        public void onComplete() {
            body.complete(collected.toByteArray());
        }
    }
}
