package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.testkit.provider.AgentPeer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/** Claude's side of the protocol, small enough to reason about: one turn at a time, waiting prompts in a queue. */
@NullMarked
final class FakeClaude implements AgentPeer {
    /** A prompt at which it asks a question. */
    static final String QUESTION = "fake: question";

    private final List<JsonNode> waiting = new ArrayList<>();
    private boolean running;

    @Override
    public List<String> take(String line) {
        JsonNode message = Replay.tree(line);
        List<String> out = new ArrayList<>();
        switch (message.path("type").asText()) {
            case "user" -> {
                if (running) {
                    waiting.add(message);
                } else {
                    run(message, out);
                }
            }
            case "control_request" -> request(message, out);
            case "control_response" -> end(out, "\"is_error\":false,\"subtype\":\"success\",\"result\":\"done\"");
            default -> throw new AssertionError("unexpected: " + message.path("type"));
        }
        return out;
    }

    private void run(JsonNode message, List<String> out) {
        String text = message.path("message").path("content").asText();
        running = true;
        out.add("{\"type\":\"system\",\"subtype\":\"init\",\"model\":\"m\",\"permissionMode\":\"default\"}");
        out.add("{\"type\":\"user\",\"isReplay\":true,\"uuid\":" + message.path("uuid") + "}");
        if (text.equals(ASK)) {
            out.add("{\"type\":\"control_request\",\"request_id\":\"ask-1\",\"request\":{\"subtype\":\"can_use_tool\","
                    + "\"tool_name\":\"Bash\",\"input\":{\"command\":\"ls\"},\"tool_use_id\":\"t1\"}}");
        } else if (text.equals(QUESTION)) {
            out.add("{\"type\":\"control_request\",\"request_id\":\"ask-2\",\"request\":{\"subtype\":\"can_use_tool\","
                    + "\"tool_name\":\"AskUserQuestion\",\"input\":{\"questions\":[{\"question\":\"Which?\","
                    + "\"header\":\"H\",\"options\":[{\"label\":\"A\"},{\"label\":\"B\"}]}]}}}");
        } else if (!text.equals(HANG)) {
            end(out, "\"is_error\":false,\"subtype\":\"success\",\"result\":\"ok\"");
        }
    }

    private void request(JsonNode message, List<String> out) {
        JsonNode request = message.path("request");
        String answer = "{}";
        switch (request.path("subtype").asText()) {
            case "get_binary_version" -> answer = "{\"version\":\"9.9.9\"}";
            case "cancel_async_message" ->
                answer = "{\"cancelled\":"
                        + waiting.removeIf(prompt -> prompt.path("uuid").equals(request.path("message_uuid"))) + "}";
            default -> {
                // success without content
            }
        }
        out.add("{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":"
                + message.path("request_id") + ",\"response\":" + answer + "}}");
        if (request.path("subtype").asText().equals("interrupt") && running) {
            end(
                    out,
                    "\"is_error\":true,\"subtype\":\"error_during_execution\",\"terminal_reason\":\"aborted_streaming\"");
        }
    }

    private void end(List<String> out, String fields) {
        running = false;
        out.add("{\"type\":\"result\"," + fields + "}");
        if (!waiting.isEmpty()) {
            run(waiting.remove(0), out);
        }
    }
}
