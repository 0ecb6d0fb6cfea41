package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Sessions: made, listed, changed, left. Thread-safe. */
final class SessionOperations {
    /** As many as OpenCode lists when it is asked for no number. */
    private static final int LISTED = 100;

    /** Ten pages of a client's list. */
    private static final int MAX_LISTED = 1_000;

    /** A client shows one line of it; a session takes no more. */
    private static final int MAX_TITLE_CHARS = 500;

    private static final List<String> ACTIONS = List.of("allow", "ask", "deny");

    private final Clients clients;
    private final Clock clock;

    SessionOperations(Clients clients, Clock clock) {
        this.clients = clients;
        this.clock = clock;
    }

    List<Operation> all() {
        return List.of(
                Operation.read(
                        "session.list",
                        "/session",
                        "Own sessions in a directory.",
                        this::list,
                        "limit",
                        "search",
                        "start"),
                Operation.write("session.create", "POST", "/session", "Opens a session.", this::create),
                Operation.read("session.status", "/session/status", "Sessions that are not idle.", this::statuses),
                Operation.read("session.get", "/session/{session}", "A session.", this::get),
                Operation.write("session.update", "PATCH", "/session/{session}", "Gives it a title.", this::update),
                Operation.write(
                        "session.delete",
                        "DELETE",
                        "/session/{session}",
                        "Ends a session and deletes its journal.",
                        this::delete),
                Operation.read(
                        "session.children", "/session/{session}/children", "Its subagents' sessions.", this::children),
                Operation.read(
                        "session.todo",
                        "/session/{session}/todo",
                        "What its agent has on its list.",
                        request -> clients.answer(request, Projection::todos)),
                Operation.read(
                        "session.diff",
                        "/session/{session}/diff",
                        "Always empty: agents do not tell their changes as differences.",
                        request -> clients.answer(request, projection -> List.of())),
                Operation.write(
                        "session.fork",
                        "POST",
                        "/session/{session}/fork",
                        "A session that goes on from where this one is, where its agent can do that.",
                        this::fork),
                Operation.write(
                        "session.abort",
                        "POST",
                        "/session/{session}/abort",
                        "Cancels what runs and what waits.",
                        this::abort),
                refused(
                        "session.share",
                        "POST",
                        "share",
                        "sessions are not shared: nothing of them leaves this server"),
                refused("session.unshare", "DELETE", "share", "sessions are not shared"),
                refused(
                        "session.summarize",
                        "POST",
                        "summarize",
                        "this gateway has no word for that: agents compact their conversations by themselves"),
                refused("session.revert", "POST", "revert", "no agent here can take back what it did"),
                refused("session.unrevert", "POST", "unrevert", "no agent here can take back what it did"));
    }

    /** An operation that clients know, and nothing here can do: they are told so, rather than that it is unknown. */
    private Operation refused(String id, String method, String name, String why) {
        return Operation.write(id, method, "/session/{session}/" + name, "Refused: " + why + ".", request -> {
            clients.controlled(request);
            throw Clients.unsupported(why);
        });
    }

    // ---- one session

    private CompletionStage<Response> create(Request request) {
        ObjectNode asked = request.json();
        if (asked.hasNonNull("parentID")) {
            throw Clients.unsupported("parentID: sessions of subagents are made by agents alone");
        }
        ObjectNode spec = JsonNodeFactory.instance.objectNode();
        spec.put("id", Ids.freshSession(clock.instant()));
        if (clients.directories().named(request) != null) {
            spec.put("work_dir", clients.directories().of(request));
        }
        ObjectNode model = Clients.object(asked, "model");
        if (model != null) {
            put(spec, "provider", Clients.text(model, "providerID"));
            String id = Clients.text(model, "id");
            put(spec, "model", Projection.DEFAULT_MODEL.equals(id) ? null : id);
        }
        checkAgent(Clients.text(asked, "agent"));
        if (asked.get("permission") instanceof ArrayNode rules) {
            spec.set("tools", tools(rules));
        }
        Session session = clients.access().open(request.principal(), spec).session();
        Mirror mirror = clients.mirrors().of(session);
        String title = Clients.text(asked, "title");
        return title == null || title.isBlank()
                ? created(mirror)
                : clients.mirrors()
                        .title(mirror, cut(title), request.principal().keyId())
                        .thenCompose(this::created);
    }

    private static String cut(String title) {
        return title.codePointCount(0, title.length()) <= MAX_TITLE_CHARS
                ? title
                : title.substring(0, title.offsetByCodePoints(0, MAX_TITLE_CHARS));
    }

    private CompletionStage<Response> created(Mirror mirror) {
        Map<String, @Nullable Object> info = mirror.read(Projection::session);
        tell(mirror, "session.created", info);
        return Clients.ok(info);
    }

    private void tell(Mirror mirror, String type, Map<String, @Nullable Object> info) {
        String id = String.valueOf(info.get("id"));
        ClientEvent event = ClientEvent.now(
                id, Ids.fresh("evt", clock.instant()), type, Values.object("sessionID", id, "info", info));
        clients.mirrors().publish(mirror, clock.millis(), List.of(event));
    }

    /** @throws HotPlexException INVALID_ARGUMENT for a mode of agents that there is not */
    static void checkAgent(@Nullable String agent) {
        if (agent != null && !agent.equals(Conversation.AGENT)) {
            throw Clients.invalid("agent is not known (expected: " + Conversation.AGENT + ")");
        }
    }

    /**
     * Tools that run unasked, and that never run. An agent that asks by itself needs no rule for that; a rule that
     * forbids and cannot be kept is refused.
     */
    private static ObjectNode tools(ArrayNode rules) {
        Set<String> allowed = new LinkedHashSet<>();
        Set<String> denied = new LinkedHashSet<>();
        rules.forEach(rule -> rule(rule, allowed, denied));
        ObjectNode tools = JsonNodeFactory.instance.objectNode();
        allowed.forEach(tools.putArray("allowed")::add);
        denied.forEach(tools.putArray("denied")::add);
        return tools;
    }

    /** The last rule counts: what it does not allow any more is not allowed. */
    private static void rule(JsonNode rule, Set<String> allowed, Set<String> denied) {
        String action = Clients.text(rule, "action");
        String permission = Clients.text(rule, "permission");
        boolean all = "*".equals(Clients.text(rule, "pattern"));
        if (permission == null || action == null || !ACTIONS.contains(action)) {
            throw Clients.invalid(
                    "permission: a rule has no permission, or no action (expected: one of " + ACTIONS + ")");
        }
        boolean several = permission.contains("*") || permission.contains("?");
        List<String> names = ToolNames.ofPermission(permission);
        boolean denies = action.equals("deny");
        if (denies && (!all || several) || !all && names.stream().anyMatch(denied::contains)) {
            throw Clients.unsupported(
                    "permission: a rule denies a part of a tool, or several (expected: one tool, pattern *)");
        }
        if (several) {
            if (action.equals("ask")) {
                allowed.clear(); // it may be about any of them
            }
            return;
        }
        names.forEach(allowed::remove);
        names.forEach(denied::remove);
        if (denies) {
            denied.addAll(names);
        } else if (action.equals("allow") && all) {
            allowed.addAll(names);
        }
    }

    private static void put(ObjectNode to, String name, @Nullable String value) {
        if (value != null) {
            to.put(name, value);
        }
    }

    private CompletionStage<Response> get(Request request) {
        return clients.answer(request, projection -> {
            String id = request.parameter("session");
            return Ids.isSubagent(id) ? projection.session(sub(projection, id)) : projection.session();
        });
    }

    static Conversation sub(Projection projection, String id) {
        Conversation sub = projection.subagent(id);
        if (sub == null) {
            throw new HotPlexException(
                    ErrorCode.SESSION_NOT_FOUND, "the session of this subagent is not known any more");
        }
        return sub;
    }

    private CompletionStage<Response> update(Request request) {
        Mirror mirror = clients.mirrors().of(clients.controlled(request));
        ObjectNode asked = request.json();
        String title = Clients.text(asked, "title");
        if (asked.path("time").hasNonNull("archived")) {
            throw Clients.unsupported("time.archived: sessions are not archived; delete those that are over");
        }
        CompletionStage<Void> named = title == null || title.isBlank()
                ? CompletableFuture.completedFuture(null)
                : mirror.session().rename(cut(title), request.principal().keyId());
        return named.thenCompose(done -> mirror.upToDate())
                .thenCompose(known -> Clients.ok(known.read(Projection::session)));
    }

    private CompletionStage<Response> delete(Request request) {
        Session session = clients.controlled(request);
        checkIsNoSubagent(request);
        return clients.access().delete(request.principal(), session.id()).thenApply(gone -> Response.json(200, true));
    }

    static void checkIsNoSubagent(Request request) {
        if (Ids.isSubagent(request.parameter("session"))) {
            throw Clients.unsupported("the session of a subagent is its agent's: it can only be read");
        }
    }

    private CompletionStage<Response> children(Request request) {
        return clients.answer(
                request,
                projection ->
                        projection.subagents().stream().map(projection::session).toList());
    }

    private CompletionStage<Response> fork(Request request) {
        Session session = clients.controlled(request);
        checkIsNoSubagent(request);
        if (request.json().hasNonNull("messageID")) {
            throw Clients.unsupported("messageID: agents fork from where they are, not from an earlier message");
        }
        Mirror from = clients.mirrors().of(session);
        return from.upToDate().thenCompose(known -> {
            String title = String.valueOf(known.read(Projection::session).get("title"));
            Session forked = clients.access().fork(request.principal(), session, Ids.freshSession(clock.instant()));
            return clients.mirrors()
                    .title(
                            clients.mirrors().of(forked),
                            cut(title + " (fork)"),
                            request.principal().keyId())
                    .thenCompose(this::created);
        });
    }

    private CompletionStage<Response> abort(Request request) {
        clients.controlled(request).turns().stream()
                .filter(turn -> turn.info().state() != TurnInfo.State.ENDED)
                .forEach(Turn::cancel);
        return Clients.ok(true);
    }

    // ---- several

    private CompletionStage<Response> list(Request request) {
        int limit = Clients.number(request, "limit", LISTED, MAX_LISTED);
        String search = request.query("search");
        long start = Clients.number(request, "start", 0); // milliseconds since 1970
        String directory = clients.directories().of(request);
        List<SessionInfo> wanted = clients.access().list(request.principal()).stream()
                .filter(info -> info.workDir().toString().equals(directory))
                .filter(info -> matches(info, search) && info.lastActivity().toEpochMilli() >= start)
                .sorted(Comparator.comparing(SessionInfo::lastActivity).reversed())
                .limit(limit)
                .toList();
        return Mirrors.all(awake(request, wanted)).thenApply(known -> {
            List<Map<String, @Nullable Object>> listed = new ArrayList<>();
            wanted.stream().filter(SessionInfo::asleep).map(Projection::resting).forEach(listed::add);
            known.forEach(mirror -> listed.add(mirror.read(Projection::session)));
            listed.sort(Comparator.comparingLong(SessionOperations::updated).reversed());
            return Response.json(200, listed);
        });
    }

    /** What is known of those that are awake; the others are not woken for a list. */
    private List<CompletionStage<Mirror>> awake(Request request, List<SessionInfo> wanted) {
        return wanted.stream()
                .filter(info -> !info.asleep())
                .flatMap(info -> Clients.found(clients.access(), request.principal(), info.id()).stream())
                .flatMap(session -> clients.mirrors().find(session).stream())
                .map(Mirror::upToDate)
                .toList();
    }

    private static boolean matches(SessionInfo session, @Nullable String search) {
        return search == null
                || String.valueOf(session.title()).toLowerCase(Locale.ROOT).contains(search.toLowerCase(Locale.ROOT));
    }

    private static long updated(Map<String, @Nullable Object> session) {
        return session.get("time") instanceof Map<?, ?> time && time.get("updated") instanceof Long millis ? millis : 0;
    }

    private CompletionStage<Response> statuses(Request request) {
        String directory = clients.directories().of(request);
        return clients.mirrors().active(clients.access(), request.principal()).thenApply(mirrors -> {
            Map<String, Object> statuses = new LinkedHashMap<>();
            for (Mirror mirror : mirrors) {
                mirror.change(projection -> {
                    if (projection.isBusy() && projection.directory().equals(directory)) {
                        statuses.put(String.valueOf(projection.session().get("id")), projection.status());
                    }
                });
            }
            return Response.json(200, statuses);
        });
    }
}
