package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.ProcessState;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A session's journal, written by hand, and what a projection makes of it. */
final class Journal {
    static final Instant BEGIN = Instant.parse("2026-11-22T14:21:30.100Z");
    static final String SESSION = "ses_dfc5dd15cffeuk6Wsgq6d0cL2m";
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final List<EventRecord> records = new ArrayList<>();
    private @Nullable String turn;
    private Instant time = BEGIN;

    /** Ten milliseconds later. */
    Journal add(AgentEvent event) {
        time = time.plusMillis(10);
        if (event instanceof AgentEvent.TurnStarted) {
            turn = "turn-" + records.size();
        }
        long offset = records.size() + 1L;
        records.add(new EventRecord(SESSION, offset, offset, turn, time, event));
        if (event instanceof AgentEvent.Terminal) {
            turn = null;
        }
        return this;
    }

    Journal prompt(String text) {
        return add(new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, text));
    }

    Journal prompt(String clientId, String text) {
        return add(new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, clientId, text));
    }

    Journal say(String message, String... pieces) {
        for (String piece : pieces) {
            add(new AgentEvent.TextDelta(message, 0, piece, null));
        }
        return add(new AgentEvent.Text(message, 0, String.join("", pieces), null));
    }

    Journal tool(String id, String command) {
        return add(new AgentEvent.ToolStarted(
                id, "Bash", AgentEvent.ToolKind.EXECUTE, command, Map.of("command", command), List.of(), null));
    }

    Journal output(String id, String output, boolean error) {
        return add(new AgentEvent.ToolCompleted(id, "Bash", error, output, List.of(), null));
    }

    Journal used(String message, long in, long out) {
        return add(new AgentEvent.Usage(message, "model-1", new TokenUsage(in, out, 0, 0), null));
    }

    Journal completed(String text) {
        return add(new AgentEvent.TurnCompleted(
                text, new TokenUsage(3, 4, 0, 0), 0.25, Duration.ofSeconds(1), "end_turn", null));
    }

    Journal cancelled() {
        return add(new AgentEvent.TurnCancelled("user", TokenUsage.ZERO, null, Duration.ZERO));
    }

    List<EventRecord> records() {
        return List.copyOf(records);
    }

    /** A projection that has seen nothing. */
    static Projection projection() {
        SessionInfo info = new SessionInfo(
                SESSION,
                "owner",
                "puppet",
                "agent-1",
                ProcessState.NONE,
                null,
                0,
                null,
                0,
                0,
                BEGIN,
                false,
                1,
                false,
                Path.of("/srv/p1"),
                null,
                null,
                TokenUsage.ZERO,
                0);
        return new Projection(
                info, SessionSpec.builder(SESSION, Path.of("/srv/p1")).build());
    }

    /** What clients are told, as JSON; each event is one of the protocol. */
    static List<JsonNode> told(Projection projection, List<EventRecord> records) {
        List<JsonNode> told = new ArrayList<>();
        for (EventRecord record : records) {
            projection.apply(record).forEach(event -> told.add(json(event)));
        }
        told.forEach(Protocol::checkEvent);
        return told;
    }

    List<JsonNode> told() {
        return told(projection(), records);
    }

    private static JsonNode json(ClientEvent event) {
        try {
            return MAPPER.readTree(Feed.payload(event));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    /** Events in few words: what they are about, and how it stands. */
    static List<String> brief(List<JsonNode> events) {
        return events.stream().map(Journal::brief).toList();
    }

    private static String brief(JsonNode event) {
        JsonNode properties = event.path("properties");
        String type = event.path("type").asText();
        return switch (type) {
            case "message.updated" -> type + " " + message(properties.path("info"));
            case "message.part.updated" -> type + " " + part(properties.path("part"));
            case "session.status" -> properties.path("status").path("type").asText();
            case "session.error" ->
                type + " " + properties.path("error").path("name").asText();
            case "permission.replied" -> type + " " + properties.path("reply").asText();
            default -> type;
        };
    }

    private static String message(JsonNode info) {
        return info.path("role").asText()
                + (info.has("finish") ? " " + info.path("finish").asText() : "")
                + (info.has("error") ? " " + info.path("error").path("name").asText() : "")
                + (info.path("time").has("completed") ? " completed" : "");
    }

    private static String part(JsonNode part) {
        String type = part.path("type").asText();
        return switch (type) {
            case "tool" -> type + " " + part.path("state").path("status").asText();
            case "text", "reasoning" ->
                type + " '" + part.path("text").asText() + "'"
                        + (part.path("time").has("end") ? " end" : "");
            case "step-finish" -> type + " " + part.path("reason").asText();
            default -> type;
        };
    }
}
