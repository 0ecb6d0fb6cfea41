package io.hotplex.server.internal.http;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A proper WebSocket client whose messages can be waited for. */
public final class WebSocketProbe implements AutoCloseable, WebSocket.Listener {
    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable WebSocket connected;

    private WebSocketProbe() {}

    public static WebSocketProbe connect(InetSocketAddress address, String path, String subProtocol, String... more) {
        return connect(address, path, Map.of(), subProtocol, more);
    }

    /** @param headers of the request that it begins with */
    public static WebSocketProbe connect(
            InetSocketAddress address, String path, Map<String, String> headers, String subProtocol, String... more) {
        WebSocketProbe probe = new WebSocketProbe();
        WebSocket.Builder builder = HttpClient.newHttpClient().newWebSocketBuilder();
        headers.forEach(builder::header);
        probe.connected = builder.subprotocols(subProtocol, more)
                .buildAsync(URI.create("ws://localhost:" + address.getPort() + path), probe)
                .join();
        return probe;
    }

    private WebSocket socket() {
        return Objects.requireNonNull(connected, "not connected");
    }

    public String subProtocol() {
        return socket().getSubprotocol();
    }

    public void send(String message) {
        socket().sendText(message, true).join();
    }

    /** The next message, or {@code closed CODE REASON}. */
    public String next() throws InterruptedException {
        String message = messages.poll(20, TimeUnit.SECONDS);
        if (message == null) {
            throw new AssertionError("no message came");
        }
        return message;
    }

    /** Whether nothing came that was not taken yet. */
    public boolean isQuiet() {
        return messages.isEmpty();
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        text.append(data);
        if (last) {
            messages.add(text.toString());
            text.setLength(0);
        }
        from.request(1);
        return null;
    }

    @Override
    public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
        messages.add("closed " + code + " " + reason);
        return null;
    }

    @Override
    public void onError(WebSocket from, Throwable error) {
        messages.add("failed " + error);
    }

    @Override
    public void close() {
        socket().abort();
    }
}
