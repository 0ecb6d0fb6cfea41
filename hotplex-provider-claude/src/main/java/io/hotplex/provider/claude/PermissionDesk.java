package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.spi.ProtocolSink;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What Claude asks people: may this tool run, and the questions of its AskUserQuestion tool, which come as permission
 * requests too. Confined to its protocol's caller.
 */
final class PermissionDesk {
    /** More open requests than parallel tool calls can make; one more is refused, so that nothing waits unseen. */
    static final int MAX_PENDING = 256;

    private static final String QUESTION_TOOL = "AskUserQuestion";

    private final Map<String, Pending> pending = new LinkedHashMap<>();

    /** @param background whether a subagent asks, which may outlive the turn */
    private record Pending(
            Map<String, @Nullable Object> input,
            boolean question,
            @Nullable String toolId,
            boolean background) {}

    /** Takes a {@code control_request} of Claude. Every one is answered: later by a person, or at once by a refusal. */
    void receive(ObjectNode message, ProtocolSink sink) {
        String id = ClaudeJson.text(message, "request_id");
        JsonNode request = message.get("request");
        if (id == null) {
            return;
        }
        String subtype = ClaudeJson.text(request, "subtype", "");
        String tool = ClaudeJson.text(request, "tool_name");
        if (!subtype.equals("can_use_tool") || tool == null || request == null) {
            ControlChannel.refuse(id, "this host does not support '" + ClaudeJson.clean(subtype) + "' requests", sink);
        } else if (pending.size() >= MAX_PENDING) {
            ControlChannel.refuse(id, "too many open permission requests", sink);
        } else if (!pending.containsKey(id)) {
            ask(id, tool, request, sink);
        }
    }

    private void ask(String id, String tool, JsonNode request, ProtocolSink sink) {
        Map<String, @Nullable Object> input = ClaudeJson.map(request, "input");
        String toolId = ClaudeJson.text(request, "tool_use_id");
        List<AgentEvent.Question> questions =
                tool.equals(QUESTION_TOOL) ? questions(request.path("input").get("questions")) : List.of();
        JsonNode suggestions = request.get("permission_suggestions");
        boolean background = ClaudeJson.text(request, "agent_id") != null;
        pending.put(id, new Pending(input, !questions.isEmpty(), toolId, background));
        if (questions.isEmpty()) {
            sink.event(new AgentEvent.PermissionRequested(
                    id,
                    toolId,
                    tool,
                    input,
                    description(request),
                    list(suggestions),
                    ToolCatalog.kind(tool),
                    null,
                    null));
        } else {
            sink.event(new AgentEvent.QuestionAsked(id, toolId, questions));
        }
    }

    /** Takes a {@code control_cancel_request}: the request is moot and gets no answer. */
    void withdraw(ObjectNode message, ProtocolSink sink) {
        String id = ClaudeJson.text(message, "request_id");
        if (id != null) {
            withdraw(id, sink);
        }
    }

    /** A tool has its result: Claude decided without waiting for people. */
    void toolEnded(@Nullable String toolId, ProtocolSink sink) {
        if (toolId != null) {
            withdrawIf(request -> toolId.equals(request.toolId()), sink);
        }
    }

    /** A turn was interrupted: what it asked is moot. Subagents in the background ask on. */
    void turnAborted(ProtocolSink sink) {
        withdrawIf(request -> !request.background(), sink);
    }

    private void withdrawIf(Predicate<Pending> moot, ProtocolSink sink) {
        List<String> ids = new ArrayList<>();
        pending.forEach((id, request) -> {
            if (moot.test(request)) {
                ids.add(id);
            }
        });
        ids.forEach(id -> withdraw(id, sink));
    }

    private void withdraw(String id, ProtocolSink sink) {
        Pending request = pending.remove(id);
        if (request != null) {
            sink.event(
                    request.question()
                            ? new AgentEvent.QuestionAnswered(id, Map.of(), "agent")
                            : new AgentEvent.PermissionResolved(id, AgentEvent.Resolution.WITHDRAWN, "agent", null));
        }
    }

    /** Hands a decision to Claude; one for a request that is not pending is dropped. */
    void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
        Pending request = pending.remove(requestId);
        if (request == null) {
            return;
        }
        if (answer instanceof PermissionAnswer.Allow allow) {
            Map<String, @Nullable Object> updated = allow.updatedInput();
            // the engine remembers what was allowed for longer; what Claude suggests would allow more than that call
            ControlChannel.respond(requestId, allowed(updated == null ? request.input() : updated), sink);
        } else if (answer instanceof PermissionAnswer.Deny deny) {
            ControlChannel.respond(requestId, denied(deny.message(), deny.interrupt()), sink);
        }
    }

    /** Hands answers to Claude; none at all declines. Several answers to one question are joined with commas. */
    void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
        Pending request = pending.remove(requestId);
        if (request == null) {
            return;
        }
        if (answers.isEmpty()) {
            ControlChannel.respond(requestId, denied("The user declined to answer.", false), sink);
            return;
        }
        Map<String, @Nullable Object> input = new LinkedHashMap<>(request.input());
        Map<String, @Nullable Object> texts = new LinkedHashMap<>();
        answers.forEach((question, chosen) -> texts.put(question, String.join(", ", chosen)));
        input.put("answers", texts);
        ControlChannel.respond(requestId, allowed(input), sink);
    }

    /** How many requests wait for people. */
    int openRequests() {
        return pending.size();
    }

    /** The input is always sent back: 2.1.197 fails the call without it. */
    private static ObjectNode allowed(Map<String, @Nullable Object> input) {
        ObjectNode response = ClaudeJson.object().put("behavior", "allow");
        response.set("updatedInput", ClaudeJson.node(input));
        return response;
    }

    private static ObjectNode denied(String message, boolean interrupt) {
        String reason = message.isBlank() ? "The user denied this." : ClaudeJson.clean(message);
        ObjectNode response = ClaudeJson.object().put("behavior", "deny").put("message", reason);
        return interrupt ? response.put("interrupt", true) : response;
    }

    private static String description(JsonNode request) {
        String description = ClaudeJson.text(request, "description", "");
        String reason = ClaudeJson.text(request, "decision_reason", "");
        return description.isEmpty() ? reason : reason.isEmpty() ? description : description + " (" + reason + ")";
    }

    private static List<Map<String, @Nullable Object>> list(@Nullable JsonNode array) {
        List<Map<String, @Nullable Object>> list = new ArrayList<>();
        if (array != null && array.isArray()) {
            array.forEach(item -> list.add(ClaudeJson.map(item)));
        }
        return list;
    }

    private static List<AgentEvent.Question> questions(@Nullable JsonNode array) {
        List<AgentEvent.Question> questions = new ArrayList<>();
        if (array != null && array.isArray()) {
            for (JsonNode item : array) {
                String question = ClaudeJson.text(item, "question");
                if (question != null) {
                    questions.add(new AgentEvent.Question(
                            question,
                            ClaudeJson.text(item, "header", ""),
                            options(item.get("options")),
                            ClaudeJson.flag(item, "multiSelect")));
                }
            }
        }
        return questions;
    }

    private static List<AgentEvent.Option> options(@Nullable JsonNode array) {
        List<AgentEvent.Option> options = new ArrayList<>();
        if (array != null && array.isArray()) {
            for (JsonNode item : array) {
                options.add(new AgentEvent.Option(
                        ClaudeJson.text(item, "label", ""), ClaudeJson.text(item, "description", "")));
            }
        }
        return options;
    }
}
