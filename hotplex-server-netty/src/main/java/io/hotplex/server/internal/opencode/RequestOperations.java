package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.sessions.Asks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What agents ask: permissions and questions, in both spellings. Thread-safe. */
final class RequestOperations {
    private static final String DENIED = "The user rejected permission to use this specific tool call.";

    private final Clients clients;

    RequestOperations(Clients clients) {
        this.clients = clients;
    }

    List<Operation> all() {
        return List.of(
                Operation.read(
                        "permission.list",
                        "/permission",
                        "Permissions that wait for an answer.",
                        request -> list(request, false)),
                Operation.write(
                                "permission.reply",
                                "POST",
                                "/permission/{request}/reply",
                                "Answers: once, always or reject.",
                                request -> permission(request, "reply"))
                        .needing(Access.APPROVE),
                Operation.write(
                                "permission.respond",
                                "POST",
                                "/session/{session}/permissions/{request}",
                                "Answers: once, always or reject.",
                                this::respond)
                        .needing(Access.APPROVE),
                Operation.read(
                        "question.list",
                        "/question",
                        "Questions that wait for an answer.",
                        request -> list(request, true)),
                Operation.write(
                        "question.reply",
                        "POST",
                        "/question/{request}/reply",
                        "Answers each of the questions with labels, or words of one's own.",
                        this::answer),
                Operation.write(
                        "question.reject",
                        "POST",
                        "/question/{request}/reject",
                        "Declines to answer.",
                        request -> found(request, true)
                                .thenCompose(found -> give(request, found, new Asks.Answer.Question(Map.of())))));
    }

    private CompletionStage<Response> list(Request request, boolean questions) {
        String directory = clients.directories().of(request);
        return clients.mirrors().active(clients.access(), request.principal()).thenApply(mirrors -> {
            List<Object> waiting = new ArrayList<>();
            for (Mirror mirror : mirrors) {
                mirror.change(projection -> {
                    if (projection.directory().equals(directory)) {
                        projection.pending().values().stream()
                                .filter(asked -> asked.isQuestion() == questions)
                                .forEach(asked -> waiting.add(asked.properties()));
                    }
                });
            }
            return Response.json(200, waiting);
        });
    }

    /** A request of an agent, and whose it is. */
    private record Found(Mirror mirror, Projection.Pending asked) {}

    private CompletionStage<Found> found(Request request, boolean question) {
        Principal principal = request.principal();
        String id = request.parameter("request");
        Found known = find(clients.mirrors().of(principal), id);
        CompletionStage<@Nullable Found> looked = known != null
                ? CompletableFuture.completedStage(known)
                : clients.mirrors() // it may be of a session that nobody looked at yet
                        .active(clients.access(), principal)
                        .thenApply(mirrors -> find(mirrors, id));
        return looked.thenApply(found -> {
            if (found == null || found.asked().isQuestion() != question) {
                throw new HotPlexException(
                        ErrorCode.REQUEST_NOT_FOUND, "nothing of yours with this id waits for an answer");
            }
            return found;
        });
    }

    private static @Nullable Found find(List<Mirror> mirrors, String id) {
        for (Mirror mirror : mirrors) {
            Projection.Pending asked = mirror.<Projection.@Nullable Pending>read(
                    projection -> projection.pending().get(id));
            if (asked != null) {
                return new Found(mirror, asked);
            }
        }
        return null;
    }

    private CompletionStage<Response> respond(Request request) {
        String session = clients.read(request).id(); // as if there were none, when it is of somebody else
        return found(request, false).thenCompose(found -> {
            if (!found.mirror().session().id().equals(session)) {
                throw new HotPlexException(
                        ErrorCode.REQUEST_NOT_FOUND, "nothing in this session waits for this answer");
            }
            return permission(request, "response");
        });
    }

    private CompletionStage<Response> permission(Request request, String field) {
        ObjectNode said = request.json();
        String reply = Clients.text(said, field);
        String message = Clients.text(said, "message");
        PermissionAnswer answer = switch (reply == null ? "" : reply) {
            case "once" -> PermissionAnswer.allow();
            case "always" -> new PermissionAnswer.Allow(PermissionAnswer.Scope.SESSION, null);
            case "reject" ->
                new PermissionAnswer.Deny(
                        message == null ? DENIED : DENIED.replace(".", " with the following feedback: ") + message,
                        message == null); // who says why wants the agent to go on
            default -> throw Clients.invalid(field + " is unknown (expected: once, always or reject)");
        };
        return found(request, false).thenCompose(found -> give(request, found, new Asks.Answer.Permission(answer)));
    }

    private CompletionStage<Response> answer(Request request) {
        return found(request, true).thenCompose(found -> answer(request, found));
    }

    private CompletionStage<Response> answer(Request request, Found found) {
        if (!(request.json().get("answers") instanceof ArrayNode lists)) {
            throw Clients.invalid("answers is missing (expected: a list of labels for each question)");
        }
        Map<String, List<String>> answers = new LinkedHashMap<>();
        List<String> questions = found.asked().questions();
        for (int i = 0; i < questions.size() && i < lists.size(); i++) {
            List<String> labels = new ArrayList<>();
            for (JsonNode label : lists.get(i)) {
                labels.add(label.asText());
            }
            if (!labels.isEmpty()) {
                answers.put(questions.get(i), labels);
            }
        }
        return give(request, found, new Asks.Answer.Question(answers));
    }

    private CompletionStage<Response> give(Request request, Found found, Asks.Answer answer) {
        clients.access()
                .answer(
                        request.principal(),
                        found.mirror().session().id(),
                        found.asked().request(),
                        answer);
        return Clients.ok(true);
    }
}
