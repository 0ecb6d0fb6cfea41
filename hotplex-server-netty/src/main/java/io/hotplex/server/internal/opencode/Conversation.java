package io.hotplex.server.internal.opencode;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.TokenUsage;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one agent, or one subagent, and its user say to each other, as OpenCode has it: a user's message, then one
 * message for each step of the agent. A step is what a model answers at once, and the tools that it calls by that.
 *
 * <p>Confined to who feeds its {@link Projection}.
 */
final class Conversation {
    /** What a running tool said so far is told again and again: more than a screen of it is of no use. */
    private static final int MAX_PROGRESS_CHARS = 30_000;

    /** What is shown as the mode of an agent; ours has no other. */
    static final String AGENT = "build";

    private final String id;
    private final @Nullable String parent;
    private final String directory;
    private final String provider;
    private final Transcript transcript = new Transcript();
    private final Map<String, Call> calls = new LinkedHashMap<>();
    /** Texts that are being written, by kind, message and block. */
    private final Map<String, OpenText> texts = new LinkedHashMap<>();
    /** By the agent's ids of messages, the steps of this turn. */
    private final Map<String, Message> steps = new LinkedHashMap<>();

    private String model;
    private @Nullable Message user;
    private @Nullable Message step;
    private @Nullable String stepSource;
    private boolean stepBegun;
    private boolean stepHasCalls;
    private boolean said;
    /** When something happened last that was no piece of a text: the time of what begins with such a piece. */
    private long solidMillis;

    /** @param parent the conversation whose agent began this one; {@code null} for an agent's own */
    Conversation(String id, @Nullable String parent, String directory, String provider, String model) {
        this.id = id;
        this.parent = parent;
        this.directory = directory;
        this.provider = provider;
        this.model = model;
    }

    private record OpenText(Message message, Part part, long start) {}

    /** A call of a tool. */
    static final class Call {
        private final Message message;
        private final Part part;
        private final String tool;
        private final String title;
        private final Map<String, @Nullable Object> input;
        private final AgentEvent.ToolKind kind;
        private final List<String> paths;
        private final long start;
        private final StringBuilder progress = new StringBuilder();
        private final Map<String, @Nullable Object> metadata = new LinkedHashMap<>();
        private boolean over;

        private Call(Message message, Part part, AgentEvent.ToolStarted started, long start) {
            this.message = message;
            this.part = part;
            this.tool = ToolNames.shown(started.name(), started.kind(), started.input());
            this.title = started.title();
            this.input = started.input();
            this.kind = started.kind();
            this.paths = started.paths();
            this.start = start;
        }

        Message message() {
            return message;
        }

        Map<String, @Nullable Object> input() {
            return input;
        }
    }

    String id() {
        return id;
    }

    @Nullable
    String parent() {
        return parent;
    }

    Transcript transcript() {
        return transcript;
    }

    String model() {
        return model;
    }

    void model(String other) {
        model = other;
    }

    @Nullable
    Call call(String toolId) {
        return calls.get(toolId);
    }

    /** Something happened that is no piece of a text. */
    void solid(long millis) {
        solidMillis = millis;
    }

    // ---- what the user says

    /** A turn begins, with what the user said. */
    void begin(Emission out, String messageId, List<Part> parts) {
        steps.clear();
        calls.clear();
        said = false;
        solidMillis = out.millis();
        Message message = userMessage(messageId, out.millis());
        user = message;
        transcript.add(message);
        tell(out, message);
        for (Part part : parts) {
            message.add(part);
            tell(out, message, part);
        }
        status(out, Values.object("type", "busy"));
        announce(out, null);
    }

    /** A message of the user, without its parts. */
    Message userMessage(String messageId, long millis) {
        return new Message(
                messageId,
                null,
                Values.object(
                        "id",
                        messageId,
                        "sessionID",
                        id,
                        "role",
                        "user",
                        "time",
                        Values.object("created", millis),
                        "agent",
                        AGENT,
                        "model",
                        Values.object("providerID", provider, "modelID", model)));
    }

    // ---- what the agent says

    /** A piece of a text, or of reasoning. */
    void piece(Emission out, String type, String source, int block, String piece) {
        OpenText text = text(out, type, source, block);
        text.part().append(piece);
        delta(out, text, piece);
    }

    /** A complete text; it replaces the pieces. */
    void whole(Emission out, String type, String source, int block, String whole) {
        String key = type + '/' + source + '/' + block;
        if (whole.isEmpty() && !texts.containsKey(key)) {
            return;
        }
        boolean known = texts.containsKey(key);
        OpenText text = text(out, type, source, block);
        if (!known) {
            delta(out, text, whole);
        }
        text.part().say(whole);
        texts.remove(key);
        end(out, text, out.millis());
    }

    private OpenText text(Emission out, String type, String source, int block) {
        Message message = stepOf(out, source);
        said |= type.equals("text");
        String key = type + '/' + source + '/' + block;
        OpenText open = texts.get(key);
        if (open == null) {
            Part part = Part.ofText(
                    out.entity("prt"), type, "", Values.object("time", Values.object("start", solidMillis)));
            open = new OpenText(message, part, solidMillis);
            texts.put(key, open);
            message.add(part);
            tell(out, message, part);
        }
        return open;
    }

    private void delta(Emission out, OpenText text, String piece) {
        out.tell(
                id,
                "message.part.delta",
                "messageID",
                text.message().id(),
                "partID",
                text.part().id(),
                "field",
                "text",
                "delta",
                piece);
    }

    private void end(Emission out, OpenText text, long at) {
        text.part().replace(Values.object("time", Values.object("start", text.start(), "end", at)));
        tell(out, text.message(), text.part());
    }

    // ---- tools

    void toolStarted(Emission out, AgentEvent.ToolStarted started) {
        if (calls.containsKey(started.toolId())) {
            return; // it says again what it said
        }
        Message message = stepOfCall(out);
        stepHasCalls = true;
        Part part = Part.of(out.entity("prt"), "tool", Map.of());
        Call call = new Call(message, part, started, out.millis());
        calls.put(started.toolId(), call);
        part.holds(Values.chars(started.input()));
        message.add(part);
        state(out, started.toolId(), call, Values.object("status", "pending", "input", Map.of(), "raw", ""));
        running(out, started.toolId(), call);
        List<Object> todos = ToolNames.todos(started.input());
        if (todos != null) {
            out.tell(id, "todo.updated", "todos", todos);
        }
    }

    void toolProgress(Emission out, String toolId, String more) {
        Call call = calls.get(toolId);
        if (call != null && !call.over) {
            call.progress.append(more);
            if (call.progress.length() > MAX_PROGRESS_CHARS) {
                call.progress.delete(0, call.progress.length() - MAX_PROGRESS_CHARS);
            }
            call.metadata.put("output", call.progress.toString());
            running(out, toolId, call);
        }
    }

    /** A subagent works for a call. */
    void toolHasSession(Emission out, String toolId, String session) {
        Call call = calls.get(toolId);
        if (call != null) {
            call.metadata.put("sessionId", session);
            running(out, toolId, call);
        }
    }

    void toolCompleted(Emission out, AgentEvent.ToolCompleted completed) {
        Call call = calls.get(completed.toolId());
        if (call == null) { // the agent did not announce it
            toolStarted(
                    out,
                    new AgentEvent.ToolStarted(
                            completed.toolId(),
                            Objects.requireNonNullElse(completed.name(), "tool"),
                            AgentEvent.ToolKind.OTHER,
                            "",
                            Map.of(),
                            List.of(),
                            completed.parentToolId()));
            call = Objects.requireNonNull(calls.get(completed.toolId()));
        }
        call.over = true;
        call.part.holds(Values.chars(call.input) + completed.output().length());
        Map<String, Object> time = Map.of("start", call.start, "end", out.millis());
        if (completed.isError()) {
            failed(out, completed.toolId(), call, completed.output(), time);
            return;
        }
        call.metadata.put("output", completed.output());
        state(
                out,
                completed.toolId(),
                call,
                Values.object(
                        "status",
                        "completed",
                        "input",
                        call.input,
                        "output",
                        completed.output(),
                        "title",
                        call.title,
                        "metadata",
                        new LinkedHashMap<>(call.metadata),
                        "time",
                        time));
        if (call.kind == AgentEvent.ToolKind.EDIT) {
            call.paths.forEach(path -> out.tellAll(id, "file.edited", Values.object("file", path)));
        }
    }

    private void running(Emission out, String toolId, Call call) {
        state(
                out,
                toolId,
                call,
                Values.object(
                        "status",
                        "running",
                        "input",
                        call.input,
                        "metadata",
                        new LinkedHashMap<>(call.metadata),
                        "time",
                        Map.of("start", call.start)));
    }

    private void failed(Emission out, String toolId, Call call, String error, Map<String, Object> time) {
        state(
                out,
                toolId,
                call,
                Values.object(
                        "status",
                        "error",
                        "input",
                        call.input,
                        "error",
                        error,
                        "metadata",
                        call.metadata.isEmpty() ? null : new LinkedHashMap<>(call.metadata),
                        "time",
                        time));
    }

    private void state(Emission out, String toolId, Call call, Map<String, @Nullable Object> state) {
        call.part.replace(Values.object("tool", call.tool, "callID", toolId, "state", state));
        tell(out, call.message, call.part);
    }

    // ---- steps

    /** The step that a message of the agent is; begins it when it is not the one that runs. */
    private Message stepOf(Emission out, String source) {
        Message known = steps.get(source);
        if (known != null) {
            return known;
        }
        Message now = step;
        if (now != null && stepSource == null) {
            stepSource = source;
            steps.put(source, now);
            return begun(out, now);
        }
        if (now != null) {
            endStep(out, "tool-calls", solidMillis);
        }
        return begun(out, announce(out, source));
    }

    private Message stepOfCall(Emission out) {
        Message now = step;
        if (now != null && stepHasCalls && calls.values().stream().allMatch(call -> call.over)) {
            endStep(out, "tool-calls", solidMillis); // what it called is answered: this is the next answer of the model
            now = null;
        }
        return begun(out, now == null ? announce(out, null) : now);
    }

    /** A step of which something is there. */
    private Message begun(Emission out, Message message) {
        if (!stepBegun) {
            stepBegun = true;
            Part part = Part.of(out.entity("prt"), "step-start", Map.of());
            message.add(part);
            tell(out, message, part);
        }
        return message;
    }

    /** The message of a step of which nothing is there yet. */
    private Message announce(Emission out, @Nullable String source) {
        String message = out.entity("msg");
        String asked = user == null ? message : user.id();
        Message begun = new Message(
                message,
                asked,
                Values.object(
                        "id",
                        message,
                        "sessionID",
                        id,
                        "role",
                        "assistant",
                        "parentID",
                        asked,
                        "mode",
                        AGENT,
                        "agent",
                        AGENT,
                        "path",
                        Map.of("cwd", directory, "root", directory),
                        "cost",
                        0,
                        "tokens",
                        tokens(TokenUsage.ZERO),
                        "modelID",
                        model,
                        "providerID",
                        provider,
                        "time",
                        Values.object("created", solidMillis)));
        step = begun;
        stepSource = source;
        stepBegun = false;
        stepHasCalls = false;
        if (source != null) {
            steps.put(source, begun);
        }
        transcript.add(begun);
        tell(out, begun);
        return begun;
    }

    /** @param at when; what ends by a piece of a text that follows ended when something happened before */
    private void endStep(Emission out, String reason, long at) {
        Message ended = step;
        if (ended == null) {
            return;
        }
        endTexts(out, at);
        begun(out, ended);
        Part part = Part.of(
                out.entity("prt"),
                "step-finish",
                Values.object(
                        "reason",
                        reason,
                        "tokens",
                        ended.info().get("tokens"),
                        "cost",
                        ended.info().get("cost")));
        ended.add(part);
        tell(out, ended, part);
        ended.set("finish", reason);
        complete(out, ended, at);
        step = null;
        stepSource = null;
    }

    private void complete(Emission out, Message message, long at) {
        Map<String, @Nullable Object> time = new LinkedHashMap<>(timeOf(message));
        time.put("completed", at);
        message.set("time", time);
        tell(out, message);
    }

    @SuppressWarnings("unchecked") // it was put there by this class
    private static Map<String, @Nullable Object> timeOf(Message message) {
        return (Map<String, @Nullable Object>)
                Objects.requireNonNull(message.info().get("time"));
    }

    /** What was being written was abandoned, or its end is not told: what came of it stays. */
    private void endTexts(Emission out, long at) {
        List<OpenText> open = new ArrayList<>(texts.values());
        texts.clear();
        open.forEach(text -> end(out, text, at));
    }

    /** What a model used for a message. */
    void usage(Emission out, AgentEvent.Usage usage) {
        Message message = steps.get(usage.messageId());
        if (message == null && step != null && stepSource == null) {
            stepSource = usage.messageId();
            steps.put(usage.messageId(), step);
            message = step;
        }
        if (message == null) {
            return; // of a message that nobody saw anything of; it counts in the turn's figures
        }
        message.set("tokens", total(usage.tokens()));
        if (usage.model() != null) {
            message.set("modelID", usage.model());
        }
        if (message != step) {
            tell(out, message);
        }
    }

    // ---- the end

    /**
     * The agent answered.
     *
     * @param reason why the last step ended
     */
    void completed(Emission out, String reason, String text, TokenUsage usage, @Nullable Double cost) {
        if (!said && !text.isEmpty()) {
            whole(out, "text", "result", 0, text);
        }
        Message last = step != null ? step : announce(out, null);
        if (cost != null) {
            last.set("cost", cost);
        }
        if (steps.size() <= 1 && tokens(TokenUsage.ZERO).equals(last.info().get("tokens"))) {
            last.set("tokens", total(usage));
        }
        endStep(out, reason, out.millis());
        status(out, Values.object("type", "busy"));
        idle(out);
        transcript.trim(1);
    }

    /** The agent failed or was stopped. */
    void failed(Emission out, Map<String, @Nullable Object> error, @Nullable Double cost) {
        out.tell(id, "session.error", "error", error);
        idle(out);
        endTexts(out, out.millis());
        calls.forEach((toolId, call) -> {
            if (!call.over) {
                call.over = true;
                failed(out, toolId, call, "Tool execution aborted", Map.of("start", call.start, "end", out.millis()));
            }
        });
        Message last = step != null ? step : announce(out, null);
        if (cost != null) {
            last.set("cost", cost);
        }
        last.set("error", error);
        complete(out, last, out.millis());
        step = null;
        stepSource = null;
        idle(out);
        transcript.trim(1);
    }

    /** A subagent is done. */
    void over(Emission out) {
        if (step != null) {
            endStep(out, "stop", out.millis());
        }
        idle(out);
    }

    void status(Emission out, Map<String, @Nullable Object> status) {
        out.tell(id, "session.status", "status", status);
    }

    void idle(Emission out) {
        status(out, Values.object("type", "idle"));
        out.tell(id, "session.idle");
    }

    // ---- telling

    private void tell(Emission out, Message message) {
        out.tell(id, "message.updated", "info", message.info());
    }

    private void tell(Emission out, Message message, Part part) {
        out.tell(id, "message.part.updated", "part", part.json(id, message.id()), "time", out.millis());
    }

    private static Map<String, @Nullable Object> total(TokenUsage usage) {
        Map<String, @Nullable Object> all = Values.object("total", usage.total());
        all.putAll(tokens(usage));
        return all;
    }

    static Map<String, @Nullable Object> tokens(TokenUsage usage) {
        return Values.object(
                "input",
                usage.inputTokens(),
                "output",
                usage.outputTokens(),
                "reasoning",
                0,
                "cache",
                Map.of("read", usage.cacheReadTokens(), "write", usage.cacheWriteTokens()));
    }
}
