package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import io.hotplex.api.TurnResult;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Messages: said to agents, and what came of it. Thread-safe. */
final class MessageOperations {
    /** A client that reads its events slowly must not wait for its answer for ever. */
    private static final Duration FLUSH = Duration.ofSeconds(2);

    /**
     * The command line client leaves as soon as it has the answer, whether or not it has read its events, which come on
     * another connection. OpenCode's own server is so much later by what it does between.
     */
    private static final Duration LINGER = Duration.ofMillis(100);

    private final Clients clients;
    private final Clock clock;
    private final Lineage lineage;

    MessageOperations(Clients clients, Clock clock) {
        this.clients = clients;
        this.clock = clock;
        this.lineage = new Lineage(clients);
    }

    List<Operation> all() {
        return List.of(
                Operation.read(
                        "session.messages",
                        "/session/{session}/message",
                        "The newest messages, the oldest of them first.",
                        this::list,
                        "limit",
                        "before"),
                Operation.read("session.message", "/session/{session}/message/{message}", "One message.", this::get),
                Operation.write(
                        "session.prompt",
                        "POST",
                        "/session/{session}/message",
                        "Says something, and waits for the answer.",
                        this::prompt),
                Operation.write(
                        "session.prompt_async",
                        "POST",
                        "/session/{session}/prompt_async",
                        "Says something.",
                        this::promptAsync),
                Operation.write(
                        "session.command",
                        "POST",
                        "/session/{session}/command",
                        "Gives an agent a command of its own, and waits for the answer.",
                        this::command),
                Operation.write(
                        "session.shell",
                        "POST",
                        "/session/{session}/shell",
                        "Refused: nothing runs on this machine but what agents run.",
                        request -> {
                            clients.controlled(request);
                            throw Clients.unsupported(
                                    "clients do not run commands on this machine: ask the agent to do it");
                        }));
    }

    // ---- reading

    private CompletionStage<Response> list(Request request) {
        int limit = Clients.number(request, "limit", Transcript.MAX_MESSAGES, Transcript.MAX_MESSAGES);
        String before = request.query("before");
        String id = request.parameter("session");
        return Ids.isSubagent(id)
                ? clients.answer(
                        request, projection -> transcript(projection, id).newest(id, limit, before))
                : clients.readable(request)
                        .thenCompose(mirror -> lineage.newest(request.principal(), mirror, limit, before))
                        .thenApply(messages -> Response.json(200, messages));
    }

    private CompletionStage<Response> get(Request request) {
        String id = request.parameter("session");
        return clients.answer(request, projection -> {
            Message message = transcript(projection, id).get(request.parameter("message"));
            if (message == null) {
                throw new HotPlexException(
                        ErrorCode.TURN_NOT_FOUND, "the session has no such message, or has forgotten it");
            }
            return message.json(id);
        });
    }

    private static Transcript transcript(Projection projection, String id) {
        return Ids.isSubagent(id) ? SessionOperations.sub(projection, id).transcript() : projection.transcript();
    }

    // ---- saying

    private CompletionStage<Response> prompt(Request request) {
        Session session = clients.controlled(request);
        return submit(request, session, PromptBody.read(request.json(), clock.instant()))
                .thenCompose(said -> answer(request, said));
    }

    private CompletionStage<Response> promptAsync(Request request) {
        Session session = clients.controlled(request);
        return submit(request, session, PromptBody.read(request.json(), clock.instant()))
                .thenCompose(said -> said.turn().accepted())
                .thenApply(safe -> Response.empty(204));
    }

    /** Agents take their commands as prompts that begin with a slash. */
    private CompletionStage<Response> command(Request request) {
        Session session = clients.controlled(request);
        ObjectNode asked = request.json();
        String name = Clients.text(asked, "command");
        if (name == null || name.isBlank()) {
            throw Clients.invalid("command is missing");
        }
        String arguments = Objects.requireNonNullElse(Clients.text(asked, "arguments"), "");
        PromptBody body = PromptBody.ofCommand(asked, name, arguments, clock.instant());
        return submit(request, session, body)
                .thenCompose(said -> answer(request, said))
                .thenApply(response -> {
                    Mirror mirror = clients.mirrors().of(session);
                    String id = request.parameter("session");
                    clients.mirrors()
                            .publish(
                                    mirror,
                                    clock.millis(),
                                    List.of(ClientEvent.now(
                                            id,
                                            Ids.fresh("evt", clock.instant()),
                                            "command.executed",
                                            Values.object(
                                                    "name",
                                                    name,
                                                    "sessionID",
                                                    id,
                                                    "arguments",
                                                    arguments,
                                                    "messageID",
                                                    body.message()))));
                    return response;
                });
    }

    private record Said(Session session, Turn turn, PromptBody body) {}

    private CompletionStage<Said> submit(Request request, Session session, PromptBody body) {
        SessionOperations.checkIsNoSubagent(request);
        return withModel(request, session, body).thenApply(ready -> {
            Mirror mirror = clients.mirrors().of(ready);
            Turn turn = clients.access().submit(request.principal(), ready, body.prompt());
            if (ready.turns().stream()
                    .anyMatch(other -> other != turn && other.info().state() != TurnInfo.State.ENDED)) {
                tellWaiting(mirror, turn);
            }
            return new Said(ready, turn, body);
        });
    }

    /** A prompt that waits for another turn is shown at once; the journal has it when its turn comes. */
    private void tellWaiting(Mirror mirror, Turn turn) {
        TurnInfo info = turn.info();
        String text = info.prompt();
        if (text == null) {
            return; // its turn has come, or guards have not looked at it yet
        }
        long now = clock.millis();
        List<ClientEvent> events = new ArrayList<>();
        mirror.change(projection -> {
            Map<String, @Nullable Object> message = projection.waiting(ClientPrompt.parse(info.clientId()), text, now);
            String id = String.valueOf(projection.session().get("id"));
            events.add(waiting(id, "message.updated", "info", message.get("info")));
            if (message.get("parts") instanceof List<?> parts) {
                parts.forEach(part -> events.add(waiting(id, "message.part.updated", "part", part, "time", now)));
            }
        });
        clients.mirrors().publish(mirror, now, events);
    }

    private ClientEvent waiting(String session, String type, @Nullable Object... properties) {
        Map<String, @Nullable Object> all = Values.object("sessionID", session);
        all.putAll(Values.object(properties));
        return ClientEvent.now(session, Ids.fresh("evt", clock.instant()), type, all);
    }

    /** The session, with the model that a prompt wants; with another provider as long as nothing was said. */
    private CompletionStage<Session> withModel(Request request, Session session, PromptBody body) {
        String provider = body.provider();
        String model = body.model();
        boolean same = model == null || model.equals(Projection.DEFAULT_MODEL);
        String wanted = model == null || same ? "" : model;
        if (provider != null && !provider.equals(session.info().provider())) {
            if (!session.turns().isEmpty() || session.stats().turns() > 0) {
                throw Clients.unsupported("model: the session is of the provider "
                        + session.info().provider() + ", and stays so (open another one)");
            }
            return clients.mirrors()
                    .replace(
                            session,
                            () -> clients.access()
                                    .replaceUnused(request.principal(), session, provider, wanted)
                                    .thenCompose(other -> called(
                                            other,
                                            session.info().title(),
                                            request.principal().keyId())));
        }
        if (wanted.isEmpty()) {
            return CompletableFuture.completedFuture(session);
        }
        return clients.mirrors()
                .of(session)
                .upToDate()
                .thenCompose(mirror -> mirror.read(Projection::model).equals(wanted)
                        ? CompletableFuture.completedFuture(session)
                        : session.setModel(wanted).thenApply(set -> {
                            mirror.change(projection -> projection.model(wanted));
                            return session;
                        }));
    }

    private static CompletionStage<Session> called(Session session, @Nullable String title, String by) {
        return title == null
                ? CompletableFuture.completedFuture(session)
                : session.rename(title, by).thenApply(named -> session);
    }

    /** What the agent said last, once every stream of the principal that reads has got everything of it. */
    private CompletionStage<Response> answer(Request request, Said said) {
        return said.turn()
                .result()
                .thenCompose(result -> clients.mirrors()
                        .of(said.session())
                        .upTo(result.offset())
                        .thenCompose(mirror -> delivered(request).thenApply(sent -> mirror))
                        .thenApply(mirror -> Response.json(200, last(mirror, said, result))));
    }

    private CompletableFuture<Void> delivered(Request request) {
        boolean followed = clients.mirrors()
                .followed(request.principal())
                .filter(Feed::isFollowed)
                .isPresent();
        if (!followed) {
            return CompletableFuture.completedFuture(null);
        }
        return clients.mirrors()
                .flushed(request.principal(), FLUSH.toMillis())
                .thenRunAsync(() -> {}, CompletableFuture.delayedExecutor(LINGER.toMillis(), TimeUnit.MILLISECONDS));
    }

    private static Map<String, @Nullable Object> last(Mirror mirror, Said said, TurnResult result) {
        String message = said.body().message();
        return mirror.read(projection -> {
            Message answer = projection.transcript().lastAnswer(message);
            String id = String.valueOf(projection.session().get("id"));
            return answer == null
                    ? Values.object("info", projection.never(message, result.end()), "parts", List.of())
                    : answer.json(id);
        });
    }
}
