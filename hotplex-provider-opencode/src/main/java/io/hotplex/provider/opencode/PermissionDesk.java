package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What OpenCode asks people: may this tool run, and the questions of its tool for questions; for the agent and its
 * subagents alike. Confined to its protocol's caller.
 *
 * <p>OpenCode's <em>always</em> holds in a whole directory, for every session of the server. So it is never said; what
 * is allowed for longer than once, the engine remembers.
 */
final class PermissionDesk {
    /** More open requests than parallel tool calls can make; one more is refused, so that nothing waits unseen. */
    static final int MAX_PENDING = 256;

    private static final int MAX_ANSWERED = 1024;

    private final HttpCalls calls;
    private final @Nullable Permissions guard;
    private final String directory;
    private final Map<String, Call> known = new HashMap<>();
    /** Requests about calls of which OpenCode has not told yet what they are called with. */
    private final Map<String, JsonNode> early = new LinkedHashMap<>();
    /** Those that the guards look at. */
    private final Map<String, JsonNode> deciding = new LinkedHashMap<>();

    private final Map<String, Pending> pending = new LinkedHashMap<>();
    private final Map<String, Boolean> answered = new Bounded<>(MAX_ANSWERED);

    /**
     * A call of a tool that a request may be about.
     *
     * @param complete whether its input is
     */
    record Call(String toolId, String name, Map<String, @Nullable Object> input, boolean complete) {}

    /** @param questions the texts of questions, in order; empty for a permission */
    private record Pending(@Nullable String toolId, List<String> questions) {}

    /**
     * @param guard the session's rules, where OpenCode asks about everything so that guards hear of it; else
     *     {@code null}
     * @param directory the work directory
     */
    PermissionDesk(HttpCalls calls, @Nullable Permissions guard, String directory) {
        this.calls = calls;
        this.guard = guard;
        this.directory = directory;
    }

    /** A tool is called; requests name it by its message and the model's id of the call. */
    void call(String messageId, String callId, Call call, ProtocolSink sink) {
        String key = messageId + " " + callId;
        known.put(key, call);
        if (call.complete() && !early.isEmpty()) {
            List<JsonNode> waited = early.values().stream()
                    .filter(request -> key.equals(key(request)))
                    .toList();
            waited.forEach(request -> {
                early.remove(OpenCodeJson.text(request, "id", ""));
                gate(request, sink);
            });
        }
    }

    /** Takes a permission request. */
    void asked(JsonNode request, ProtocolSink sink) {
        String id = OpenCodeJson.text(request, "id");
        if (id == null || isKnown(id)) {
            return;
        }
        if (pending.size() + deciding.size() + early.size() >= MAX_PENDING) {
            refuse(id, "Too many permission requests are open.", sink);
        } else if (guard == null) {
            askPeople(id, request, sink);
        } else {
            Call call = call(request);
            if (request.has("tool") && (call == null || !call.complete())) {
                early.put(id, request);
            } else {
                gate(request, sink);
            }
        }
    }

    private boolean isKnown(String id) {
        return pending.containsKey(id) || deciding.containsKey(id) || early.containsKey(id) || answered.containsKey(id);
    }

    /** Puts a call before the guards. */
    private void gate(JsonNode request, ProtocolSink sink) {
        String id = OpenCodeJson.text(request, "id", "");
        if (own(request).equals(Permissions.DENY)) {
            refuse(id, "The session's own rules deny this call.", sink);
            return;
        }
        Call call = call(request);
        String tool = call == null ? OpenCodeJson.text(request, "permission", "") : call.name();
        Map<String, @Nullable Object> input = call == null ? OpenCodeJson.map(request, "metadata") : call.input();
        deciding.put(id, request);
        sink.toolCall(
                id,
                new ToolCall(
                        call == null ? null : call.toolId(),
                        tool,
                        ToolCatalog.kind(tool),
                        ToolCatalog.withPaths(input, directory)));
    }

    /** What the guards say: the session's rules go on to count, unless they want people to be asked. */
    void decided(String id, Verdict verdict, ProtocolSink sink) {
        JsonNode request = deciding.remove(id);
        if (request == null) {
            return; // it was withdrawn
        }
        if (verdict.action() == Action.DENY) {
            refuse(id, verdict.why().message(), sink);
        } else if (verdict.action() != Action.ASK && own(request).equals(Permissions.ALLOW)) {
            answered.put(id, true);
            reply(id, "once", null, sink);
        } else {
            askPeople(id, request, sink);
        }
    }

    /** What the session's own rules say, with which OpenCode would have decided whether to ask. */
    private String own(JsonNode request) {
        List<String> patterns = new ArrayList<>(OpenCodeJson.texts(request, "patterns"));
        patterns.remove(":"); // which the plugin may have put before a command
        for (JsonNode file : request.path("metadata").path("files")) {
            if (file.has("movePath")) { // its patterns are where a patch moves from
                patterns.add(OpenCodeJson.text(file, "relativePath", ""));
            }
        }
        return guard == null
                ? "ask"
                : guard.action(
                        OpenCodeJson.text(request, "permission", ""), patterns.isEmpty() ? List.of("*") : patterns);
    }

    private void refuse(String id, String message, ProtocolSink sink) {
        answered.put(id, true);
        reply(id, "reject", message, sink);
    }

    private void askPeople(String id, JsonNode request, ProtocolSink sink) {
        String permission = OpenCodeJson.text(request, "permission", "");
        List<String> patterns = OpenCodeJson.texts(request, "patterns");
        List<String> always = OpenCodeJson.texts(request, "always");
        Call call = call(request);
        pending.put(id, new Pending(call == null ? null : call.toolId(), List.of()));
        sink.event(new AgentEvent.PermissionRequested(
                id,
                call == null ? null : call.toolId(),
                call == null ? permission : call.name(),
                call == null || call.input().isEmpty() ? OpenCodeJson.map(request, "metadata") : call.input(),
                patterns.isEmpty() ? permission : permission + ": " + String.join(", ", patterns),
                always.isEmpty() ? List.of() : List.of(Map.of("permission", permission, "patterns", always)),
                ToolCatalog.kind(call == null ? permission : call.name()),
                null,
                null));
    }

    private @Nullable Call call(JsonNode request) {
        return known.get(key(request));
    }

    private static String key(JsonNode request) {
        JsonNode tool = request.path("tool");
        return OpenCodeJson.text(tool, "messageID", "") + " " + OpenCodeJson.text(tool, "callID", "");
    }

    /** Takes a request with questions. */
    void questions(JsonNode request, ProtocolSink sink) {
        String id = OpenCodeJson.text(request, "id");
        if (id == null || pending.containsKey(id) || answered.containsKey(id)) {
            return;
        }
        List<AgentEvent.Question> questions = new ArrayList<>();
        for (JsonNode question : request.path("questions")) {
            List<AgentEvent.Option> options = new ArrayList<>();
            for (JsonNode option : question.path("options")) {
                options.add(new AgentEvent.Option(
                        OpenCodeJson.text(option, "label", ""), OpenCodeJson.text(option, "description", "")));
            }
            questions.add(new AgentEvent.Question(
                    OpenCodeJson.text(question, "question", ""),
                    OpenCodeJson.text(question, "header", ""),
                    options,
                    OpenCodeJson.flag(question, "multiple")));
        }
        if (questions.isEmpty() || pending.size() >= MAX_PENDING) {
            answered.put(id, true);
            calls.post("/question/" + HttpCalls.encode(id) + "/reject", OpenCodeJson.object(), (a, s) -> {}, sink);
            return;
        }
        Call call = call(request);
        String toolId = call == null ? null : call.toolId();
        List<String> texts =
                questions.stream().map(AgentEvent.Question::question).toList();
        pending.put(id, new Pending(toolId, texts));
        sink.event(new AgentEvent.QuestionAsked(id, toolId, questions));
    }

    /** Somebody answered a request: if that was not us, another client of OpenCode's. */
    void replied(@Nullable String requestId, ProtocolSink sink) {
        if (requestId != null) {
            forget(requestId);
            withdraw(requestId, sink);
        }
    }

    /** OpenCode does not wait any more for what nobody was asked yet. */
    private void forget(String id) {
        boolean waited = early.remove(id) != null;
        boolean looked = deciding.remove(id) != null;
        if (waited || looked) {
            answered.put(id, true);
        }
    }

    /** A tool has its result: OpenCode decided without waiting for people. */
    void toolEnded(String toolId, ProtocolSink sink) {
        for (Map.Entry<String, JsonNode> entry : List.copyOf(deciding.entrySet())) {
            Call call = call(entry.getValue());
            if (call != null && toolId.equals(call.toolId())) {
                forget(entry.getKey());
            }
        }
        withdrawIf(request -> toolId.equals(request.toolId()), sink);
    }

    /** A turn is over, and nothing goes on behind it. OpenCode does not say what becomes of what it asked. */
    void turnEnded(ProtocolSink sink) {
        List.copyOf(early.keySet()).forEach(this::forget);
        List.copyOf(deciding.keySet()).forEach(this::forget);
        withdrawIf(request -> true, sink);
        known.clear();
    }

    /**
     * What OpenCode still asks, after events were lost; what is not among it was answered by others. It also lists
     * requests of turns that were aborted, so only those about a call of this turn count.
     *
     * @param mine whether a conversation is the session's or a subagent's of it
     */
    void listed(@Nullable JsonNode requests, boolean questions, Predicate<String> mine, ProtocolSink sink) {
        if (requests == null || !requests.isArray()) {
            return;
        }
        List<String> ids = new ArrayList<>();
        for (JsonNode request : requests) {
            ids.add(OpenCodeJson.text(request, "id", ""));
            boolean known = !request.has("tool") || call(request) != null;
            if (known && mine.test(OpenCodeJson.text(request, "sessionID", ""))) {
                if (questions) {
                    questions(request, sink);
                } else {
                    asked(request, sink);
                }
            }
        }
        List<String> gone = new ArrayList<>();
        pending.forEach((id, request) -> {
            if (request.questions().isEmpty() != questions && !ids.contains(id)) {
                gone.add(id);
            }
        });
        gone.forEach(id -> withdraw(id, sink));
        if (!questions) {
            Stream.concat(early.keySet().stream(), deciding.keySet().stream())
                    .filter(id -> !ids.contains(id))
                    .toList()
                    .forEach(this::forget);
        }
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
            answered.put(id, true);
            sink.event(
                    request.questions().isEmpty()
                            ? new AgentEvent.PermissionResolved(id, AgentEvent.Resolution.WITHDRAWN, "agent", null)
                            : new AgentEvent.QuestionAnswered(id, Map.of(), "agent"));
        }
    }

    /**
     * Hands a decision to OpenCode; one for a request that is not pending is dropped.
     *
     * @return whether the turn is to end as well
     */
    boolean answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
        Pending request = pending.get(requestId);
        if (request == null || !request.questions().isEmpty()) {
            return false;
        }
        pending.remove(requestId);
        answered.put(requestId, true);
        if (answer instanceof PermissionAnswer.Allow allow) {
            if (allow.updatedInput() != null) {
                // to run what was asked for instead would be to run what nobody allowed
                reply(requestId, "reject", "The input was to be changed, which is not possible here.", sink);
                return false;
            }
            reply(requestId, "once", null, sink);
            return false;
        }
        PermissionAnswer.Deny deny = (PermissionAnswer.Deny) answer;
        if (!deny.interrupt()) {
            // without a message the turn would end there
            reply(requestId, "reject", deny.message().isBlank() ? "The user denied this call." : deny.message(), sink);
        }
        return deny.interrupt(); // after an answer the model would be asked again before the turn can be ended
    }

    private void reply(String id, String reply, @Nullable String message, ProtocolSink sink) {
        ObjectNode body = OpenCodeJson.object().put("reply", reply);
        if (message != null) {
            body.put("message", OpenCodeJson.clean(message));
        }
        // whatever comes of it: a request that is gone needs no answer
        calls.post("/permission/" + HttpCalls.encode(id) + "/reply", body, (a, s) -> {}, sink);
    }

    /** Hands answers to OpenCode, in the order of the questions; none at all declines. */
    void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
        Pending request = pending.get(requestId);
        if (request == null || request.questions().isEmpty()) {
            return;
        }
        pending.remove(requestId);
        answered.put(requestId, true);
        String path = "/question/" + HttpCalls.encode(requestId);
        if (answers.isEmpty()) {
            calls.post(path + "/reject", OpenCodeJson.object(), (a, s) -> {}, sink);
            return;
        }
        ObjectNode body = OpenCodeJson.object();
        ArrayNode all = body.putArray("answers");
        for (String question : request.questions()) {
            ArrayNode one = all.addArray();
            answers.getOrDefault(question, List.of()).forEach(answer -> one.add(OpenCodeJson.clean(answer)));
        }
        calls.post(path + "/reply", body, (a, s) -> {}, sink);
    }
}
