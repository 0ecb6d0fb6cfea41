package io.hotplex.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/** Takes whatever is posted on this machine, answers as Slack does, and counts. Thread-safe. */
final class Receiver implements AutoCloseable {
    /** Comes once in each event. */
    private static final byte[] MARK = "\"severity\":".getBytes(StandardCharsets.US_ASCII);

    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final Map<String, AtomicLong> requests = new ConcurrentHashMap<>();
    private final LongAdder events = new LongAdder();

    Receiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
        server.createContext("/", this::take);
        server.setExecutor(threads);
        server.start();
    }

    private void take(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            long count = requests.computeIfAbsent(path, any -> new AtomicLong()).incrementAndGet();
            events.add(marks(body));
            byte[] answer = ("{\"ok\":true,\"ts\":\"1." + count + "\"}").getBytes(StandardCharsets.US_ASCII);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, path.startsWith("/v1/") ? -1 : answer.length);
            if (!path.startsWith("/v1/")) {
                exchange.getResponseBody().write(answer);
            }
        }
    }

    private static int marks(byte[] body) {
        int count = 0;
        for (int i = 0; i + MARK.length <= body.length; i++) {
            int same = 0;
            while (same < MARK.length && body[i + same] == MARK[same]) {
                same++;
            }
            count += same == MARK.length ? 1 : 0;
        }
        return count;
    }

    /** How many requests came to a path. */
    long requests(String path) {
        AtomicLong count = requests.get(path);
        return count == null ? 0 : count.get();
    }

    /** How many events of hooks came. */
    long events() {
        return events.sum();
    }

    String url(String path) {
        return "http://127.0.0.1:" + server.getAddress().getPort() + path;
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
