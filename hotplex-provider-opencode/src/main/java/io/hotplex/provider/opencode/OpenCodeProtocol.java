package io.hotplex.provider.opencode;

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
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.provider.opencode.HttpCalls.Answer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The conversation of one session with an OpenCode server, in {@link Lines}.
 *
 * <p>Confined to the session's owner, like every protocol; no locks, no I/O. Each topic has a class of its own: turns
 * ({@link TurnTracker}), content ({@link Contents}), our requests ({@link HttpCalls}), OpenCode's requests
 * ({@link PermissionDesk}), the model ({@link ModelChoice}), gaps in the stream of events ({@link Resync}). This one
 * reads a line's kind and hands it on.
 *
 * <p>Ready is a conversation that is there: made, found again, or branched.
 */
final class OpenCodeProtocol implements AgentProtocol {
    /** A line that nobody understands is kept for people; a megabyte of it helps nobody. */
    private static final int MAX_RAW_BYTES = 256 << 10;

    /** OpenCode repeats a request as often; it does not tell. */
    private static final int MAX_RETRIES = 5;

    /** Agent of OpenCode when neither settings nor its own configuration name one. */
    private static final String DEFAULT_AGENT = "build";

    /** What is told of a session by other means, or concerns nobody here. */
    private static final Set<String> PASSED_OVER = Set.of(
            "session.created",
            "session.updated",
            "session.diff",
            "session.idle",
            "message.removed",
            "message.part.removed");

    private final SessionPlan plan;
    private final HttpCalls calls;
    private final TurnTracker turns = new TurnTracker();
    private final PermissionDesk permissions;
    private final ModelChoice model;
    private final Contents contents;
    private final MessageIds ids;
    private final LongSupplier millis;
    private final Resync resync;
    private String agent = DEFAULT_AGENT;
    private @Nullable String sessionId;
    private @Nullable ExitVerdict verdict;

    /** @param millis the wall clock, in which OpenCode counts ids and delays */
    OpenCodeProtocol(SessionPlan plan, LongSupplier millis) {
        this.plan = plan;
        this.millis = millis;
        calls = new HttpCalls(plan.directory());
        permissions = new PermissionDesk(calls, plan.guard(), plan.directory());
        model = new ModelChoice(plan.model());
        contents = new Contents(turns, permissions, model);
        ids = new MessageIds(millis);
        resync = new Resync(calls, new Looks());
    }

    // ---- the beginning

    @Override
    public void started(ProtocolSink sink) {
        calls.get("/config", this::configured, sink);
    }

    private void configured(Answer answer, ProtocolSink sink) {
        if (!answer.ok()) {
            refuse(ErrorCode.AGENT_START_FAILED, answer.problem(), sink);
            return;
        }
        model.configured(OpenCodeJson.text(answer.body(), "model"));
        agent = plan.agent() != null ? plan.agent() : OpenCodeJson.text(answer.body(), "default_agent", DEFAULT_AGENT);
        if (model.incomplete()) {
            String wanted = String.valueOf(model.name());
            calls.get(
                    "/config/providers",
                    (catalog, s) -> {
                        String found = ModelChoice.find(catalog.body(), wanted);
                        if (found == null) {
                            refuse(ErrorCode.MODEL_NOT_FOUND, unknownModel(wanted), s);
                        } else {
                            model.is(found, s);
                            checkGuard(this::converse, s);
                        }
                    },
                    sink);
        } else {
            checkGuard(this::converse, sink);
        }
    }

    /** Goes on only where every call of a tool will be asked about, if it has to be. */
    private void checkGuard(Consumer<ProtocolSink> then, ProtocolSink sink) {
        Permissions rules = plan.guard();
        if (rules == null) {
            then.accept(sink);
            return;
        }
        calls.get(
                "/agent",
                (agents, s) -> {
                    if (guarded(GuardCheck.agents(agents.ok() ? agents.body() : null), s)) {
                        calls.get(
                                "/experimental/tool/ids",
                                (tools, s2) -> {
                                    JsonNode names = tools.ok() ? tools.body() : null;
                                    if (guarded(GuardCheck.tools(names, rules), s2)) {
                                        then.accept(s2);
                                    }
                                },
                                s);
                    }
                },
                sink);
    }

    private boolean guarded(@Nullable String problem, ProtocolSink sink) {
        if (problem != null) {
            refuse(ErrorCode.AGENT_START_FAILED, "guard: " + problem + "; guards would not hear of it", sink);
        }
        return problem == null;
    }

    private static String unknownModel(String wanted) {
        return "OpenCode has no model '" + wanted + "' (expected: provider/model, or a name that one provider has)";
    }

    private void converse(ProtocolSink sink) {
        switch (plan.start().mode()) {
            case NEW -> {
                ObjectNode body = OpenCodeJson.object().put("title", OpenCodeJson.clean(plan.title()));
                calls.post("/session", body, (answer, s) -> joined(answer, "assigned", s), sink);
            }
            case RESUME ->
                calls.get(session(plan.start().agentSessionId()), (answer, s) -> joined(answer, "changed", s), sink);
            case FORK -> {
                String origin = session(String.valueOf(plan.start().forkedFrom()));
                calls.get(
                        origin,
                        (answer, s) -> {
                            if (usable(answer, s)) {
                                calls.post(
                                        origin + "/fork",
                                        OpenCodeJson.object(),
                                        (forked, s2) -> joined(forked, "forked", s2),
                                        s);
                            }
                        },
                        sink);
            }
        }
    }

    private static String session(String id) {
        return "/session/" + HttpCalls.encode(id);
    }

    private void joined(Answer answer, String reason, ProtocolSink sink) {
        if (!usable(answer, sink)) {
            return;
        }
        String id = OpenCodeJson.text(answer.body(), "id", "");
        sessionId = id;
        contents.session(id);
        sink.send(Lines.attach(id));
        sink.agentSession(id, reason);
        sink.ready();
        sink.event(new AgentEvent.AgentInfo(
                OpenCodeJson.text(answer.body(), "version"), model.name(), plan.permissionMode(), List.of(), Map.of()));
    }

    /** Whether an answer is a conversation of this work directory: the tools of any other would run elsewhere. */
    private boolean usable(Answer answer, ProtocolSink sink) {
        if (answer.status() == 404) {
            verdict = new ExitVerdict(
                    plan.start().mode() == Mode.RESUME ? ExitKind.SESSION_NOT_FOUND : ExitKind.REFUSED,
                    ErrorCode.AGENT_ERROR,
                    answer.problem());
            sink.send(Lines.leave());
            return false;
        }
        if (!answer.ok() || OpenCodeJson.text(answer.body(), "id", "").isEmpty()) {
            refuse(ErrorCode.AGENT_START_FAILED, answer.problem(), sink);
            return false;
        }
        if (!OpenCodeJson.text(answer.body(), "directory", "").equals(plan.directory())) {
            refuse(
                    ErrorCode.WORK_DIR_FORBIDDEN,
                    "the conversation belongs to another directory than the session: open one with its directory",
                    sink);
            return false;
        }
        return plan.guard() == null || guarded(GuardCheck.conversation(answer.body()), sink);
    }

    private void refuse(ErrorCode code, String message, ProtocolSink sink) {
        verdict = new ExitVerdict(ExitKind.REFUSED, code, message);
        sink.send(Lines.leave());
    }

    // ---- what comes

    @Override
    public void receive(AgentLine line, ProtocolSink sink) {
        if (line.truncated()) {
            raw("oversize", line, sink);
            lost(sink);
            return;
        }
        ObjectNode object = OpenCodeJson.object(line);
        if (object == null) {
            if (!line.text().isBlank()) {
                raw("invalid", line, sink);
            }
        } else if (object.has("response")) {
            if (!calls.receive(object, sink)) {
                raw("response", line, sink);
            }
        } else if (object.has("notice")) {
            notice(OpenCodeJson.text(object, "notice", ""), sink);
        } else {
            JsonNode payload = object.path("payload");
            String type = OpenCodeJson.text(payload, "type", "");
            if (!event(type, payload.path("properties"), sink)) {
                raw(type.isEmpty() ? "invalid" : type, line, sink);
            }
            endIfOver(sink);
        }
    }

    private void notice(String what, ProtocolSink sink) {
        if (what.equals("retired")) {
            verdict = new ExitVerdict(
                    ExitKind.RETIRED,
                    ErrorCode.AGENT_CRASHED,
                    "its server was replaced by a fresh one (recycle-turns, recycle-memory)");
        } else if (what.equals("resync")) {
            if (sessionId != null) {
                checkGuard(s -> {}, sink); // it may have read its configuration anew
            }
            lost(sink);
        }
    }

    /** Events may be missing; somebody waits for the end of the turn. */
    private void lost(ProtocolSink sink) {
        if (sessionId != null && turns.running()) {
            contents.torn();
            resync.begin(sink);
        }
    }

    /** Takes an event; returns whether all of it is understood. */
    private boolean event(String type, JsonNode properties, ProtocolSink sink) {
        boolean main = OpenCodeJson.text(properties, "sessionID", "").equals(sessionId);
        switch (type) {
            case "message.updated" -> {
                return contents.message(properties.path("info"), sink);
            }
            case "message.part.updated" -> {
                return contents.part(properties.path("part"), sink);
            }
            case "message.part.delta" -> {
                return contents.delta(properties, sink);
            }
            case "session.status" -> {
                return !main || status(properties.path("status"), sink);
            }
            case "session.error" -> {
                if (main && properties.path("error").isObject()) {
                    turns.failed(properties.path("error"));
                }
                return true;
            }
            case "permission.asked" -> permissions.asked(properties, sink);
            case "question.asked" -> permissions.questions(properties, sink);
            case "permission.replied", "question.replied", "question.rejected" ->
                permissions.replied(OpenCodeJson.text(properties, "requestID"), sink);
            case "session.created" -> {
                String child = OpenCodeJson.text(properties, "sessionID");
                if (child != null && !main && turns.running()) {
                    contents.child(child);
                }
            }
            case "session.compacted" -> {
                if (main) {
                    sink.event(new AgentEvent.Compacted(contents.compaction(), null));
                }
            }
            case "session.deleted" -> {
                if (main) {
                    verdict = new ExitVerdict(
                            ExitKind.CRASH, ErrorCode.AGENT_ERROR, "somebody deleted the conversation in OpenCode");
                    sink.send(Lines.leave());
                }
            }
            default -> {
                return PASSED_OVER.contains(type);
            }
        }
        return true;
    }

    private boolean status(JsonNode status, ProtocolSink sink) {
        switch (OpenCodeJson.text(status, "type", "")) {
            case "busy" -> {
                turns.busy();
                if (turns.interrupting() && turns.newest() == null) {
                    abort(sink); // the first one came before there was anything to abort
                }
            }
            case "idle" -> turns.idle();
            case "retry" -> {
                turns.busy();
                Long attempt = OpenCodeJson.number(status, "attempt");
                Long next = OpenCodeJson.number(status, "next");
                sink.event(new AgentEvent.Retrying(
                        attempt == null ? 1 : attempt.intValue(),
                        MAX_RETRIES,
                        Duration.ofMillis(next == null ? 0 : Math.max(0, next - millis.getAsLong())),
                        null,
                        OpenCodeJson.text(status, "message", "")));
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void endIfOver(ProtocolSink sink) {
        if (!turns.over()) {
            return;
        }
        String turnId = turns.turnId();
        JsonNode error = turns.error();
        String text = contents.text(turns.newest());
        TurnEnd end;
        if (error != null && !Failures.aborted(error)) {
            end = TurnEnd.failed(Failures.code(error), Failures.message(error), contents.used(), contents.cost());
        } else if (error != null || turns.newest() == null) {
            end = TurnEnd.interrupted(text, contents.used(), contents.cost());
        } else {
            String finish = OpenCodeJson.text(turns.newestInfo(), "finish");
            end = TurnEnd.completed(text, contents.used(), contents.cost(), finish);
        }
        endTurn(turnId, end, sink);
    }

    private void endTurn(@Nullable String turnId, TurnEnd end, ProtocolSink sink) {
        permissions.turnEnded(sink);
        turns.ended();
        sink.send(Lines.turn(false));
        sink.turnEnded(turnId, end);
    }

    // ---- what is asked for

    @Override
    public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
        if (turns.running()) {
            // somebody else's turn: OpenCode answers both at once, and what it says from here on counts for ours
            endTurn(null, TurnEnd.completed("", contents.used(), contents.cost(), null), sink);
        }
        String messageId = ids.next(turnId);
        contents.turnBegins();
        turns.prompt(turnId, messageId);
        sink.send(Lines.turn(true));
        calls.post(
                session(String.valueOf(sessionId)) + "/prompt_async",
                PromptWriter.body(messageId, prompt, model, agent, plan.system()),
                (answer, s) -> accepted(turnId, answer, s),
                sink);
    }

    private void accepted(String turnId, Answer answer, ProtocolSink sink) {
        if (answer.ok() || !turnId.equals(turns.turnId())) {
            return;
        }
        if (answer.failure() != null) {
            abort(sink); // it may have taken the prompt
        }
        ErrorCode code = answer.failure() != null
                ? ErrorCode.AGENT_PROTOCOL
                : answer.status() == 404 ? ErrorCode.AGENT_ERROR : ErrorCode.VENDOR_REJECTED;
        endTurn(turnId, TurnEnd.failed(code, answer.problem(), TokenUsage.ZERO, null), sink);
    }

    @Override
    public void interrupt(ProtocolSink sink) {
        if (turns.running()) {
            turns.interrupt();
            abort(sink);
        }
    }

    private void abort(ProtocolSink sink) {
        calls.post(session(String.valueOf(sessionId)) + "/abort", OpenCodeJson.object(), (answer, s) -> {}, sink);
    }

    @Override
    public void decided(String callId, ToolGuard.Verdict verdict, ProtocolSink sink) {
        permissions.decided(callId, verdict, sink);
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
        if (permissions.answer(requestId, answer, sink)) {
            interrupt(sink);
        }
    }

    @Override
    public void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
        permissions.answerQuestion(requestId, answers, sink);
    }

    /** Asks first whether there is such a model: one that is not there would be remembered by the conversation. */
    @Override
    public void setModel(String commandId, String wanted, ProtocolSink sink) {
        calls.get(
                "/config/providers",
                (answer, s) -> {
                    String found = ModelChoice.find(answer.body(), wanted);
                    if (found != null) {
                        model.is(found, s);
                    }
                    s.commandEnded(
                            commandId, found != null ? null : answer.ok() ? unknownModel(wanted) : answer.problem());
                },
                sink);
    }

    @Override
    public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
        return verdict == null ? ExitVerdict.CRASHED : verdict;
    }

    private static void raw(String kind, AgentLine line, ProtocolSink sink) {
        int length = Math.min(line.length(), MAX_RAW_BYTES);
        String text = new String(line.bytes(), line.offset(), length, StandardCharsets.UTF_8);
        sink.event(new AgentEvent.Raw(kind, text, line.truncated() || length < line.length()));
    }

    /** What is found in a gap, taken as if it had been told. */
    private final class Looks implements Resync.Looks {
        @Override
        public String sessionId() {
            return String.valueOf(sessionId);
        }

        @Override
        public void child(String id, ProtocolSink sink) {
            if (!id.isEmpty()) {
                sink.send(Lines.attach(id));
            }
        }

        @Override
        public List<String> children() {
            return contents.children();
        }

        @Override
        public void message(JsonNode message, ProtocolSink sink) {
            contents.message(message.path("info"), sink);
            for (JsonNode part : message.path("parts")) {
                contents.part(part, sink);
            }
        }

        @Override
        public void permissions(Answer answer, boolean questions, ProtocolSink sink) {
            permissions.listed(answer.body(), questions, this::mine, sink);
        }

        private boolean mine(String session) {
            return session.equals(sessionId) || contents.children().contains(session);
        }

        @Override
        public void status(boolean idle, ProtocolSink sink) {
            if (idle) {
                turns.idle();
                endIfOver(sink);
            }
        }
    }
}
