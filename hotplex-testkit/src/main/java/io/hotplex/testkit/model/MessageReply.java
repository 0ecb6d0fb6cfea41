package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
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

/** Writes one reply, as a stream of events or in one piece. Confined to the thread that handles the request. */
final class MessageReply implements Dialect.Reply {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
    private static final int PIECES_BEFORE_BREAK = 3;

    /** The API signs thoughts; nobody checks these signatures. */
    private static final String SIGNATURE = "c2lnbmVkIGJ5IGEgZmFrZSBtb2RlbCBzZXJ2ZXI=";

    private final Answer answer;
    private final Script script;
    private final ReplyPlan plan;
    private final String model;
    private final ObjectNode usage;
    private final Pauses pauses;

    MessageReply(Answer answer, Script script, ReplyPlan plan, String model, ObjectNode usage, Pauses pauses) {
        this.answer = answer;
        this.script = script;
        this.plan = plan;
        this.model = model;
        this.usage = usage;
        this.pauses = pauses;
    }

    @Override
    public void writeWhole() throws IOException {
        ArrayNode content = JSON.arrayNode();
        for (Block block : plan.blocks()) {
            if (block instanceof ToolUse tool) {
                ObjectNode use = start(tool);
                use.set("input", tool.input());
                content.add(use);
            } else if (block instanceof Pieces text) {
                ObjectNode whole = start(text);
                whole.put(text.thinking() ? "thinking" : "text", String.join("", text.pieces()));
                content.add(whole);
            }
        }
        ObjectNode message = message(content, usage);
        message.put("stop_reason", plan.stopReason());
        answer.json(200, message, Map.of());
    }

    @Override
    public void stream() throws IOException, InterruptedException {
        answer.startEvents();
        ObjectNode started = usage.deepCopy().put("output_tokens", 1);
        event(JSON.objectNode().put("type", "message_start").set("message", message(JSON.arrayNode(), started)));
        event(JSON.objectNode().put("type", "ping"));
        int index = 0;
        for (Block block : plan.blocks()) {
            if (!streamBlock(index, block)) {
                return;
            }
            index++;
        }
        ObjectNode end = JSON.objectNode().put("type", "message_delta");
        end.putObject("delta").put("stop_reason", plan.stopReason()).putNull("stop_sequence");
        // no more than the API promises; what was read stands in the start of the message
        end.putObject("usage").set("output_tokens", usage.path("output_tokens"));
        event(end);
        event(JSON.objectNode().put("type", "message_stop"));
    }

    /** Whether the stream goes on behind the block. */
    private boolean streamBlock(int index, Block block) throws IOException, InterruptedException {
        event(indexed("content_block_start", index).set("content_block", start(block)));
        if (block instanceof ToolUse tool) {
            streamInput(index, tool.input().toString());
        } else if (block instanceof Pieces text) {
            List<String> pieces = text.pieces();
            boolean breaks = script.breaks() != Break.NONE;
            for (String piece : breaks ? pieces.subList(0, Math.min(PIECES_BEFORE_BREAK, pieces.size())) : pieces) {
                pauses.pause(script.pace());
                String kind = text.thinking() ? "thinking" : "text";
                delta(index, JSON.objectNode().put("type", kind + "_delta").put(kind, piece));
            }
            if (breaks && !text.thinking()) {
                breakOff();
                return false;
            }
            if (text.thinking()) {
                delta(index, JSON.objectNode().put("type", "signature_delta").put("signature", SIGNATURE));
            }
        }
        event(indexed("content_block_stop", index));
        return true;
    }

    private void streamInput(int index, String input) throws IOException, InterruptedException {
        int half = (input.length() + 1) / 2;
        for (String part : List.of(input.substring(0, half), input.substring(half))) {
            pauses.pause(script.pace());
            delta(index, JSON.objectNode().put("type", "input_json_delta").put("partial_json", part));
        }
    }

    private void breakOff() throws IOException, InterruptedException {
        switch (script.breaks()) {
            case ERROR_EVENT -> {
                ObjectNode error = JSON.objectNode().put("type", "error");
                error.putObject("error")
                        .put("type", script.errorEvent())
                        .put("message", "scripted " + script.errorEvent());
                event(error);
            }
            case CUT -> throw new IOException("scripted cut");
            case STALL, NONE -> throw pauses.forever();
        }
    }

    private void delta(int index, ObjectNode delta) throws IOException {
        event(indexed("content_block_delta", index).set("delta", delta));
    }

    private void event(JsonNode event) throws IOException {
        answer.event(event.path("type").asText(), event);
    }

    private static ObjectNode indexed(String type, int index) {
        return JSON.objectNode().put("type", type).put("index", index);
    }

    private static ObjectNode start(Block block) {
        if (block instanceof ToolUse tool) {
            ObjectNode use = JSON.objectNode().put("type", "tool_use").put("id", Answer.newId("toolu_"));
            use.put("name", tool.name()).putObject("input");
            return use;
        }
        return ((Pieces) block).thinking()
                ? JSON.objectNode().put("type", "thinking").put("thinking", "").put("signature", "")
                : JSON.objectNode().put("type", "text").put("text", "");
    }

    private ObjectNode message(ArrayNode content, ObjectNode messageUsage) {
        ObjectNode message = JSON.objectNode();
        message.put("id", Answer.newId("msg_"));
        message.put("type", "message");
        message.put("role", "assistant");
        message.put("model", model);
        message.set("content", content);
        message.putNull("stop_reason");
        message.putNull("stop_sequence");
        message.set("usage", messageUsage);
        return message;
    }
}
