package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.api.spi.ToolGuard;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The conversation with one {@code claude} process over stream-json.
 *
 * <p>Confined to the session's owner, like every protocol; no locks, no clock, no I/O. Each topic has a class of its
 * own: turns ({@link TurnTracker}), content ({@link MessageAssembler}), our requests ({@link ControlChannel}), Claude's
 * requests ({@link PermissionDesk}, {@link ToolGate}), notices ({@link NoticeReader}), what the process is
 * ({@link AgentProfile}). This one reads a line's type and hands the line on.
 *
 * <p>Ready is a process that answers; {@code get_binary_version} is the one request that costs nothing. A turn's id is
 * the {@code uuid} of its prompt: Claude runs each uuid of a conversation once, so an id must not be used again.
 */
final class ClaudeProtocol implements AgentProtocol {
    /** A line that nobody understands is kept for people; a megabyte of it helps nobody. */
    private static final int MAX_RAW_BYTES = 256 << 10;

    private final DeltaScanner delta = new DeltaScanner();
    private final ControlChannel control = new ControlChannel();
    private final PermissionDesk permissions = new PermissionDesk();
    private final ToolGate gate = new ToolGate();
    private final TurnTracker turns = new TurnTracker();
    private final MessageAssembler messages = new MessageAssembler();
    private final LaunchRequest.Mode mode;
    private final AgentProfile profile;
    private final NoticeReader notices;
    private final UsageMeter usage;
    private final boolean bypassAllowed;
    private final boolean guarded;

    private boolean answers;
    private boolean hooked;
    private boolean ready;
    private boolean conversed;
    private boolean unknownSession;
    private boolean refused;
    private @Nullable String rejectedCredentials;

    /** A process whose tool calls nobody guards. */
    ClaudeProtocol(LaunchRequest.Start start, boolean bypassAllowed) {
        this(start, bypassAllowed, false);
    }

    /**
     * @param bypassAllowed whether the permission mode {@code bypassPermissions} may be set
     * @param guarded whether every tool call is put before the guards
     */
    ClaudeProtocol(LaunchRequest.Start start, boolean bypassAllowed, boolean guarded) {
        mode = start.mode();
        profile = new AgentProfile(start);
        notices = new NoticeReader(profile);
        usage = new UsageMeter(mode == LaunchRequest.Mode.NEW);
        this.bypassAllowed = bypassAllowed;
        this.guarded = guarded;
    }

    @Override
    public void started(ProtocolSink sink) {
        if (guarded) {
            control.request(
                    ToolGate.registration(),
                    (response, error, answerSink) -> {
                        if (error != null) { // tool calls would escape, so the process must not be used
                            throw new IllegalStateException("Claude Code takes no hook: update it, or set guard=off");
                        }
                        hooked = true;
                        becomeReady(answerSink);
                    },
                    sink);
        }
        control.request(
                ControlChannel.request("get_binary_version"),
                (response, error, answerSink) -> {
                    // an older version refuses the request, but it answers
                    answers = true;
                    becomeReady(answerSink);
                    profile.versionKnown(ClaudeJson.text(response, "version"), answerSink);
                },
                sink);
    }

    private void becomeReady(ProtocolSink sink) {
        if (answers && (hooked || !guarded) && !ready) {
            ready = true;
            sink.ready();
        }
    }

    @Override
    public void receive(AgentLine line, ProtocolSink sink) {
        if (line.truncated()) {
            raw("oversize", line, sink);
            unreadable(line, sink);
        } else if (!delta.scan(line)) {
            structured(line, sink);
        } else if (!messages.delta(delta, sink)) {
            raw("stream_event", line, sink);
        }
    }

    private void structured(AgentLine line, ProtocolSink sink) {
        ObjectNode object = ClaudeJson.object(line);
        if (object == null) {
            if (!blank(line)) {
                raw("invalid", line, sink);
                unreadable(line, sink);
            }
            return;
        }
        String type = ClaudeJson.text(object, "type", "");
        if (!known(type, object, sink)) {
            String subtype = ClaudeJson.text(object, "subtype");
            raw(type.isEmpty() ? "invalid" : subtype == null ? type : type + "/" + subtype, line, sink);
        }
    }

    /** Somebody waits for the end of a turn, and Claude for the answer to its request, even if the line is lost. */
    private void unreadable(AgentLine line, ProtocolSink sink) {
        String problem = line.truncated()
                ? "longer than the " + line.length() + " bytes that are read of a line (max-line-bytes)"
                : "no JSON, or nested too deep";
        LineOutline outline = LineOutline.of(line);
        String id = outline.requestId();
        if (outline.type().equals("result")) {
            messages.turnEnded(sink);
            usage.lost();
            turns.lost(
                    TurnEnd.failed(
                            ErrorCode.AGENT_PROTOCOL,
                            "the agent's report on the turn is " + problem,
                            messages.used(),
                            null),
                    sink);
            forget();
        } else if (outline.type().equals("control_request") && id != null) {
            ControlChannel.refuse(id, "the request is " + problem, sink);
        }
    }

    /** Takes a line of a type; returns whether all of it is understood. */
    private boolean known(String type, ObjectNode line, ProtocolSink sink) {
        switch (type) {
            case "stream_event" -> {
                if (line.path("event").path("type").asText().equals("message_start")) {
                    working(line, sink);
                }
                return messages.streamEvent(line, sink);
            }
            case "assistant" -> {
                // no sign of a turn: one that follows a result late belongs to what is over
                return messages.assistant(line, sink);
            }
            case "user" -> {
                return user(line, sink);
            }
            case "result" -> {
                return result(line, sink);
            }
            case "system" -> {
                return system(line, sink);
            }
            case "control_response" -> control.receive(line, sink);
            case "control_request" -> {
                if (!gate.receive(line, sink)) {
                    permissions.receive(line, sink);
                }
            }
            case "control_cancel_request" -> {
                gate.withdraw(line);
                permissions.withdraw(line, sink);
            }
            case "command_lifecycle" ->
                turns.lifecycle(ClaudeJson.text(line, "command_uuid"), ClaudeJson.text(line, "state", ""), sink);
            case "keep_alive" -> {
                // nothing to tell
            }
            default -> {
                return notices.top(type, line, sink);
            }
        }
        return true;
    }

    private boolean system(ObjectNode line, ProtocolSink sink) {
        String subtype = ClaudeJson.text(line, "subtype", "");
        switch (subtype) {
            case "init" -> {
                conversed = true;
                if (turns.began(sink)) {
                    forget();
                }
                profile.init(line, sink);
                return true;
            }
            case "api_retry" -> {
                boolean known = notices.retry(line, sink);
                if (notices.credentialsRejected(line)) {
                    rejectCredentials(line, sink);
                }
                return known;
            }
            case "model_refusal_no_fallback" -> {
                refused = true;
                return false;
            }
            default -> {
                return notices.system(subtype, line, sink);
            }
        }
    }

    private boolean user(ObjectNode line, ProtocolSink sink) {
        if (ClaudeJson.flag(line, "isReplay")) {
            return turns.echoed(ClaudeJson.text(line, "uuid"));
        }
        if (ClaudeJson.flag(line, "isSynthetic")) {
            return false;
        }
        for (JsonNode block : line.path("message").path("content")) {
            permissions.toolEnded(ClaudeJson.text(block, "tool_use_id"), sink);
        }
        return messages.toolResults(line, sink);
    }

    /** The agent itself begins to speak, so a turn runs; subagents also speak between turns. */
    private void working(ObjectNode line, ProtocolSink sink) {
        if (ClaudeJson.text(line, "parent_tool_use_id") == null && !turns.busy() && turns.began(sink)) {
            forget();
        }
    }

    private boolean result(ObjectNode line, ProtocolSink sink) {
        if (!conversed
                && ClaudeJson.texts(line, "errors").stream()
                        .anyMatch(error -> ExitReader.nothingToResume(mode, error))) {
            // nothing ran; the process is about to end, and its end says the rest
            unknownSession = true;
            return false;
        }
        profile.session(ClaudeJson.text(line, "session_id"), sink);
        messages.turnEnded(sink);
        TurnEnd end = ResultMapper.end(
                line,
                usage.cost(line),
                new ResultMapper.Known(
                        messages.answer(), messages.used(), messages.error(), refused, rejectedCredentials));
        forget();
        if (ResultMapper.aborted(line)) {
            permissions.turnAborted(sink);
        }
        turns.ended(line, end, sink);
        return true;
    }

    /** What was learned of a turn does not count for the next. */
    private void forget() {
        messages.turnStarted();
        refused = false;
        rejectedCredentials = null;
    }

    @Override
    public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
        if (!unsupported(turnId, prompt, sink)) {
            turns.prompt(turnId);
            sink.send(PromptWriter.line(turnId, prompt));
        }
    }

    /** A slash command is not taken into a running turn: it would reach the model as text. */
    @Override
    public boolean steer(String turnId, Prompt prompt, ProtocolSink sink) {
        if (!turns.steerable() || prompt.text().startsWith("/")) {
            return false;
        }
        prompt(turnId, prompt, sink);
        return true;
    }

    private static boolean unsupported(String turnId, Prompt prompt, ProtocolSink sink) {
        String problem = PromptWriter.unsupported(prompt);
        if (problem != null) {
            sink.turnEnded(turnId, TurnEnd.failed(ErrorCode.NOT_SUPPORTED, problem, TokenUsage.ZERO, null));
        }
        return problem != null;
    }

    /**
     * Claude keeps its queue over an interrupt and would run it at once, so waiting prompts are withdrawn first, each
     * by a request: that works in every version.
     */
    @Override
    public void interrupt(ProtocolSink sink) {
        for (String turnId : turns.withdraw()) {
            withdraw(turnId, sink);
        }
        stop(sink);
    }

    private void withdraw(String turnId, ProtocolSink sink) {
        String rejected = rejectedCredentials;
        TurnEnd end = rejected == null
                ? TurnEnd.interrupted("", TokenUsage.ZERO, null)
                : TurnEnd.failed(ErrorCode.AUTHENTICATION_FAILED, rejected, TokenUsage.ZERO, null);
        control.request(
                ControlChannel.request("cancel_async_message").put("message_uuid", turnId),
                (response, error, answerSink) -> {
                    if (response != null && ClaudeJson.flag(response, "cancelled")) {
                        turns.withdrawn(turnId, end, answerSink);
                    } else if (turns.kept(turnId, answerSink)) {
                        // it became a turn of its own meanwhile, which is to end as well
                        stop(answerSink);
                    }
                },
                sink);
    }

    private void stop(ProtocolSink sink) {
        control.request(ControlChannel.request("interrupt"), (response, error, answerSink) -> {}, sink);
    }

    /** Claude would try rejected credentials again for minutes; nothing but a person can help. */
    private void rejectCredentials(ObjectNode line, ProtocolSink sink) {
        if (rejectedCredentials == null && turns.busy()) {
            Long status = ClaudeJson.number(line, "error_status");
            rejectedCredentials = "the vendor rejected the credentials"
                    + (status == null ? "" : " (HTTP " + status + ")") + ": check ANTHROPIC_API_KEY or log in again";
            interrupt(sink);
        }
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
        permissions.answer(requestId, answer, sink);
    }

    @Override
    public void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
        permissions.answerQuestion(requestId, answers, sink);
    }

    @Override
    public void decided(String callId, ToolGuard.Verdict verdict, ProtocolSink sink) {
        gate.decided(callId, verdict, sink);
    }

    @Override
    public void setModel(String commandId, String model, ProtocolSink sink) {
        control.request(
                ControlChannel.request("set_model").put("model", ClaudeJson.clean(model)),
                (response, error, answerSink) -> {
                    if (error == null) {
                        profile.modelIs(ClaudeJson.text(response, "model", model), answerSink);
                    }
                    answerSink.commandEnded(commandId, error);
                },
                sink);
    }

    @Override
    public void setPermissionMode(String commandId, String mode, ProtocolSink sink) {
        String problem = PermissionModes.problem(mode, bypassAllowed);
        if (problem != null) {
            sink.commandEnded(commandId, problem);
            return;
        }
        control.request(
                ControlChannel.request("set_permission_mode").put("mode", mode),
                (response, error, answerSink) -> {
                    if (error == null) {
                        profile.permissionModeIs(ClaudeJson.text(response, "mode", mode), answerSink);
                    }
                    answerSink.commandEnded(commandId, error);
                },
                sink);
    }

    @Override
    public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
        return ExitReader.verdict(exit, stderrTail, new ExitReader.Life(mode, ready, conversed, unknownSession));
    }

    private static boolean blank(AgentLine line) {
        for (int i = line.offset(); i < line.offset() + line.length(); i++) {
            if (line.bytes()[i] != ' ' && line.bytes()[i] != '\t' && line.bytes()[i] != '\r') {
                return false;
            }
        }
        return true;
    }

    private static void raw(String kind, AgentLine line, ProtocolSink sink) {
        int length = Math.min(line.length(), MAX_RAW_BYTES);
        String text = new String(line.bytes(), line.offset(), length, StandardCharsets.UTF_8);
        sink.event(new AgentEvent.Raw(kind, text, line.truncated() || length < line.length()));
    }

    /** How much is waiting for an answer, in either direction. */
    int openRequests() {
        return control.openRequests() + permissions.openRequests() + gate.openCalls();
    }
}
