package io.hotplex.provider.claude;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.testkit.provider.Transcript;
import io.hotplex.testkit.provider.TranscriptPlayer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;

/**
 * Claude's dialect for {@link TranscriptPlayer}. Answers to requests that the protocol makes of itself are added, since
 * the recording host made none: the probe for readiness; and withdrawals with "too late", unless the recorded host
 * asked for them too.
 */
@NullMarked
final class Replay implements TranscriptPlayer.Dialect {
    static final ObjectMapper JSON = new ObjectMapper();

    private final UnaryOperator<String> change;
    private final boolean accepted;
    private final Map<String, String> requestIds = new HashMap<>();
    private final Set<String> withdrawnByHost = new HashSet<>();

    private Replay(Transcript.Run run, UnaryOperator<String> change) {
        this.change = change;
        // a process that came to a turn would have answered
        this.accepted = run.output().stream()
                .anyMatch(line -> tree(line.text()).path("subtype").asText().equals("init"));
    }

    /** A player that has not played yet. */
    static TranscriptPlayer player(Transcript.Run run, UnaryOperator<String> change) {
        return new TranscriptPlayer(run, new ClaudeProtocol(start(run), false), new Replay(run, change));
    }

    static TranscriptPlayer of(Transcript.Run run) {
        return player(run, UnaryOperator.identity()).play();
    }

    @Override
    public void call(String line, TranscriptPlayer player) {
        JsonNode message = tree(line);
        switch (message.path("type").asText()) {
            case "user" -> user(message, player);
            case "control_request" -> request(message, player);
            case "control_response" -> answer(message.path("response"), player);
            default -> {
                // not a call of ours
            }
        }
    }

    private static void user(JsonNode message, TranscriptPlayer player) {
        JsonNode content = message.path("message").path("content");
        StringBuilder text = new StringBuilder(content.isTextual() ? content.asText() : "");
        content.findValuesAsText("text").forEach(text::append);
        JsonNode uuid = message.path("uuid");
        player.prompt(Prompt.of(text.toString()), uuid.isTextual() ? uuid.asText() : null);
    }

    private void request(JsonNode message, TranscriptPlayer player) {
        JsonNode request = message.path("request");
        String id = message.path("request_id").asText();
        AgentProtocol protocol = player.protocol();
        int before = player.sink().sent().size();
        switch (request.path("subtype").asText()) {
            case "interrupt" -> protocol.interrupt(player.sink());
            case "set_model" -> protocol.setModel(id, request.path("model").asText("default"), player.sink());
            case "set_permission_mode" ->
                protocol.setPermissionMode(id, request.path("mode").asText(), player.sink());
            default -> {
                // asked by the recording host alone
            }
        }
        List<String> sent = player.sink().sent();
        for (String line : sent.subList(before, sent.size())) {
            JsonNode ours = tree(line);
            if (ours.path("request").path("subtype").equals(request.path("subtype"))) {
                requestIds.put(id, ours.path("request_id").asText());
            }
        }
        if (request.path("subtype").asText().equals("cancel_async_message")) {
            withdrawnByHost.add(request.path("message_uuid").asText());
        }
    }

    private void answer(JsonNode response, TranscriptPlayer player) {
        JsonNode decision = response.path("response");
        String id = response.path("request_id").asText();
        if (decision.path("updatedInput").path("answers") instanceof ObjectNode answers) {
            Map<String, List<String>> texts = new HashMap<>();
            answers.properties()
                    .forEach(field ->
                            texts.put(field.getKey(), List.of(field.getValue().asText())));
            player.protocol().answerQuestion(id, texts, player.sink());
        } else if (decision.path("behavior").asText().equals("allow")) {
            PermissionAnswer.Scope scope =
                    decision.has("updatedPermissions") ? PermissionAnswer.Scope.SESSION : PermissionAnswer.Scope.ONCE;
            Map<String, @Nullable Object> input =
                    decision.has("updatedInput") ? ClaudeJson.map(decision, "updatedInput") : null;
            player.protocol().answer(id, new PermissionAnswer.Allow(scope, input), player.sink());
        } else if (decision.path("behavior").asText().equals("deny")) {
            boolean interrupt = decision.path("interrupt").asBoolean();
            player.protocol()
                    .answer(
                            id,
                            new PermissionAnswer.Deny(decision.path("message").asText(), interrupt),
                            player.sink());
        }
    }

    @Override
    public String received(String line) {
        return change.apply(translated(line));
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

    @Override
    public List<String> answers(String sent) {
        JsonNode message = tree(sent);
        JsonNode request = message.path("request");
        if (!accepted) {
            return List.of();
        }
        return switch (request.path("subtype").asText()) {
            case "get_binary_version" -> List.of(success(message, "{\"version\":\"2.1.0\"}"));
            case "cancel_async_message" -> {
                boolean cancelled =
                        withdrawnByHost.contains(request.path("message_uuid").asText());
                yield List.of(success(message, "{\"cancelled\":" + cancelled + "}"));
            }
            default -> List.of();
        };
    }

    private static String success(JsonNode request, String response) {
        return "{\"type\":\"control_response\",\"response\":{\"response\":" + response
                + ",\"subtype\":\"success\",\"request_id\":" + request.path("request_id") + "}}";
    }

    static JsonNode tree(String line) {
        try {
            return JSON.readTree(line);
        } catch (JsonProcessingException e) {
            return JSON.missingNode();
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
