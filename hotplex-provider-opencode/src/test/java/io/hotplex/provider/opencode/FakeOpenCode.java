package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.testkit.provider.AgentPeer;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The transport's side of the protocol, with an OpenCode behind it that answers at once. Not thread-safe. */
final class FakeOpenCode implements AgentPeer {
    static final String QUESTION = "contract: question";

    /** The conversation that it makes, and branches into. */
    static final String SESSION = "ses_contract";

    private final List<String> out = new ArrayList<>();
    private String session = SESSION;
    private String prompt = "";
    private boolean running;
    private int messages;

    @Override
    public List<String> take(String text) {
        out.clear();
        ObjectNode line = OpenCodeJson.object(io.hotplex.api.spi.AgentLine.of(text));
        if (line != null && line.has("request")) {
            request(
                    OpenCodeJson.text(line, "request", ""),
                    OpenCodeJson.text(line, "method", ""),
                    OpenCodeJson.text(line, "path", ""),
                    line.path("body"));
        }
        return List.copyOf(out);
    }

    private void request(String id, String method, String pathAndQuery, JsonNode body) {
        String[] parts = pathAndQuery.split("\\?", 2);
        String path = parts[0];
        String directory = URLDecoder.decode(parts[1].replaceFirst("^.*directory=", ""), StandardCharsets.UTF_8);
        if (path.equals("/config")) {
            answer(id, 200, "{\"model\":\"contract/first\"}");
        } else if (path.equals("/config/providers")) {
            answer(id, 200, "{\"providers\":[{\"id\":\"contract\",\"models\":{\"some-model\":{},\"first\":{}}}]}");
        } else if (path.equals("/session") || path.endsWith("/fork")) {
            answer(id, 200, session(SESSION, directory));
        } else if (path.endsWith("/prompt_async")) {
            answer(id, 204, null);
            prompted(body);
        } else if (path.endsWith("/abort")) {
            answer(id, 200, "true");
            if (running) {
                message(",\"error\":{\"name\":\"MessageAbortedError\",\"data\":{\"message\":\"Aborted\"}}");
                idle();
            }
        } else if (path.endsWith("/reply") || path.endsWith("/reject")) {
            answer(id, 200, "true");
            answerPrompt("done");
        } else if (method.equals("GET") && path.startsWith("/session/")) {
            session = path.substring("/session/".length());
            answer(id, 200, session(session, directory));
        } else {
            answer(id, 404, null);
        }
    }

    private static String session(String id, String directory) {
        return OpenCodeJson.object()
                .put("id", id)
                .put("directory", directory)
                .put("version", "1.0.0")
                .toString();
    }

    private void prompted(JsonNode body) {
        prompt = OpenCodeJson.text(body, "messageID", "");
        running = true;
        event(
                "message.updated",
                "\"info\":{\"id\":\"" + prompt + "\",\"role\":\"user\",\"sessionID\":\"" + session + "\"}");
        event("session.status", "\"status\":{\"type\":\"busy\"}");
        messages++;
        message("");
        String text = OpenCodeJson.text(body.path("parts").path(0), "text", "");
        switch (text) {
            case HANG -> {
                // until it is aborted
            }
            case ASK ->
                event(
                        "permission.asked",
                        "\"id\":\"per_" + messages
                                + "\",\"permission\":\"bash\",\"patterns\":[\"ls\"],\"always\":[\"ls *\"]");
            case QUESTION ->
                event(
                        "question.asked",
                        "\"id\":\"que_" + messages + "\",\"questions\":[{\"question\":\"Which?\",\"header\":\"h\","
                                + "\"options\":[{\"label\":\"A\",\"description\":\"a\"}]}]");
            default -> answerPrompt("hello");
        }
    }

    private void answerPrompt(String text) {
        if (!running) {
            return;
        }
        String part = "\"part\":{\"id\":\"prt_" + messages + "\",\"messageID\":\"" + messageId()
                + "\",\"type\":\"text\",\"text\":";
        event("message.part.updated", part + "\"\",\"time\":{\"start\":1}}");
        event(
                "message.part.delta",
                "\"messageID\":\"" + messageId() + "\",\"partID\":\"prt_" + messages
                        + "\",\"field\":\"text\",\"delta\":\"" + text + "\"");
        event("message.part.updated", part + "\"" + text + "\",\"time\":{\"start\":1,\"end\":2}}");
        message(",\"finish\":\"stop\",\"cost\":0.5,\"tokens\":{\"input\":3,\"output\":4,\"reasoning\":0,"
                + "\"cache\":{\"read\":1,\"write\":2}}");
        idle();
    }

    private String messageId() {
        return "msg_zzz" + messages;
    }

    /** The assistant's message; complete when there is something to say of it. */
    private void message(String more) {
        event(
                "message.updated",
                "\"info\":{\"id\":\"" + messageId() + "\",\"role\":\"assistant\",\"sessionID\":\"" + session
                        + "\",\"parentID\":\"" + prompt
                        + "\",\"providerID\":\"contract\",\"modelID\":\"first\",\"time\":{\"created\":1"
                        + (more.isEmpty() ? "" : ",\"completed\":2") + "}" + more + "}");
    }

    private void idle() {
        running = false;
        event("session.status", "\"status\":{\"type\":\"idle\"}");
        event("session.idle", "\"x\":1");
    }

    private void answer(String id, int status, @Nullable String body) {
        byte[] bytes = body == null ? new byte[0] : body.getBytes(StandardCharsets.UTF_8);
        out.add(new String(Lines.response(id, status, bytes), StandardCharsets.UTF_8));
    }

    private void event(String type, String properties) {
        out.add("{\"directory\":\"/d\",\"payload\":{\"id\":\"evt_1\",\"type\":\"" + type
                + "\",\"properties\":{\"sessionID\":\"" + session + "\"," + properties + "}}}");
    }
}
