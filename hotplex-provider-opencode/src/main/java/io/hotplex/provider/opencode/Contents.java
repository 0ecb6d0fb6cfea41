package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.ProtocolSink;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Messages and their parts, made events of. Confined to its protocol's caller.
 *
 * <p>Everything may come twice, from the stream and from a look at the conversation after a gap in it, and in any
 * order: each part tells each thing once. What belongs to no turn that runs, because OpenCode speaks of it late, is
 * passed over. The messages of a subagent are in a conversation of its own, which the call of the tool that began it
 * names.
 */
final class Contents {
    /** Kinds of parts that say nothing of their own: what they mark is told by messages and tools. */
    private static final List<String> MARKS =
            List.of("step-start", "step-finish", "snapshot", "patch", "file", "agent", "subtask", "retry");

    private final TurnTracker turns;
    private final PermissionDesk permissions;
    private final ModelChoice model;
    private final Map<String, Message> messages = new HashMap<>();
    private final Map<String, Block> blocks = new HashMap<>();
    private final Map<String, Tool> tools = new HashMap<>();
    /** Conversation of a subagent to the tool call that it serves, or to itself while that is not known. */
    private final Map<String, String> children = new HashMap<>();

    private String sessionId = "";
    private String compaction = "auto";
    private TokenUsage used = TokenUsage.ZERO;
    private @Nullable Double cost;

    /** Its {@code child} is the conversation of a subagent, or {@code null} for the session's own. */
    private static final class Message {
        private final @Nullable String child;
        private int blocks;
        private boolean counted;
        private final StringBuilder text = new StringBuilder();

        Message(@Nullable String child) {
            this.child = child;
        }
    }

    private static final class Block {
        private final Message message;
        private final int number;
        private final boolean thinking;
        private boolean ended;
        private boolean torn;

        Block(Message message, boolean thinking) {
            this.message = message;
            this.number = message.blocks++;
            this.thinking = thinking;
        }
    }

    private static final class Tool {
        private final Message message;
        private final String id;
        private final String name;
        private boolean started;
        private boolean ended;
        private String output = "";

        Tool(Message message, String id, String name) {
            this.message = message;
            this.id = id;
            this.name = name;
        }
    }

    Contents(TurnTracker turns, PermissionDesk permissions, ModelChoice model) {
        this.turns = turns;
        this.permissions = permissions;
        this.model = model;
    }

    /** The conversation is known. */
    void session(String id) {
        sessionId = id;
    }

    /** A turn begins; what is known of the last one is not needed any more. */
    void turnBegins() {
        messages.clear();
        blocks.clear();
        tools.clear();
        children.clear();
        used = TokenUsage.ZERO;
        cost = null;
    }

    /** Tokens of the turn, those of its subagents included. */
    TokenUsage used() {
        return used;
    }

    /** Cost of the turn in US dollars, or {@code null} when no message told. */
    @Nullable
    Double cost() {
        return cost;
    }

    /** Why the conversation is being shortened: {@code auto} or {@code manual}. */
    String compaction() {
        return compaction;
    }

    /** What a message says, its reasoning left out. */
    String text(@Nullable String messageId) {
        Message message = messageId == null ? null : messages.get(messageId);
        return message == null ? "" : message.text.toString();
    }

    /** Conversations of subagents that this turn began. */
    List<String> children() {
        return List.copyOf(children.keySet());
    }

    /** A conversation began another. */
    void child(String id) {
        children.putIfAbsent(id, id);
    }

    /** Events were lost: what comes of a text that has begun would be read with a hole in it. */
    void torn() {
        for (Block block : blocks.values()) {
            block.torn = true;
        }
    }

    /** Takes a message; returns whether it is understood. */
    boolean message(JsonNode info, ProtocolSink sink) {
        String id = OpenCodeJson.text(info, "id");
        String session = OpenCodeJson.text(info, "sessionID", "");
        String role = OpenCodeJson.text(info, "role", "");
        boolean main = session.equals(sessionId);
        if (id == null || !role.equals("user") && !role.equals("assistant")) {
            return false;
        }
        if (role.equals("user")) {
            if (main) {
                turns.user(id);
            }
            return true;
        }
        String parent = OpenCodeJson.text(info, "parentID");
        boolean complete = info.path("time").path("completed").isNumber();
        if (main && !turns.owns(parent)) {
            if (!turns.foreign(parent, complete)) {
                return true;
            }
            turnBegins();
            sink.turnStarted(null);
        } else if (!main && !children.containsKey(session)) {
            return true;
        }
        if (main) {
            turns.assistant(id, info);
            model.answers(info, sink);
        }
        Message message = messages.computeIfAbsent(id, key -> new Message(main ? null : session));
        if (complete && !message.counted) {
            message.counted = true;
            count(id, message, info, sink);
        }
        return true;
    }

    private void count(String id, Message message, JsonNode info, ProtocolSink sink) {
        JsonNode tokens = info.path("tokens");
        JsonNode cache = tokens.path("cache");
        TokenUsage usage = new TokenUsage(
                tokens.path("input").asLong(),
                tokens.path("output").asLong() + tokens.path("reasoning").asLong(),
                cache.path("write").asLong(),
                cache.path("read").asLong());
        JsonNode price = info.path("cost");
        if (price.isNumber()) {
            cost = rounded((cost == null ? 0 : cost) + price.doubleValue());
        }
        if (usage.total() > 0) {
            used = used.plus(usage);
            sink.event(new AgentEvent.Usage(id, ModelChoice.nameOf(info), usage, parentTool(message)));
        }
    }

    /** A sum of binary fractions has digits that nobody counted. */
    private static double rounded(double dollars) {
        return Math.round(dollars * 1e9) / 1e9;
    }

    private @Nullable String parentTool(Message message) {
        return message.child == null ? null : children.getOrDefault(message.child, message.child);
    }

    /** Takes a part of a message; returns whether it is understood. */
    boolean part(JsonNode part, ProtocolSink sink) {
        String type = OpenCodeJson.text(part, "type", "");
        String id = OpenCodeJson.text(part, "id");
        Message message = messages.get(OpenCodeJson.text(part, "messageID", ""));
        switch (type) {
            case "text", "reasoning" -> {
                if (message != null && id != null) {
                    text(id, message, part, type.equals("reasoning"), sink);
                }
                return id != null;
            }
            case "tool" -> {
                return id != null && (message == null || tool(id, message, part, sink));
            }
            case "compaction" -> {
                compaction = OpenCodeJson.flag(part, "auto") ? "auto" : "manual"; // session.compacted follows
                return true;
            }
            default -> {
                return MARKS.contains(type);
            }
        }
    }

    private void text(String id, Message message, JsonNode part, boolean thinking, ProtocolSink sink) {
        Block block = blocks.computeIfAbsent(id, key -> new Block(message, thinking));
        String text = OpenCodeJson.text(part, "text", "");
        if (block.ended || !part.path("time").path("end").isNumber()) {
            return;
        }
        block.ended = true;
        if (!thinking && message.child == null) {
            message.text.append(text);
        }
        if (!text.isEmpty()) {
            String messageId = OpenCodeJson.text(part, "messageID", "");
            String parent = parentTool(message);
            sink.event(
                    thinking
                            ? new AgentEvent.Thinking(messageId, block.number, text, parent)
                            : new AgentEvent.Text(messageId, block.number, text, parent));
        }
    }

    /** Takes a piece of a text. */
    boolean delta(JsonNode properties, ProtocolSink sink) {
        Block block = blocks.get(OpenCodeJson.text(properties, "partID", ""));
        String text = OpenCodeJson.text(properties, "delta");
        if (text == null || !OpenCodeJson.text(properties, "field", "").equals("text")) {
            return false;
        }
        if (block != null && !block.ended && !block.torn && !text.isEmpty()) {
            String messageId = OpenCodeJson.text(properties, "messageID", "");
            String parent = parentTool(block.message);
            sink.event(
                    block.thinking
                            ? new AgentEvent.ThinkingDelta(messageId, block.number, text, parent)
                            : new AgentEvent.TextDelta(messageId, block.number, text, parent));
        }
        return true;
    }

    private boolean tool(String id, Message message, JsonNode part, ProtocolSink sink) {
        String name = OpenCodeJson.text(part, "tool", "");
        JsonNode state = part.path("state");
        String status = OpenCodeJson.text(state, "status", "");
        Tool tool = tools.computeIfAbsent(id, key -> new Tool(message, id, name));
        permissions.call(
                OpenCodeJson.text(part, "messageID", ""),
                OpenCodeJson.text(part, "callID", ""),
                new PermissionDesk.Call(id, name, OpenCodeJson.map(state, "input"), !status.equals("pending")),
                sink);
        String child = OpenCodeJson.text(state.get("metadata"), "sessionId");
        if (child != null) {
            children.put(child, id);
        }
        switch (status) {
            case "pending" -> {
                // its input is not complete
            }
            case "running" -> {
                start(tool, state, sink);
                progress(tool, OpenCodeJson.text(state.get("metadata"), "output", ""), sink);
            }
            case "completed", "error" -> {
                start(tool, state, sink);
                end(tool, state, status.equals("error"), sink);
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void start(Tool tool, JsonNode state, ProtocolSink sink) {
        if (!tool.started) {
            tool.started = true;
            sink.event(new AgentEvent.ToolStarted(
                    tool.id,
                    tool.name,
                    ToolCatalog.kind(tool.name),
                    ToolCatalog.title(tool.name, state),
                    OpenCodeJson.map(state, "input"),
                    ToolCatalog.paths(state.path("input")),
                    parentTool(tool.message)));
        }
    }

    /** OpenCode repeats what it told before; when it cut the beginning off, there is no telling what is new. */
    private void progress(Tool tool, String output, ProtocolSink sink) {
        if (!tool.ended && output.length() > tool.output.length() && output.startsWith(tool.output)) {
            String more = output.substring(tool.output.length());
            sink.event(new AgentEvent.ToolProgress(tool.id, more, parentTool(tool.message)));
        }
        tool.output = output;
    }

    private void end(Tool tool, JsonNode state, boolean failed, ProtocolSink sink) {
        if (tool.ended) {
            return;
        }
        tool.ended = true;
        tool.output = "";
        permissions.toolEnded(tool.id, sink);
        List<Map<String, @Nullable Object>> content = new ArrayList<>();
        for (JsonNode attachment : state.path("attachments")) {
            content.add(OpenCodeJson.map(attachment));
        }
        sink.event(new AgentEvent.ToolCompleted(
                tool.id,
                tool.name,
                failed,
                OpenCodeJson.text(state, failed ? "error" : "output", ""),
                content,
                parentTool(tool.message)));
    }
}
