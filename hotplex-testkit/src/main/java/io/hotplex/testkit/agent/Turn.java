package io.hotplex.testkit.agent;

import io.hotplex.testkit.agent.Behaviour.Tool;
import io.hotplex.testkit.agent.Behaviour.ToolOutput;
import io.hotplex.testkit.agent.StreamJsonAgent.UserPrompt;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One turn: from a prompt to exactly one result line, with thinking, text and tool calls between.
 *
 * <p>Confined to the turn thread, but for {@link #deliver} and {@link #withdrawQuestion}, which the reading thread
 * calls: what the turn has to hear goes through its inbox, and the id of the open question is atomic, so that either
 * the answer or the withdrawal takes it.
 */
final class Turn {
    private static final String REJECTED = "The tool was not run: the person who was asked wants to go on without it.";

    private final StreamJsonAgent agent;
    private final Wire wire;
    private final List<UserPrompt> prompts;
    private final long startNanos = System.nanoTime();
    private final BlockingQueue<Signal> inbox = new LinkedBlockingQueue<>();
    private final AtomicReference<@Nullable String> openQuestion = new AtomicReference<>();
    private final List<Map<String, @Nullable Object>> denials = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private MessageStream message;
    private Usage usage = Usage.NONE;
    private int messages;
    private boolean nobodyAnswers;
    private boolean interrupted;
    private boolean faulted;
    private @Nullable Integer apiErrorStatus;

    Turn(StreamJsonAgent agent, List<UserPrompt> prompts) {
        this.agent = agent;
        this.wire = agent.wire();
        this.prompts = new ArrayList<>(prompts);
        this.message = new MessageStream(wire, agent.settings().model());
    }

    /** What a running turn hears from outside. */
    sealed interface Signal {}

    /** The host wants the turn to end. */
    record Interrupted() implements Signal {}

    /** The input ended; no question will be answered any more. */
    record NobodyAnswers() implements Signal {}

    /** The host answered a question. */
    record Answered(
            String requestId,
            Map<String, @Nullable Object> response,
            @Nullable String error) implements Signal {}

    void deliver(Signal signal) {
        inbox.add(signal);
    }

    /** Take back the question that is open, if there is one. */
    void withdrawQuestion() {
        String requestId = openQuestion.getAndSet(null);
        if (requestId != null) {
            wire.withdraw(requestId);
        }
    }

    StreamJsonAgent agent() {
        return agent;
    }

    String prompt() {
        return prompts.stream().map(UserPrompt::text).collect(Collectors.joining("\n"));
    }

    /** Run the turn. The answer says whether the result was an error. */
    boolean run() {
        prompts.forEach(prompt -> wire.lifecycle(prompt.uuid(), "started"));
        agent.conversation().add("user", prompt());
        wire.init(agent.settings(), agent.behaviour().tools());
        wire.system("status", "status", "requesting");
        boolean failed;
        try {
            answer();
            finishMessage("end_turn");
            agent.conversation().add("assistant", text.toString());
            failed = apiErrorStatus != null;
            writeResult(failed ? "api_error" : "completed", null, failed);
        } catch (TurnAborted aborted) {
            failed = true;
            abort(aborted);
        }
        String state = interrupted ? "cancelled" : "completed";
        prompts.forEach(prompt -> wire.lifecycle(prompt.uuid(), state));
        return failed;
    }

    /** Show thoughts, piece by piece. */
    void think(Iterable<String> pieces, Duration pace) throws TurnAborted {
        message.open("thinking");
        for (String piece : pieces) {
            pause(pace);
            message.piece(piece);
        }
        message.close(false);
    }

    /** Say something, piece by piece. */
    void say(Iterable<String> pieces, Duration pace) throws TurnAborted {
        message.open("text");
        text.setLength(0);
        for (String piece : pieces) {
            pause(pace);
            message.piece(piece);
            text.append(piece);
            agent.behaviour().streamed(this);
        }
        message.close(false);
    }

    /**
     * Call a tool, if it may run, and show what came of it.
     *
     * @param askAlways ask the host even when a rule allows the tool
     */
    ToolOutput call(String name, Map<String, @Nullable Object> input, boolean askAlways, Tool tool) throws TurnAborted {
        String toolUseId = "toolu_" + UUID.randomUUID().toString().replace("-", "");
        message.toolUse(toolUseId, name, input);
        finishMessage("tool_use");
        ToolOutput output;
        try {
            output = permitted(toolUseId, name, input, askAlways, tool);
            checkInterrupted("aborted_tools");
        } catch (TurnAborted aborted) {
            showToolResult(toolUseId, new ToolOutput(REJECTED, true), "User rejected tool use");
            throw new TurnAborted("aborted_tools");
        }
        showToolResult(toolUseId, output, output.isError() ? "Error: " + output.text() : null);
        takeInWaiting();
        return output;
    }

    /** Wait, and hear an interrupt meanwhile. */
    void pause(Duration duration) throws TurnAborted {
        long deadline = System.nanoTime() + duration.toNanos();
        do {
            Signal signal = poll(deadline - System.nanoTime());
            if (signal != null) {
                hear(signal, "aborted_streaming");
            }
        } while (deadline - System.nanoTime() > 0);
    }

    /** Let the turn end as a call that the model's API refused. */
    void failWith(int httpStatus) {
        apiErrorStatus = httpStatus;
    }

    /** Whether this was called before. */
    boolean markFaulted() {
        boolean before = faulted;
        faulted = true;
        return before;
    }

    private void answer() throws TurnAborted {
        try {
            agent.behaviour().answer(this);
        } catch (RuntimeException e) {
            text.setLength(0);
            text.append("The agent failed: ").append(e);
            failWith(500);
        }
    }

    private ToolOutput permitted(
            String toolUseId, String name, Map<String, @Nullable Object> input, boolean askAlways, Tool tool)
            throws TurnAborted {
        Map<String, @Nullable Object> hooked = hooked(toolUseId, name, input);
        String decision = Json.text(hooked, "permissionDecision");
        if ("deny".equals(decision)) {
            return denied(
                    toolUseId,
                    name,
                    input,
                    Objects.requireNonNullElse(Json.text(hooked, "permissionDecisionReason"), "Denied by a hook."));
        }
        AgentSettings.Permission permission = "ask".equals(decision)
                ? AgentSettings.Permission.ASK
                : agent.settings().permissionFor(name);
        if (permission == AgentSettings.Permission.DENY) {
            return denied(toolUseId, name, input, "Permission to use " + name + " was not given.");
        }
        if (permission == AgentSettings.Permission.ALLOW && !askAlways) {
            return tool.run(input);
        }
        Answered answer = ask(toolUseId, name, input);
        Map<String, @Nullable Object> response = answer.response();
        if (answer.error() != null) {
            return new ToolOutput(answer.error(), true);
        }
        if (!"allow".equals(response.get("behavior"))) {
            ToolOutput denied = denied(
                    toolUseId, name, input, Objects.requireNonNullElse(Json.text(response, "message"), "Denied."));
            if (Boolean.TRUE.equals(response.get("interrupt"))) {
                throw new TurnAborted("aborted_tools");
            }
            return denied;
        }
        agent.settings().update(Json.list(response, "updatedPermissions"));
        return tool.run(response.containsKey("updatedInput") ? Json.child(response, "updatedInput") : input);
    }

    /** What the host's hook says to a call; nothing when it has none, or when it fails. */
    private Map<String, @Nullable Object> hooked(String toolUseId, String name, Map<String, @Nullable Object> input)
            throws TurnAborted {
        String callback = agent.settings().hook();
        if (callback == null) {
            return Map.of();
        }
        String requestId = UUID.randomUUID().toString();
        Map<String, @Nullable Object> event = Json.object(
                "hook_event_name", "PreToolUse", "tool_name", name, "tool_input", input, "tool_use_id", toolUseId);
        return Json.child(
                answered(
                                requestId,
                                Json.object(
                                        "subtype",
                                        "hook_callback",
                                        "callback_id",
                                        callback,
                                        "input",
                                        event,
                                        "tool_use_id",
                                        toolUseId))
                        .response(),
                "hookSpecificOutput");
    }

    private Answered ask(String toolUseId, String name, Map<String, @Nullable Object> input) throws TurnAborted {
        String requestId = UUID.randomUUID().toString();
        Map<String, @Nullable Object> rule = Json.object(
                "type",
                "addRules",
                "rules",
                List.of(Json.object("toolName", name)),
                "behavior",
                "allow",
                "destination",
                "session");
        return answered(
                requestId,
                Json.object(
                        "subtype",
                        "can_use_tool",
                        "tool_name",
                        name,
                        "display_name",
                        name,
                        "input",
                        input,
                        "permission_suggestions",
                        List.of(rule),
                        "tool_use_id",
                        toolUseId));
    }

    /** Ask the host something, and wait for its answer. */
    private Answered answered(String requestId, Map<String, @Nullable Object> question) throws TurnAborted {
        openQuestion.set(requestId);
        wire.request(requestId, question);
        while (!nobodyAnswers) {
            Signal signal = poll(Long.MAX_VALUE);
            if (signal instanceof Answered answer && answer.requestId().equals(requestId)) {
                openQuestion.set(null);
                return answer;
            }
            if (signal != null) {
                hear(signal, "aborted_tools");
            }
        }
        return new Answered(requestId, Map.of(), "The input ended before the question was answered.");
    }

    private ToolOutput denied(String toolUseId, String name, Map<String, @Nullable Object> input, String why) {
        denials.add(Json.object("tool_name", name, "tool_use_id", toolUseId, "tool_input", input));
        return new ToolOutput(why, true);
    }

    private void showToolResult(String toolUseId, ToolOutput output, @Nullable Object structured) {
        wire.user(
                Json.object(
                        "type",
                        "tool_result",
                        "tool_use_id",
                        toolUseId,
                        "content",
                        output.text(),
                        "is_error",
                        output.isError()),
                structured == null
                        ? Json.object("stdout", output.text(), "stderr", "", "interrupted", false)
                        : structured);
    }

    private void takeInWaiting() {
        for (UserPrompt prompt : agent.takeWaiting()) {
            wire.lifecycle(prompt.uuid(), "started");
            agent.conversation().add("user", prompt.text());
            prompts.add(prompt);
        }
    }

    private void finishMessage(String stopReason) {
        if (!message.isEmpty()) {
            messages++;
            usage = usage.plus(message.finish(stopReason, Usage.words(prompt())));
            message = new MessageStream(wire, agent.settings().model());
        }
    }

    private void abort(TurnAborted aborted) {
        interrupted = true;
        message.abort();
        boolean inTool = aborted.reason().equals("aborted_tools");
        String note = inTool ? "[Request interrupted by user for tool use]" : "[Request interrupted by user]";
        wire.user(Json.object("type", "text", "text", note), null);
        agent.conversation().add("assistant", text.toString());
        writeResult(
                aborted.reason(),
                "result_type=user last_content_type=n/a stop_reason=" + (inTool ? "tool_use" : "null"),
                true);
    }

    private void writeResult(String terminalReason, @Nullable String diagnostic, boolean isError) {
        long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNanos);
        Usage all = agent.addToTotal(usage);
        Map<String, @Nullable Object> result = Json.object(
                "subtype",
                diagnostic == null ? "success" : "error_during_execution",
                "is_error",
                isError,
                "duration_ms",
                millis,
                "duration_api_ms",
                millis,
                "num_turns",
                Math.max(1, messages),
                "stop_reason",
                diagnostic == null ? "end_turn" : null,
                "total_cost_usd",
                0,
                "usage",
                usage.json(),
                "modelUsage",
                Json.object(agent.settings().model(), all.modelJson()),
                "permission_denials",
                denials,
                "terminal_reason",
                terminalReason);
        if (diagnostic == null) {
            result.put("result", text.toString());
            result.put("api_error_status", apiErrorStatus);
        } else {
            result.put("errors", List.of("[ede_diagnostic] " + diagnostic));
        }
        List<String> uuids =
                prompts.stream().map(UserPrompt::uuid).filter(Objects::nonNull).toList();
        if (!uuids.isEmpty()) {
            result.put("user_message_uuid", uuids.get(0));
            result.put("user_message_uuids", uuids);
        }
        wire.result(result);
    }

    private void checkInterrupted(String reason) throws TurnAborted {
        for (Signal signal = inbox.poll(); signal != null; signal = inbox.poll()) {
            hear(signal, reason);
        }
    }

    private void hear(Signal signal, String reason) throws TurnAborted {
        if (signal instanceof Interrupted) {
            throw new TurnAborted(reason);
        }
        if (signal instanceof NobodyAnswers) {
            nobodyAnswers = true;
        }
    }

    private @Nullable Signal poll(long nanos) throws TurnAborted {
        try {
            return inbox.poll(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TurnAborted("aborted_streaming");
        }
    }
}
