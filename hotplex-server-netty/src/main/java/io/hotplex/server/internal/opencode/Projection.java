package io.hotplex.server.internal.opencode;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A session's journal as OpenCode's clients see it: records in, their events out, and what they amount to so far. The
 * same records give the same messages with the same ids, whoever reads them, and when.
 *
 * <p>No thread, clock or stream of its own; confined to who feeds it.
 */
final class Projection {
    /** What OpenCode calls a session that has no title yet; its clients know it by that. */
    static final String UNTITLED = "New session - ";

    /** The version of OpenCode whose protocol this is; clients look at it. */
    static final String VERSION = "1.18.33";

    static final String PROJECT = "global";

    /** The model of a session that names none. */
    static final String DEFAULT_MODEL = "default";

    private static final int TITLE_CHARS = 50;

    /** More than anybody has open at once. */
    private static final int MAX_RESOLVED = 20;

    /** What an agent has from its model. */
    private static final Set<Class<? extends AgentEvent>> SAID = Set.of(
            AgentEvent.TextDelta.class,
            AgentEvent.ThinkingDelta.class,
            AgentEvent.Text.class,
            AgentEvent.Thinking.class,
            AgentEvent.ToolStarted.class);

    private final String session;
    private final String directory;
    private final String provider;
    private final Conversation root;
    private final Ids.Sequence events = new Ids.Sequence();
    private final Ids.Sequence entities = new Ids.Sequence();
    /** By the call of a tool that they work for; those of the last turn that had any. */
    private final Map<String, Conversation> subagents = new LinkedHashMap<>();

    private final Map<String, Pending> pending = new LinkedHashMap<>();
    /** What was answered last, the oldest first. */
    private final ArrayDeque<ClientEvent> resolved = new ArrayDeque<>();

    private List<Object> todos = List.of();
    private Map<String, String> mcpServers = Map.of();

    private Instant created;
    private Instant updated;
    private @Nullable String title;
    private @Nullable String turn;
    private @Nullable String ended;
    private long offset;
    private Map<String, @Nullable Object> status = Values.object("type", "idle");
    private boolean denied;
    private TokenUsage usage = TokenUsage.ZERO;
    private double cost;

    Projection(SessionInfo info, SessionSpec spec) {
        this.session = Ids.shown(info.id());
        this.directory = spec.workDir().toString();
        this.provider = info.provider();
        this.root = new Conversation(
                session, null, directory, provider, Objects.requireNonNullElse(spec.model(), DEFAULT_MODEL));
        Instant made = Ids.madeAt(session, info.lastActivity());
        this.created = made == null ? info.lastActivity() : made;
        this.updated = created;
        this.title = info.title();
    }

    /** A session as clients get it of which only this is known: it sleeps, and is not woken to be listed. */
    static Map<String, @Nullable Object> resting(SessionInfo info) {
        String id = Ids.shown(info.id());
        Instant made = Ids.madeAt(id, info.lastActivity());
        Instant created = made == null ? info.lastActivity() : made;
        return Values.object(
                "id",
                id,
                "slug",
                slug(id),
                "projectID",
                PROJECT,
                "directory",
                info.workDir().toString(),
                "path",
                "",
                "title",
                info.title() == null ? UNTITLED + created : info.title(),
                "agent",
                Conversation.AGENT,
                "model",
                Values.object(
                        "id", Objects.requireNonNullElse(info.model(), DEFAULT_MODEL), "providerID", info.provider()),
                "version",
                VERSION,
                "cost",
                info.costUsd(),
                "tokens",
                Conversation.tokens(info.usage()),
                "time",
                Values.object(
                        "created",
                        created.toEpochMilli(),
                        "updated",
                        info.lastActivity().toEpochMilli()));
    }

    private static String slug(String id) {
        return id.substring(id.length() - Math.min(8, id.length()));
    }

    /**
     * Something that an agent waits for.
     *
     * @param request the id that we know it by
     * @param properties what clients are told
     * @param questions what is asked, in order; empty for a permission
     */
    record Pending(String request, Map<String, @Nullable Object> properties, List<String> questions) {
        Pending {
            questions = List.copyOf(questions);
        }

        boolean isQuestion() {
            return !questions.isEmpty();
        }
    }

    // ---- what it amounts to

    String directory() {
        return directory;
    }

    Transcript transcript() {
        return root.transcript();
    }

    /** What a subagent and its user said; {@code null} when it is not known. */
    @Nullable
    Conversation subagent(String id) {
        return subagents.values().stream()
                .filter(sub -> sub.id().equals(id))
                .findFirst()
                .orElse(null);
    }

    List<Conversation> subagents() {
        return List.copyOf(subagents.values());
    }

    /** What waits for an answer, by the id that clients know it by. */
    Map<String, Pending> pending() {
        return pending;
    }

    /** How the last requests that waited were answered: a client that missed it would show them for ever. */
    List<ClientEvent> resolved() {
        return List.copyOf(resolved);
    }

    List<Object> todos() {
        return todos;
    }

    Map<String, String> mcpServers() {
        return mcpServers;
    }

    Map<String, @Nullable Object> status() {
        return status;
    }

    boolean isBusy() {
        return turn != null;
    }

    /** Whether a turn is the one that ended last. */
    boolean hasEnded(String turn) {
        return turn.equals(ended);
    }

    /** When something happened last. */
    long updatedMillis() {
        return updated.toEpochMilli();
    }

    /** Up to where in the journal it knows everything. */
    long offset() {
        return offset;
    }

    /** About how many characters it holds. */
    long weight() {
        return transcript().weight()
                + subagents.values().stream()
                        .mapToLong(sub -> sub.transcript().weight())
                        .sum();
    }

    String model() {
        return root.model();
    }

    /** The session as clients get it. */
    Map<String, @Nullable Object> session() {
        return session(root);
    }

    Map<String, @Nullable Object> session(Conversation of) {
        boolean sub = of.parent() != null;
        return Values.object(
                "id",
                of.id(),
                "slug",
                slug(of.id()),
                "projectID",
                PROJECT,
                "directory",
                directory,
                "path",
                "",
                "parentID",
                of.parent(),
                "title",
                sub ? "Subagent" : title == null ? UNTITLED + created : title,
                "agent",
                Conversation.AGENT,
                "model",
                Values.object("id", of.model(), "providerID", provider),
                "version",
                VERSION,
                "cost",
                sub ? 0 : cost,
                "tokens",
                Conversation.tokens(sub ? TokenUsage.ZERO : usage),
                "time",
                Values.object("created", created.toEpochMilli(), "updated", updated.toEpochMilli()));
    }

    /** What is told of the answer to a message that no agent ever saw. */
    Map<String, @Nullable Object> never(String message, AgentEvent.Terminal end) {
        long now = updated.toEpochMilli();
        return Values.object(
                "id",
                Ids.of("msg", Ids.numberOf(message, updated) + 1, session + "/never/" + message),
                "sessionID",
                session,
                "role",
                "assistant",
                "parentID",
                message,
                "mode",
                Conversation.AGENT,
                "agent",
                Conversation.AGENT,
                "path",
                Map.of("cwd", directory, "root", directory),
                "cost",
                0,
                "tokens",
                Conversation.tokens(TokenUsage.ZERO),
                "modelID",
                root.model(),
                "providerID",
                provider,
                "time",
                Map.of("created", now, "completed", now),
                "error",
                Failures.of(end, provider));
    }

    /** Its next prompts are for another model. */
    void model(String other) {
        root.model(other);
    }

    // ---- records

    /** What clients are told because of a record. Records come in order. */
    List<ClientEvent> apply(EventRecord record) {
        Emission out = new Emission(session, record, events, entities);
        AgentEvent event = record.event();
        offset = record.offset();
        if (updated.equals(created) && created.isAfter(record.time())) {
            created = record.time();
        }
        if (updated.isBefore(record.time())) {
            updated = record.time();
        }
        if (SAID.contains(event.getClass())) {
            works(out);
        }
        if (event instanceof AgentEvent.TextDelta delta) {
            of(out, delta.parentToolId()).piece(out, "text", delta.messageId(), delta.block(), delta.text());
        } else if (event instanceof AgentEvent.ThinkingDelta delta) {
            of(out, delta.parentToolId()).piece(out, "reasoning", delta.messageId(), delta.block(), delta.text());
        } else {
            solid(out, record, event);
            root.solid(out.millis());
            subagents.values().forEach(sub -> sub.solid(out.millis()));
        }
        return out.told();
    }

    /** A try that was announced goes well. */
    private void works(Emission out) {
        if ("retry".equals(status.get("type"))) {
            status = Values.object("type", "busy");
            root.status(out, status);
        }
    }

    private void solid(Emission out, EventRecord record, AgentEvent event) {
        if (event instanceof AgentEvent.TurnStarted started) {
            begin(out, record, started);
        } else if (event instanceof AgentEvent.Terminal end) {
            end(out, record, end);
        } else if (event instanceof AgentEvent.Text text) {
            of(out, text.parentToolId()).whole(out, "text", text.messageId(), text.block(), text.text());
        } else if (event instanceof AgentEvent.Thinking text) {
            of(out, text.parentToolId()).whole(out, "reasoning", text.messageId(), text.block(), text.text());
        } else if (event instanceof AgentEvent.Usage used) {
            of(out, used.parentToolId()).usage(out, used);
        } else if (!tool(out, event) && !asked(out, event)) {
            notice(out, event);
        }
    }

    private boolean tool(Emission out, AgentEvent event) {
        if (event instanceof AgentEvent.ToolStarted started) {
            of(out, started.parentToolId()).toolStarted(out, started);
            List<Object> others = ToolNames.todos(started.input());
            todos = others == null ? todos : others;
        } else if (event instanceof AgentEvent.ToolProgress progress) {
            of(out, progress.parentToolId()).toolProgress(out, progress.toolId(), progress.text());
        } else if (event instanceof AgentEvent.ToolCompleted completed) {
            Conversation sub = subagents.get(completed.toolId());
            if (sub != null) {
                sub.over(out);
            }
            of(out, completed.parentToolId()).toolCompleted(out, completed);
        } else {
            return false;
        }
        return true;
    }

    // ---- turns

    private void begin(Emission out, EventRecord record, AgentEvent.TurnStarted started) {
        ClientPrompt given = ClientPrompt.parse(started.clientId());
        entities.next(record.time());
        subagents.clear();
        denied = false;
        turn = record.turnId();
        status = Values.object("type", "busy");
        String messageId = given.message();
        if (messageId == null) {
            messageId = out.entity("msg");
        } else {
            entities.after(Ids.numberOf(messageId, record.time()));
        }
        boolean own = started.origin() == AgentEvent.Origin.AGENT;
        String prompt = Objects.requireNonNullElse(started.prompt(), "");
        String partId = given.part();
        Part part = Part.ofText(
                partId == null ? out.entity("prt") : partId,
                "text",
                prompt,
                Values.object("synthetic", own ? true : null));
        if (title == null && !own) {
            title = titleOf(prompt);
        }
        List<Part> parts = new ArrayList<>(List.of(part));
        started.attachments().forEach(attached -> parts.add(file(out, attached)));
        root.begin(out, messageId, parts);
        out.tell(session, "session.updated", "info", session());
    }

    /** That something went with a prompt; the journal does not have it itself. */
    private static Part file(Emission out, AgentEvent.Attached attached) {
        return Part.of(
                out.entity("prt"),
                "file",
                Values.object(
                        "mime",
                        attached.mediaType(),
                        "filename",
                        attached.name().isEmpty() ? null : attached.name(),
                        "url",
                        "data:" + attached.mediaType() + ";base64,"));
    }

    /** A prompt that waits for another turn, as clients get it. */
    Map<String, @Nullable Object> waiting(ClientPrompt prompt, String text, long millis) {
        String message = String.valueOf(prompt.message());
        Message waits = root.userMessage(message, millis);
        waits.add(Part.ofText(String.valueOf(prompt.part()), "text", text, Map.of()));
        return waits.json(session);
    }

    private static @Nullable String titleOf(String prompt) {
        String line = prompt.lines()
                .map(String::strip)
                .filter(l -> !l.isEmpty())
                .findFirst()
                .orElse(null);
        if (line == null || line.codePointCount(0, line.length()) <= TITLE_CHARS) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, TITLE_CHARS)) + "…";
    }

    private void end(Emission out, EventRecord record, AgentEvent.Terminal end) {
        Map<String, @Nullable Object> error = Failures.of(end, provider);
        ended = record.turnId();
        count(end);
        if (turn == null || !turn.equals(record.turnId())) { // it never began
            if (error != null) {
                out.tell(session, "session.error", "error", error);
            }
            if (turn == null) {
                root.idle(out);
            }
            return;
        }
        turn = null;
        status = Values.object("type", "idle");
        subagents.values().forEach(sub -> sub.over(out));
        if (end instanceof AgentEvent.TurnCompleted completed) {
            root.completed(out, reason(completed), completed.text(), completed.usage(), completed.costUsd());
        } else if (end instanceof AgentEvent.TurnCancelled cancelled && denied) {
            root.completed(out, "tool-calls", "", cancelled.usage(), cancelled.costUsd()); // so ends who is told no
        } else {
            root.failed(out, Objects.requireNonNull(error), costOf(end));
        }
        out.tell(session, "session.updated", "info", session());
    }

    private static String reason(AgentEvent.TurnCompleted completed) {
        return "max_tokens".equals(completed.stopReason()) ? "length" : "stop";
    }

    private void count(AgentEvent.Terminal end) {
        if (end instanceof AgentEvent.TurnCompleted e) {
            usage = usage.plus(e.usage());
        } else if (end instanceof AgentEvent.TurnFailed e) {
            usage = usage.plus(e.usage());
        } else if (end instanceof AgentEvent.TurnCancelled e) {
            usage = usage.plus(e.usage());
        } else if (end instanceof AgentEvent.TurnTimedOut e) {
            usage = usage.plus(e.usage());
        }
        Double more = costOf(end);
        cost += more == null ? 0 : more;
    }

    private static @Nullable Double costOf(AgentEvent.Terminal end) {
        if (end instanceof AgentEvent.TurnCompleted e) {
            return e.costUsd();
        }
        if (end instanceof AgentEvent.TurnFailed e) {
            return e.costUsd();
        }
        if (end instanceof AgentEvent.TurnCancelled e) {
            return e.costUsd();
        }
        return end instanceof AgentEvent.TurnTimedOut e ? e.costUsd() : null;
    }

    // ---- people

    private boolean asked(Emission out, AgentEvent event) {
        if (event instanceof AgentEvent.PermissionRequested asked) {
            permission(out, asked);
        } else if (event instanceof AgentEvent.PermissionResolved resolved) {
            String reply = resolved.resolution() == AgentEvent.Resolution.ALLOWED ? "once" : "reject";
            denied = resolved.resolution() == AgentEvent.Resolution.DENIED;
            resolve(out, resolved.requestId(), "permission.replied", "reply", reply);
        } else if (event instanceof AgentEvent.QuestionAsked asked) {
            question(out, asked);
        } else if (event instanceof AgentEvent.QuestionAnswered answered) {
            answered(out, answered);
        } else {
            return false;
        }
        return true;
    }

    private void permission(Emission out, AgentEvent.PermissionRequested asked) {
        Conversation of = owner(asked.toolId());
        String subject = ToolNames.subject(asked.input());
        List<Object> always = new ArrayList<>();
        asked.suggestions().forEach(suggestion -> rules(suggestion, always));
        Map<String, @Nullable Object> properties = Values.object(
                "id",
                out.entity("per"),
                "sessionID",
                of.id(),
                "permission",
                ToolNames.permission(asked.toolName()),
                "patterns",
                List.of(subject),
                "metadata",
                asked.input(),
                "always",
                always.isEmpty() ? List.of(subject) : always,
                "tool",
                tool(of, asked.toolId()));
        ask(out, of, "permission.asked", new Pending(asked.requestId(), properties, List.of()));
    }

    /** What an agent would remember, of what it proposes. */
    private static void rules(Map<String, @Nullable Object> suggestion, List<Object> found) {
        if (suggestion.get("rules") instanceof List<?> rules) {
            for (Object item : rules) {
                if (item instanceof Map<?, ?> rule && rule.get("toolName") instanceof String tool) {
                    found.add(rule.get("ruleContent") instanceof String content ? content : tool);
                }
            }
        }
    }

    private void question(Emission out, AgentEvent.QuestionAsked asked) {
        Conversation of = owner(asked.toolId());
        List<Object> questions = new ArrayList<>();
        for (AgentEvent.Question question : asked.questions()) {
            questions.add(Values.object(
                    "question",
                    question.question(),
                    "header",
                    question.header(),
                    "options",
                    question.options().stream()
                            .map(option -> Map.of("label", option.label(), "description", option.description()))
                            .toList(),
                    "multiple",
                    question.multiSelect() ? true : null));
        }
        Map<String, @Nullable Object> properties = Values.object(
                "id",
                out.entity("que"),
                "sessionID",
                of.id(),
                "questions",
                questions,
                "tool",
                tool(of, asked.toolId()));
        List<String> texts =
                asked.questions().stream().map(AgentEvent.Question::question).toList();
        ask(out, of, "question.asked", new Pending(asked.requestId(), properties, texts));
    }

    private void ask(Emission out, Conversation of, String type, Pending asked) {
        pending.put(String.valueOf(asked.properties().get("id")), asked);
        out.tellAll(of.id(), type, asked.properties());
    }

    private void answered(Emission out, AgentEvent.QuestionAnswered answered) {
        String id = idOf(answered.requestId());
        Pending asked = id == null ? null : pending.get(id);
        if (asked == null) {
            return;
        }
        if (answered.answers().isEmpty()) {
            resolve(out, answered.requestId(), "question.rejected", "answers", null);
        } else {
            List<List<String>> answers = asked.questions().stream()
                    .map(question -> answered.answers().getOrDefault(question, List.of()))
                    .toList();
            resolve(out, answered.requestId(), "question.replied", "answers", answers);
        }
    }

    private void resolve(Emission out, String request, String type, String field, @Nullable Object value) {
        String id = idOf(request);
        Pending asked = id == null ? null : pending.remove(id);
        if (asked != null) {
            out.tell(String.valueOf(asked.properties().get("sessionID")), type, "requestID", id, field, value);
            resolved.add(out.told().get(out.told().size() - 1));
            if (resolved.size() > MAX_RESOLVED) {
                resolved.remove();
            }
        }
    }

    private @Nullable String idOf(String request) {
        return pending.entrySet().stream()
                .filter(entry -> entry.getValue().request().equals(request))
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable Map<String, @Nullable Object> tool(Conversation of, @Nullable String toolId) {
        Conversation.Call call = toolId == null ? null : of.call(toolId);
        return call == null ? null : Values.object("messageID", call.message().id(), "callID", toolId);
    }

    // ---- notices

    private void notice(Emission out, AgentEvent event) {
        if (event instanceof AgentEvent.Retrying retrying) {
            status = Values.object(
                    "type",
                    "retry",
                    "attempt",
                    retrying.attempt(),
                    "message",
                    retrying.reason(),
                    "next",
                    out.millis() + retrying.delay().toMillis());
            root.status(out, status);
        } else if (event instanceof AgentEvent.Compacted) {
            out.tell(session, "session.compacted");
        } else if (event instanceof AgentEvent.SessionRenamed renamed) {
            title = renamed.title();
            out.tell(session, "session.updated", "info", session());
        } else if (event instanceof AgentEvent.ModelChanged changed) {
            root.model(changed.model());
            out.tell(session, "session.updated", "info", session());
        } else if (event instanceof AgentEvent.AgentInfo info) {
            mcpServers = info.mcpServers();
        } else if (event instanceof AgentEvent.SessionClosed) {
            out.tell(session, "session.deleted", "info", session());
        }
    }

    // ---- subagents

    /** Who says something: the agent, or the subagent that works for a call. */
    private Conversation of(Emission out, @Nullable String parentTool) {
        if (parentTool == null) {
            return root;
        }
        Conversation known = subagents.get(parentTool);
        return known == null ? subagent(out, parentTool) : known;
    }

    private Conversation subagent(Emission out, String toolId) {
        Conversation caller = owner(toolId);
        Conversation.Call call = caller.call(toolId);
        Conversation begun =
                new Conversation(Ids.subagent(session, toolId), session, directory, provider, root.model());
        begun.solid(out.millis());
        subagents.put(toolId, begun);
        out.tell(begun.id(), "session.created", "info", session(begun));
        Object asked = call == null ? null : call.input().get("prompt");
        begun.begin(
                out,
                out.entity("msg"),
                List.of(Part.ofText(out.entity("prt"), "text", asked instanceof String text ? text : "", Map.of())));
        caller.toolHasSession(out, toolId, begun.id());
        return begun;
    }

    /** Who made a call. */
    private Conversation owner(@Nullable String toolId) {
        if (toolId != null && root.call(toolId) == null) {
            for (Conversation sub : subagents.values()) {
                if (sub.call(toolId) != null) {
                    return sub;
                }
            }
        }
        return root;
    }
}
