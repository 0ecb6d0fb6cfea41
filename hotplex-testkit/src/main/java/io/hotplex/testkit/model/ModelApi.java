package io.hotplex.testkit.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.sun.net.httpserver.HttpExchange;
import io.hotplex.testkit.model.Script.HttpError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The endpoints. Called by many threads, one for each request; what they share is guarded by {@code lock}, which is not
 * held while anything is read or written.
 */
final class ModelApi {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int MAX_BODY_BYTES = 64 << 20;
    private static final int MAX_SCRIPTS = 1_000;
    private static final int MAX_COUNTED_PROMPTS = 1_000;
    private static final List<String> MODELS = List.of("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5");
    private static final Dialect MESSAGES = new MessagesDialect();
    private static final Dialect CHAT = new ChatDialect();

    private final RequestLog log;
    private final Pauses pauses;
    private final boolean keepBodies;
    private final UsageMeter meter = new UsageMeter();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<String> scripts = new ArrayDeque<>();

    /** By the hash of the prompt. */
    @GuardedBy("lock")
    private final Map<String, Integer> failures = new LinkedHashMap<>();

    ModelApi(RequestLog log, CountDownLatch serverCloses, boolean keepBodies) {
        this.log = log;
        pauses = new Pauses(serverCloses);
        this.keepBodies = keepBodies;
    }

    void enqueue(String script) {
        lock.lock();
        try {
            if (scripts.size() >= MAX_SCRIPTS) {
                throw new IllegalStateException("too many scripts wait (expected: at most " + MAX_SCRIPTS + ")");
            }
            scripts.add(script);
        } finally {
            lock.unlock();
        }
    }

    void reset() {
        lock.lock();
        try {
            scripts.clear();
            failures.clear();
        } finally {
            lock.unlock();
        }
        meter.reset();
    }

    void handle(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readNBytes(MAX_BODY_BYTES);
        Answer answer = new Answer(exchange, log, body, keepBodies);
        boolean complete = false;
        try {
            route(exchange, answer, body);
            exchange.close();
            complete = true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the server closes", e);
        } finally {
            answer.end(!complete);
        }
    }

    private void route(HttpExchange exchange, Answer answer, byte[] body) throws IOException, InterruptedException {
        String path = exchange.getRequestURI().getPath();
        switch (exchange.getRequestMethod() + " " + path) {
            case "POST /v1/messages" -> reply(MESSAGES, answer, body);
            case "POST /v1/chat/completions" -> reply(CHAT, answer, body);
            case "POST /v1/messages/count_tokens" ->
                answer.json(200, JSON.objectNode().put("input_tokens", Math.max(1, body.length / 4)), Map.of());
            case "GET /v1/models" -> answer.json(200, models(), Map.of());
            case "HEAD /" -> answer.empty(200);
            case "GET /" -> answer.empty(200);
            default -> {
                if (exchange.getRequestMethod().equals("GET") && path.startsWith("/v1/models/")) {
                    answer.json(200, model(path.substring("/v1/models/".length())), Map.of());
                } else {
                    String what = exchange.getRequestMethod() + " " + path + " is not faked";
                    answer.json(404, MESSAGES.error(404, what), Map.of());
                }
            }
        }
    }

    private void reply(Dialect dialect, Answer answer, byte[] bytes) throws IOException, InterruptedException {
        JsonNode body = parse(bytes);
        if (body == null) {
            answer.json(400, dialect.error(400, "the body is not a JSON object"), Map.of());
            return;
        }
        Set<String> offered = dialect.offeredTools(body);
        AskedConversation asked = dialect.asked(body);
        answer.asked(body, asked.prompt(), offered);
        boolean titled = asked.script().equals(ChatDialect.TITLE_SCRIPT);
        String queued = titled ? null : nextScript();
        Script script = Script.parse(queued == null ? asked.script() : queued);
        // a queued script makes one reply, whatever tools ran for the prompt
        boolean inTheMiddle = queued == null && !asked.toolResults().isEmpty();
        if (script.hangs()) {
            throw pauses.forever();
        }
        pauses.pause(script.slow());
        if (script.error().isPresent()
                && !inTheMiddle
                && (queued != null || fails(asked.script(), script.error().get()))) {
            int status = script.error().get().status();
            Map<String, String> headers = script.retryAfterSeconds().isPresent()
                    ? Map.of(
                            "retry-after",
                            String.valueOf(script.retryAfterSeconds().getAsInt()))
                    : Map.of();
            answer.json(status, dialect.error(status, "scripted " + status), headers);
            return;
        }
        ReplyPlan plan = ReplyPlan.of(script, queued == null ? asked : asked.withoutToolResults(), offered);
        ObjectNode usage = meter.measure(body, plan.outputTokens());
        Dialect.Reply reply =
                dialect.reply(answer, script, plan, body.path("model").asText(), usage, pauses);
        if (body.path("stream").asBoolean()) {
            reply.stream();
        } else {
            reply.writeWhole();
        }
    }

    private @Nullable String nextScript() {
        lock.lock();
        try {
            return scripts.poll();
        } finally {
            lock.unlock();
        }
    }

    private boolean fails(String prompt, HttpError error) {
        String key = hash(prompt);
        lock.lock();
        try {
            int before = failures.getOrDefault(key, 0);
            if (before >= error.times()) {
                return false;
            }
            failures.put(key, before + 1);
            if (failures.size() > MAX_COUNTED_PROMPTS) {
                failures.remove(failures.keySet().iterator().next());
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** Prompts may be large, and are kept only to know them again. */
    private static String hash(String prompt) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(prompt.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private static @Nullable JsonNode parse(byte[] body) throws IOException {
        try {
            JsonNode node = MAPPER.readTree(body);
            return node.isObject() ? node : null;
        } catch (JsonProcessingException e) {
            return null;
        }
    }

    private static ObjectNode models() {
        ObjectNode list = JSON.objectNode();
        ArrayNode data = list.putArray("data");
        MODELS.forEach(id -> data.add(model(id)));
        return list.put("has_more", false).put("first_id", MODELS.get(0)).put("last_id", MODELS.get(MODELS.size() - 1));
    }

    private static ObjectNode model(String id) {
        return JSON.objectNode()
                .put("type", "model")
                .put("id", id)
                .put("display_name", id)
                .put("created_at", "2026-01-01T00:00:00Z");
    }
}
