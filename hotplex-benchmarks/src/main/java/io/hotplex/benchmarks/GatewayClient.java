package io.hotplex.benchmarks;

import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A client of {@code /ws/v2} that waits for the ends of turns, and counts events by looking at their offsets alone.
 * Confined to its caller, but for the listener's calls.
 */
final class GatewayClient implements WebSocket.Listener, AutoCloseable {
    private static final int LIMIT_SECONDS = 60;

    private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();
    private final StringBuilder partial = new StringBuilder();
    private final WebSocket socket;

    GatewayClient(HttpClient http, InetSocketAddress server, String key) {
        socket = http.newWebSocketBuilder()
                .header("Authorization", "Bearer " + key)
                .buildAsync(URI.create("ws://localhost:" + server.getPort() + "/ws/v2"), this)
                .join();
    }

    void send(String message) {
        socket.sendText(message, true).join();
    }

    /** The next message that has this in it. */
    String await(String part) throws InterruptedException {
        while (true) {
            String message = messages.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
            if (message == null) {
                throw new IllegalStateException("nothing came that has " + part);
            }
            if (message.contains("\"type\":\"error\"")) {
                throw new IllegalStateException(message);
            }
            if (message.contains(part)) {
                return message;
            }
        }
    }

    /** Opens a session and follows it. */
    void follow(String session, String workDir) throws InterruptedException {
        send("{\"type\":\"open\",\"spec\":{\"id\":\"" + session + "\",\"work_dir\":\"" + workDir + "\"}}");
        await("\"type\":\"opened\"");
        send("{\"type\":\"attach\",\"session\":\"" + session + "\"}");
        await("\"type\":\"attached\"");
    }

    /** One turn, until its terminal event is here; in nanoseconds. */
    long turn(String session, String text) throws InterruptedException {
        long start = System.nanoTime();
        send("{\"type\":\"prompt\",\"session\":\"" + session + "\",\"text\":\"" + text + "\"}");
        await("\"type\":\"turn_completed\"");
        return System.nanoTime() - start;
    }

    /** A turn of each session at once, until the terminal events of all are here; in nanoseconds. */
    long turns(List<String> sessions, String text) throws InterruptedException {
        long start = System.nanoTime();
        for (String session : sessions) {
            send("{\"type\":\"prompt\",\"session\":\"" + session + "\",\"text\":\"" + text + "\"}");
        }
        for (int i = 0; i < sessions.size(); i++) {
            await("\"type\":\"turn_completed\"");
        }
        return System.nanoTime() - start;
    }

    /** One message that asks for nothing, until its answer is here; in nanoseconds. */
    long ping() throws InterruptedException {
        long start = System.nanoTime();
        send("{\"type\":\"ping\"}");
        await("\"type\":\"pong\"");
        return System.nanoTime() - start;
    }

    /**
     * Counts the offsets of a turn that is submitted now, of which there are so many.
     *
     * @return how many are missing
     */
    long stream(String session, String text, long count) throws InterruptedException {
        send("{\"type\":\"prompt\",\"session\":\"" + session + "\",\"text\":\"" + text + "\"}");
        long seen = 0;
        boolean ended = false;
        while (!ended) {
            String message = await("\"type\":\"events\"");
            for (int at = message.indexOf("\"offset\":"); at >= 0; at = message.indexOf("\"offset\":", at + 9)) {
                long offset = number(message, at + 9);
                int end = endOfNumber(message, at + 9);
                seen += message.startsWith(",\"first_offset\":", end) ? offset - number(message, end + 16) + 1 : 1;
            }
            ended = message.contains("\"type\":\"turn_completed\"");
        }
        return count - seen;
    }

    private static int endOfNumber(String text, int from) {
        int end = from;
        while (Character.isDigit(text.charAt(end))) {
            end++;
        }
        return end;
    }

    private static long number(String text, int from) {
        return Long.parseLong(text, from, endOfNumber(text, from), 10);
    }

    @Override
    public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
        if (last && partial.isEmpty()) {
            messages.add(data.toString());
        } else {
            partial.append(data);
            if (last) {
                messages.add(partial.toString());
                partial.setLength(0);
            }
        }
        from.request(1);
        return null;
    }

    @Override
    public void close() {
        socket.abort();
    }
}
