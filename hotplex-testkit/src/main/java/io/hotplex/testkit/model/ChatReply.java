package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.testkit.model.ReplyPlan.Block;
import io.hotplex.testkit.model.ReplyPlan.Pieces;
import io.hotplex.testkit.model.ReplyPlan.ToolUse;
import io.hotplex.testkit.model.Script.Break;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A reply of chat completions. Confined to the thread that handles the request. */
final class ChatReply implements Dialect.Reply {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int PIECES_BEFORE_BREAK = 3;
    private static final long CREATED = 1_767_225_600;

    private final Answer answer;
    private final Script script;
    private final ReplyPlan plan;
    private final String model;
    private final ObjectNode usage;
    private final Pauses pauses;
    private final String id = Answer.newId("chatcmpl-");

    ChatReply(Answer answer, Script script, ReplyPlan plan, String model, ObjectNode usage, Pauses pauses) {
        this.answer = answer;
        this.script = script;
        this.plan = plan;
        this.model = model;
        this.usage = usage;
        this.pauses = pauses;
    }

    @Override
    public void writeWhole() throws IOException {
        ObjectNode message = JSON.objectNode().put("role", "assistant");
        StringBuilder text = new StringBuilder();
        StringBuilder thought = new StringBuilder();
        ArrayNode calls = JSON.arrayNode();
        for (Block block : plan.blocks()) {
            if (block instanceof ToolUse tool) {
                calls.add(call(calls.size(), tool));
            } else if (block instanceof Pieces pieces) {
                (pieces.thinking() ? thought : text).append(String.join("", pieces.pieces()));
            }
        }
        message.put("content", text.toString());
        if (thought.length() > 0) {
            message.put("reasoning_content", thought.toString());
        }
        if (!calls.isEmpty()) {
            message.set("tool_calls", calls);
        }
        ObjectNode reply = base("chat.completion");
        reply.putArray("choices")
                .addObject()
                .put("index", 0)
                .put("finish_reason", finishReason())
                .set("message", message);
        reply.set("usage", chatUsage());
        answer.json(200, reply, Map.of());
    }

    @Override
    public void stream() throws IOException, InterruptedException {
        answer.startEvents();
        delta(JSON.objectNode().put("role", "assistant").put("content", ""), null);
        int calls = 0;
        for (Block block : plan.blocks()) {
            if (block instanceof ToolUse tool) {
                streamCall(calls++, tool);
            } else if (block instanceof Pieces text && !streamText(text)) {
                return;
            }
        }
        delta(JSON.objectNode(), finishReason());
        ObjectNode last = base("chat.completion.chunk");
        last.putArray("choices");
        last.set("usage", chatUsage());
        answer.data(last.toString());
        answer.data("[DONE]");
    }

    /** Whether the stream goes on behind the text. */
    private boolean streamText(Pieces text) throws IOException, InterruptedException {
        List<String> pieces = text.pieces();
        boolean breaks = script.breaks() != Break.NONE;
        for (String piece : breaks ? pieces.subList(0, Math.min(PIECES_BEFORE_BREAK, pieces.size())) : pieces) {
            pauses.pause(script.pace());
            delta(JSON.objectNode().put(text.thinking() ? "reasoning_content" : "content", piece), null);
        }
        if (!breaks || text.thinking()) {
            return true;
        }
        switch (script.breaks()) {
            case ERROR_EVENT -> {
                ObjectNode error = JSON.objectNode();
                error.putObject("error")
                        .put("message", "scripted " + script.errorEvent())
                        .put("type", script.errorEvent())
                        .put("code", 500);
                answer.data(error.toString());
                return false;
            }
            case CUT -> throw new IOException("scripted cut");
            case STALL, NONE -> throw pauses.forever();
        }
        return false;
    }

    private void streamCall(int index, ToolUse tool) throws IOException, InterruptedException {
        pauses.pause(script.pace());
        ObjectNode delta = JSON.objectNode();
        delta.putArray("tool_calls").add(call(index, tool));
        delta(delta, null);
    }

    private static ObjectNode call(int index, ToolUse tool) {
        ObjectNode call = JSON.objectNode().put("index", index).put("id", Answer.newId("call_"));
        call.put("type", "function")
                .putObject("function")
                .put("name", tool.name())
                .put("arguments", tool.input().toString());
        return call;
    }

    private void delta(ObjectNode delta, @Nullable String finishReason) throws IOException {
        ObjectNode chunk = base("chat.completion.chunk");
        chunk.putArray("choices")
                .addObject()
                .put("index", 0)
                .put("finish_reason", finishReason)
                .set("delta", delta);
        answer.data(chunk.toString());
    }

    private ObjectNode base(String object) {
        return JSON.objectNode()
                .put("id", id)
                .put("object", object)
                .put("created", CREATED)
                .put("model", model);
    }

    /** A script's own word stands; the others are the names that this API has for the plan's. */
    private String finishReason() {
        return switch (plan.stopReason()) {
            case "tool_use" -> "tool_calls";
            case "end_turn" -> "stop";
            default -> plan.stopReason();
        };
    }

    private ObjectNode chatUsage() {
        int cached = usage.path("cache_read_input_tokens").asInt();
        int prompt = usage.path("input_tokens").asInt()
                + usage.path("cache_creation_input_tokens").asInt()
                + cached;
        int completion = usage.path("output_tokens").asInt();
        ObjectNode chat = JSON.objectNode();
        chat.put("prompt_tokens", prompt).put("completion_tokens", completion).put("total_tokens", prompt + completion);
        chat.putObject("prompt_tokens_details").put("cached_tokens", cached);
        return chat;
    }
}
