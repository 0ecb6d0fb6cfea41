package io.hotplex.provider.opencode;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A launcher whose processes are HTTP servers of this JVM that speak as OpenCode does. A prompt {@code hang} is
 * answered when it is aborted, every other one at once, by itself. Thread-safe.
 */
final class FakeServers implements ProcessLauncher {
    static {
        // read once, by the first server of the JVM: else head and body wait for each other's acknowledgement, 40 ms
        System.setProperty("sun.net.httpserver.nodelay", "true");
    }

    final List<Server> servers = new CopyOnWriteArrayList<>();
    /** How many of the next servers find their port taken. */
    final AtomicInteger portsTaken = new AtomicInteger();
    /** Whether servers wait with their first answer. */
    volatile boolean slow;

    private final Map<String, String> conversations = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** A server, as soon as it was launched. */
    Server server(int number) {
        await().until(() -> servers.size() >= number);
        return servers.get(number - 1);
    }

    @Override
    public Info info() {
        return new Info("fake", List.of());
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        Server server = new Server(100 + servers.size(), spec, listener);
        servers.add(server);
        if (portsTaken.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            server.exit(new ExitStatus(1, null), "ServeError: the port is taken");
        }
        return server;
    }

    @Override
    public void close() {
        servers.forEach(server -> server.exit(new ExitStatus(null, 9)));
    }

    final class Server implements AgentProcess {
        final ProcessSpec spec;
        /** Method and path of what was asked for. */
        final List<String> requests = new CopyOnWriteArrayList<>();

        final List<JsonNode> prompts = new CopyOnWriteArrayList<>();
        final List<String> ends = new CopyOnWriteArrayList<>();
        final AtomicBoolean gone = new AtomicBoolean();
        final AtomicInteger refused = new AtomicInteger();
        final AtomicInteger streams = new AtomicInteger();
        /** How many aborts do nothing. */
        final AtomicInteger deafAborts = new AtomicInteger();
        /** How many of the next streams of events do not even begin. */
        final AtomicInteger silentStreams = new AtomicInteger();
        /** How many of the next streams of events end as soon as they have begun. */
        final AtomicInteger shortStreams = new AtomicInteger();
        /** When streams of events were asked for, by {@link System#nanoTime()}. */
        final List<Long> streamTimes = new CopyOnWriteArrayList<>();

        volatile long rssBytes;
        private final Map<String, String> running = new ConcurrentHashMap<>();
        private final Map<String, String> written = new ConcurrentHashMap<>();
        private final long pid;
        private final ProcessListener listener;
        private final HttpServer http;
        private final ExecutorService threads = Executors.newCachedThreadPool();
        private volatile @Nullable HttpExchange stream;

        Server(long pid, ProcessSpec spec, ProcessListener listener) {
            this.pid = pid;
            this.spec = spec;
            this.listener = listener;
            int port = Integer.parseInt(spec.command().get(spec.command().indexOf("--port") + 1));
            try {
                http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            http.createContext("/", this::handle);
            http.setExecutor(threads);
            http.start();
        }

        void answerInitialize() {
            listener.onLine(AgentLine.of("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"));
        }

        void exit(ExitStatus status, String... stderr) {
            if (gone.compareAndSet(false, true)) {
                http.stop(0);
                threads.shutdownNow();
                listener.onOutputEnd();
                listener.onExit(new ProcessListener.Exit(status, List.of(stderr), null));
            }
        }

        /** Ends the connection of the stream of events; the client opens another. */
        void cutStream() {
            HttpExchange open = stream;
            stream = null;
            if (open != null) {
                open.close();
            }
        }

        private void handle(HttpExchange exchange) throws IOException {
            byte[] body = exchange.getRequestBody().readAllBytes();
            String path = exchange.getRequestURI().getPath();
            String user = "opencode:" + spec.environment().get("OPENCODE_SERVER_PASSWORD");
            String expected = "Basic " + Base64.getEncoder().encodeToString(user.getBytes(StandardCharsets.UTF_8));
            if (!expected.equals(exchange.getRequestHeaders().getFirst("authorization"))) {
                refused.incrementAndGet();
                answer(exchange, 401, "{}");
                return;
            }
            requests.add(exchange.getRequestMethod() + " " + path);
            if (path.equals("/global/event")) {
                streamTimes.add(System.nanoTime());
                if (silentStreams.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    return; // the connection stays as it is
                }
                exchange.getResponseHeaders().set("content-type", "text/event-stream");
                exchange.sendResponseHeaders(200, 0);
                stream = exchange;
                streams.incrementAndGet();
                event("server.connected", "");
                if (shortStreams.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    cutStream();
                }
                return;
            }
            String query = String.valueOf(exchange.getRequestURI().getRawQuery());
            String directory = URLDecoder.decode(query.replaceFirst("^.*directory=", ""), StandardCharsets.UTF_8);
            route(exchange, path, directory, body);
        }

        private void route(HttpExchange exchange, String path, String directory, byte[] body) throws IOException {
            String[] parts = path.split("/", -1);
            String session = parts.length > 2 ? parts[2] : "";
            if (path.equals("/session")) {
                String id = "ses_" + count.incrementAndGet();
                conversations.put(id, directory);
                answer(exchange, 200, session(id));
            } else if (path.equals("/session/status")) {
                StringBuilder all = new StringBuilder("{");
                running.keySet()
                        .forEach(id ->
                                all.append(all.length() > 1 ? "," : "").append("\"" + id + "\":{\"type\":\"busy\"}"));
                answer(exchange, 200, all + "}");
            } else if (path.endsWith("/prompt_async")) {
                answer(exchange, 204, "");
                JsonNode prompt = OpenCodeJson.value(body);
                prompted(session, prompt == null ? OpenCodeJson.object() : prompt);
            } else if (path.endsWith("/abort")) {
                if (deafAborts.getAndUpdate(left -> Math.max(0, left - 1)) == 0) {
                    String message = running.get(session);
                    if (message != null) {
                        end(session, message, ",\"error\":{\"name\":\"MessageAbortedError\",\"data\":{}}");
                    }
                }
                answer(exchange, 200, "true");
            } else if (path.endsWith("/message")) {
                answer(exchange, 200, "[" + written.getOrDefault(session, "") + "]");
            } else if (path.equals("/config")) {
                answer(exchange, 200, "{\"model\":\"acme/m1\"}");
            } else if (parts.length == 3 && parts[1].equals("session")) {
                answer(exchange, conversations.containsKey(session) ? 200 : 404, session(session));
            } else {
                answer(exchange, 200, path.startsWith("/global") ? "true" : "[]");
            }
        }

        private String session(String id) {
            return "{\"id\":\"" + id + "\",\"directory\":\"" + conversations.get(id) + "\",\"version\":\"1\"}";
        }

        private void answer(HttpExchange exchange, int status, String body) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("content-type", "application/json");
            exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        }

        private void prompted(String session, JsonNode prompt) {
            prompts.add(prompt);
            String message = OpenCodeJson.text(prompt, "messageID", "");
            running.put(session, message);
            event("message.updated", session, ",\"info\":" + user(session, message));
            event("session.status", session, ",\"status\":{\"type\":\"busy\"}");
            event("message.updated", session, ",\"info\":" + assistant(session, message, ""));
            String text = OpenCodeJson.text(prompt.path("parts").path(0), "text", "");
            if (!text.equals("hang")) {
                answerTurn(session, text);
            }
        }

        /** Answers the prompt of a session that hangs. */
        void answerTurn(String session, String text) {
            String message = running.getOrDefault(session, "");
            String part = "{\"id\":\"prt_" + message + "\",\"messageID\":\"msg_z" + message
                    + "\",\"type\":\"text\",\"text\":\"" + text + "\",\"time\":{\"end\":1}}";
            event("message.part.updated", session, ",\"part\":" + part);
            written.put(
                    session,
                    "{\"info\":" + user(session, message) + ",\"parts\":[]},{\"info\":"
                            + assistant(session, message, ",\"finish\":\"stop\"") + ",\"parts\":[" + part + "]}");
            end(session, message, ",\"finish\":\"stop\"");
        }

        private void end(String session, String message, String more) {
            running.remove(session);
            event("message.updated", session, ",\"info\":" + assistant(session, message, more));
            event("session.status", session, ",\"status\":{\"type\":\"idle\"}");
        }

        private String user(String session, String id) {
            return "{\"id\":\"" + id + "\",\"role\":\"user\",\"sessionID\":\"" + session + "\"}";
        }

        private String assistant(String session, String parent, String more) {
            return "{\"id\":\"msg_z" + parent + "\",\"role\":\"assistant\",\"sessionID\":\"" + session
                    + "\",\"parentID\":\"" + parent + "\",\"time\":{\"created\":1"
                    + (more.isEmpty() ? "" : ",\"completed\":2") + "}" + more + "}";
        }

        private void event(String type, String session, String more) {
            event(type, "\"sessionID\":\"" + session + "\"" + more);
        }

        private void event(String type, String properties) {
            HttpExchange open = stream;
            if (open == null) {
                return;
            }
            String frame = "data: {\"directory\":\"d\",\"payload\":{\"type\":\"" + type + "\",\"properties\":{"
                    + properties + "}}}\n\n";
            try {
                OutputStream out = open.getResponseBody();
                out.write(frame.getBytes(StandardCharsets.UTF_8));
                out.flush();
            } catch (IOException e) {
                // nobody listens, as with the original
            }
        }

        @Override
        public long pid() {
            return pid;
        }

        @Override
        public boolean write(byte[] data) {
            if (!slow && !gone.get()) {
                answerInitialize();
            }
            return true;
        }

        @Override
        public void closeInput() {
            ends.add("eof");
        }

        @Override
        public void reading(boolean on) {}

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            ends.add("terminate " + eofGrace.toMillis());
            exit(new ExitStatus(null, eofGrace.isZero() ? 9 : 15));
        }

        @Override
        public Optional<ProcessUsage> usage() {
            return Optional.of(new ProcessUsage(1, rssBytes, Duration.ZERO));
        }
    }
}
