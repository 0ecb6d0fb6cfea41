package io.hotplex.provider.claude;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.testkit.provider.RecordingSink;
import io.hotplex.testkit.provider.Transcript;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Plays a recorded process through a fresh protocol: what went in becomes calls, what came out is received. Answers to
 * requests that the protocol makes of itself are added, since the recording host made none.
 */
@NullMarked
final class Replay {
    static final ObjectMapper JSON = new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    private static final int MAX_TEXT = 300;

    final RecordingSink sink = new RecordingSink();
    final AgentProtocol protocol;
    final List<String> prompts = new ArrayList<>();
    private final Transcript.Run run;
    private final UnaryOperator<String> change;
    private final Map<String, String> requestIds = new HashMap<>();
    private final Set<String> withdrawnByHost = new HashSet<>();
    private int asked;
    private int answered;

    Replay(Transcript.Run run, UnaryOperator<String> change) {
        this.run = run;
        this.change = change;
        this.protocol = new ClaudeProtocol(start(run), false);
    }

    static Replay of(Transcript.Run run) {
        return new Replay(run, UnaryOperator.identity()).play();
    }

    Replay play() {
        protocol.started(sink);
        // the recording hosts did not ask; a process that came to a turn would have answered
        boolean accepted = run.output().stream()
                .anyMatch(line -> tree(line.text()).path("subtype").asText().equals("init"));
        if (accepted) {
            answerOwnRequests("2.1.0");
        }
        for (Transcript.Entry entry : run.entries()) {
            if (entry.direction() == Transcript.Direction.OUT) {
                protocol.receive(AgentLine.of(change.apply(translated(entry.line()))), sink);
            } else {
                call(entry.line());
            }
            if (accepted) {
                answerOwnRequests("");
            }
        }
        return this;
    }

    private void call(String line) {
        JsonNode message = tree(line);
        switch (message.path("type").asText()) {
            case "user" -> user(message);
            case "control_request" -> request(message);
            case "control_response" -> answer(message.path("response"));
            default -> {
                // not a call of ours
            }
        }
    }

    private void user(JsonNode message) {
        if (!sink.isReady()) {
            return;
        }
        JsonNode content = message.path("message").path("content");
        StringBuilder text = new StringBuilder(content.isTextual() ? content.asText() : "");
        content.findValuesAsText("text").forEach(text::append);
        String turnId = message.hasNonNull("uuid")
                        && !prompts.contains(message.get("uuid").asText())
                ? message.get("uuid").asText()
                : String.format("00000000-0000-4000-8000-%012d", ++asked);
        Prompt prompt = Prompt.of(text.toString());
        if (open() == 0) {
            prompts.add(turnId);
            protocol.prompt(turnId, prompt, sink);
        } else if (protocol.steer(turnId, prompt, sink)) {
            prompts.add(turnId);
        }
    }

    long open() {
        return prompts.stream().filter(id -> sink.ends(id).isEmpty()).count();
    }

    private void request(JsonNode message) {
        JsonNode request = message.path("request");
        String id = message.path("request_id").asText();
        int before = sink.sent().size();
        switch (request.path("subtype").asText()) {
            case "interrupt" -> protocol.interrupt(sink);
            case "set_model" -> protocol.setModel(id, request.path("model").asText("default"), sink);
            case "set_permission_mode" ->
                protocol.setPermissionMode(id, request.path("mode").asText(), sink);
            default -> {
                // asked by the recording host alone
            }
        }
        for (String sent : sink.sent().subList(before, sink.sent().size())) {
            JsonNode ours = tree(sent);
            if (ours.path("request").path("subtype").equals(request.path("subtype"))) {
                requestIds.put(id, ours.path("request_id").asText());
            }
        }
        if (request.path("subtype").asText().equals("cancel_async_message")) {
            withdrawnByHost.add(request.path("message_uuid").asText());
        }
    }

    private void answer(JsonNode response) {
        JsonNode decision = response.path("response");
        String id = response.path("request_id").asText();
        if (decision.path("updatedInput").path("answers") instanceof ObjectNode answers) {
            Map<String, List<String>> texts = new HashMap<>();
            answers.properties()
                    .forEach(field ->
                            texts.put(field.getKey(), List.of(field.getValue().asText())));
            protocol.answerQuestion(id, texts, sink);
        } else if (decision.path("behavior").asText().equals("allow")) {
            PermissionAnswer.Scope scope =
                    decision.has("updatedPermissions") ? PermissionAnswer.Scope.SESSION : PermissionAnswer.Scope.ONCE;
            Map<String, @Nullable Object> input =
                    decision.has("updatedInput") ? ClaudeJson.map(decision, "updatedInput") : null;
            protocol.answer(id, new PermissionAnswer.Allow(scope, input), sink);
        } else if (decision.path("behavior").asText().equals("deny")) {
            boolean interrupt = decision.path("interrupt").asBoolean();
            protocol.answer(
                    id, new PermissionAnswer.Deny(decision.path("message").asText(), interrupt), sink);
        }
    }

    /** The recorded host's request ids become those of the protocol. */
    private String translated(String line) {
        if (!line.contains("control_response")) {
            return line;
        }
        ObjectNode message = (ObjectNode) tree(line);
        String id = message.path("response").path("request_id").asText();
        String ours = requestIds.get(id);
        if (ours != null && message.get("response") instanceof ObjectNode response) {
            response.put("request_id", ours);
        }
        return message.toString();
    }

    /**
     * Answers the probe for readiness; and withdrawals with "too late", unless the recorded host asked for them too.
     */
    private void answerOwnRequests(String version) {
        List<String> sent = sink.sent();
        for (; answered < sent.size(); answered++) {
            JsonNode request = tree(sent.get(answered));
            String id = request.path("request_id").asText();
            String subtype = request.path("request").path("subtype").asText();
            String uuid = request.path("request").path("message_uuid").asText();
            if (subtype.equals("get_binary_version")) {
                receive("{\"response\":{\"version\":\"" + version + "\"},\"subtype\":\"success\",\"request_id\":\"" + id
                        + "\"}");
            } else if (subtype.equals("cancel_async_message")) {
                receive("{\"response\":{\"cancelled\":" + withdrawnByHost.contains(uuid)
                        + "},\"subtype\":\"success\",\"request_id\":\"" + id + "\"}");
            }
        }
    }

    private void receive(String response) {
        protocol.receive(AgentLine.of("{\"type\":\"control_response\",\"response\":" + response + "}"), sink);
    }

    /** What the protocol said, one line each, and the verdict on the exit. */
    List<String> golden() {
        List<String> lines = new ArrayList<>();
        for (RecordingSink.Entry entry : sink.entries()) {
            lines.add(text(entry));
        }
        lines.add("exit: " + protocol.exited(run.exit(), run.stderr()));
        lines.add("open prompts: " + open());
        return lines;
    }

    static String text(RecordingSink.Entry entry) {
        if (entry instanceof RecordingSink.Sent sent) {
            return "send " + cut(json(JSON.convertValue(tree(sent.line()), Object.class)));
        }
        if (entry instanceof RecordingSink.Event event) {
            AgentEvent e = event.event();
            Object data = EventSchema.toMap(new EventRecord("s", 1, 1, null, Instant.EPOCH, e))
                    .get("data");
            return "event " + e.type() + " " + cut(json(data));
        }
        if (entry instanceof RecordingSink.TurnEnded ended) {
            return "turn ended " + ended.turnId() + " " + end(ended.end());
        }
        return entry.toString();
    }

    private static String end(TurnEnd end) {
        Map<String, @Nullable Object> map = new TreeMap<>();
        map.put("text", end.text());
        map.put("cost", end.costUsd());
        map.put("usage", end.usage().toString());
        map.put("stop", end.stopReason());
        map.put("code", end.code());
        map.put("message", end.message());
        map.put("merged", end.mergedInto());
        map.values().removeIf(value -> value == null);
        return end.outcome() + " " + cut(json(map));
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…(" + text.length() + ")";
    }

    static JsonNode tree(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
        }
    }

    private static String json(@Nullable Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static LaunchRequest.Start start(Transcript.Run run) {
        String id = option(run, "--session-id");
        String resumed = option(run, "--resume");
        String first = "";
        for (Transcript.Entry entry : run.entries()) {
            JsonNode name = tree(entry.line()).path("session_id");
            if (first.isEmpty() && entry.direction() == Transcript.Direction.OUT && name.isTextual()) {
                first = name.asText();
            }
        }
        if (run.arguments().contains("--fork-session")) {
            return new LaunchRequest.Start(LaunchRequest.Mode.FORK, id == null ? "00000000" : id, resumed);
        }
        return resumed == null
                ? new LaunchRequest.Start(LaunchRequest.Mode.NEW, id == null ? first : id, null)
                : new LaunchRequest.Start(LaunchRequest.Mode.RESUME, resumed, null);
    }

    private static @Nullable String option(Transcript.Run run, String flag) {
        int at = run.arguments().indexOf(flag);
        return at < 0 ? null : run.arguments().get(at + 1);
    }
}
