package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.testkit.provider.Transcript;
import io.hotplex.testkit.provider.TranscriptPlayer;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Plays a recorded conversation with OpenCode: which calls of the protocol its requests stand for, and which of ours
 * its answers are for. Not thread-safe.
 */
final class Replay implements TranscriptPlayer.Dialect {
    /** The milliseconds of an id are counted modulo this. */
    private static final long WRAP = 1L << 36;

    private static final long WRAPS = 26;
    private static final Pattern PROMPT_ID = Pattern.compile("msg_([0-9a-f]{12})[0-9A-Za-z]{14}");
    private static final Pattern REQUEST = Pattern.compile("\"(response|request)\":\"([^\"]+)\"");

    /** Recorded to ours, of requests and messages. */
    private final Map<String, String> ours = new LinkedHashMap<>();

    private int matched;
    private int aborts;
    private long now;

    private Replay() {}

    static TranscriptPlayer of(Transcript.Run run) {
        Replay replay = new Replay();
        return replay.player(run).play();
    }

    private TranscriptPlayer player(Transcript.Run run) {
        return new TranscriptPlayer(run, new OpenCodeProtocol(plan(run), () -> now), this);
    }

    /** As the recorded session was opened, which its first requests tell. */
    private static SessionPlan plan(Transcript.Run run) {
        LaunchRequest.Start start = new LaunchRequest.Start(LaunchRequest.Mode.NEW, "chosen", null);
        String title = "recorded";
        for (Transcript.Entry entry : run.entries()) {
            ObjectNode line = object(entry.line());
            String path = OpenCodeJson.text(line, "path", "").replaceFirst("\\?.*", "");
            if (path.equals("/session")) {
                title = OpenCodeJson.text(line.path("body"), "title", title);
                break;
            }
            if (path.endsWith("/fork")) {
                String origin = path.split("/", -1)[2];
                start = new LaunchRequest.Start(LaunchRequest.Mode.FORK, "chosen", origin);
                break;
            }
            if (path.startsWith("/session/ses_") && path.split("/", -1).length == 3) {
                start = new LaunchRequest.Start(LaunchRequest.Mode.RESUME, path.split("/", -1)[2], null);
            }
        }
        return new SessionPlan(start, title, directory(run), null, null, null, "ask", null);
    }

    private static String directory(Transcript.Run run) {
        for (Transcript.Entry entry : run.entries()) {
            String directory = OpenCodeJson.text(object(entry.line()).path("body"), "directory");
            if (directory != null) {
                return directory;
            }
        }
        return "/";
    }

    private static ObjectNode object(String line) {
        ObjectNode object = OpenCodeJson.object(AgentLine.of(line));
        return object == null ? OpenCodeJson.object() : object;
    }

    @Override
    public void call(String text, TranscriptPlayer player) {
        ObjectNode line = object(text);
        String path = OpenCodeJson.text(line, "path", "").replaceFirst("\\?.*", "");
        JsonNode body = line.path("body");
        if (path.endsWith("/prompt_async")) {
            prompt(body, player);
        } else if (path.endsWith("/abort")) {
            aborts++;
            if (player.sink().sent().stream()
                            .filter(sent -> sent.contains("/abort"))
                            .count()
                    < aborts) {
                player.protocol().interrupt(player.sink());
            }
        } else if (path.startsWith("/permission/") && path.endsWith("/reply")) {
            String message = OpenCodeJson.text(body, "message", "");
            player.protocol()
                    .answer(
                            path.split("/", -1)[2],
                            OpenCodeJson.text(body, "reply", "").equals("once")
                                    ? PermissionAnswer.allow()
                                    : PermissionAnswer.deny(message),
                            player.sink());
        } else if (path.startsWith("/question/") && path.endsWith("/reply")) {
            answer(path.split("/", -1)[2], body.path("answers"), player);
        }
        match(line, path, player);
    }

    private void prompt(JsonNode body, TranscriptPlayer player) {
        String recorded = OpenCodeJson.text(body, "messageID", "");
        Matcher id = PROMPT_ID.matcher(recorded);
        if (!id.matches()) {
            throw new IllegalArgumentException("no id of a prompt: " + recorded);
        }
        now = WRAPS * WRAP + (Long.parseLong(id.group(1), 16) >> 12);
        Prompt.Builder prompt = null;
        for (JsonNode part : body.path("parts")) {
            if (prompt == null) {
                prompt = Prompt.builder(OpenCodeJson.text(part, "text", ""));
            } else if (OpenCodeJson.text(part, "type", "").equals("file")) {
                String data = OpenCodeJson.text(part, "url", "").replaceFirst("^.*,", "");
                prompt.attach(new Attachment(
                        OpenCodeJson.text(part, "filename", ""),
                        OpenCodeJson.text(part, "mime", ""),
                        Base64.getDecoder().decode(data)));
            }
        }
        player.prompt((prompt == null ? Prompt.builder("") : prompt).build(), null);
        List<String> sent = player.sink().sent();
        Matcher mine = PROMPT_ID.matcher(sent.get(sent.size() - 1));
        if (mine.find()) {
            ours.put(recorded, mine.group());
        }
    }

    private static void answer(String id, JsonNode answers, TranscriptPlayer player) {
        Map<String, List<String>> given = new LinkedHashMap<>();
        for (AgentEvent.QuestionAsked asked : player.sink().events(AgentEvent.QuestionAsked.class)) {
            if (asked.requestId().equals(id)) {
                for (int i = 0; i < asked.questions().size(); i++) {
                    List<String> chosen = new ArrayList<>();
                    answers.path(i).forEach(answer -> chosen.add(answer.asText()));
                    given.put(asked.questions().get(i).question(), chosen);
                }
            }
        }
        player.protocol().answerQuestion(id, given, player.sink());
    }

    /** Both sides make their requests in the same order, so the next one with this path is ours. */
    private void match(ObjectNode line, String path, TranscriptPlayer player) {
        List<String> sent = player.sink().sent();
        for (int i = matched; line.has("request") && i < sent.size(); i++) {
            ObjectNode mine = object(sent.get(i));
            if (OpenCodeJson.text(mine, "path", "").replaceFirst("\\?.*", "").equals(path)) {
                ours.put(OpenCodeJson.text(line, "request", ""), OpenCodeJson.text(mine, "request", ""));
                matched = i + 1;
                return;
            }
        }
    }

    @Override
    public String received(String line) {
        String text = line;
        for (Map.Entry<String, String> id : ours.entrySet()) {
            if (id.getKey().startsWith("msg_")) {
                text = text.replace(id.getKey(), id.getValue());
            }
        }
        Matcher response = REQUEST.matcher(text);
        if (text.startsWith("{\"response\"") && response.find()) {
            String id = ours.getOrDefault(response.group(2), response.group(2));
            return "{\"response\":\"" + id + "\"" + text.substring(response.end());
        }
        return text;
    }
}
