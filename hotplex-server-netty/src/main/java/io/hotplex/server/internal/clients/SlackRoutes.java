package io.hotplex.server.internal.clients;

import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Session;
import io.hotplex.hooks.SlackAnswers;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Where Slack calls when somebody presses a button: {@code POST /hooks/slack/<hook>}. No key is asked for, since Slack
 * has none: the signature of the request counts, and who pressed.
 */
public final class SlackRoutes {
    private final Engine engine;
    private final Map<String, SlackAnswers> hooks = new LinkedHashMap<>();

    public SlackRoutes(Engine engine, List<SlackAnswers> answers) {
        this.engine = engine;
        answers.forEach(hook -> hooks.put(hook.hook(), hook));
    }

    /** One route if there is a hook that takes answers, else none. */
    public List<Route> routes() {
        return hooks.isEmpty()
                ? List.of()
                : List.of(Route.of("POST", "/hooks/slack/{hook}", Access.PUBLIC, this::answer)
                        .with(Route.Flag.SIGNED_FORM));
    }

    private CompletionStage<Response> answer(Request request) {
        SlackAnswers hook = hooks.get(request.parameter("hook"));
        if (hook == null) {
            throw new HotPlexException(ErrorCode.ROUTE_NOT_FOUND, "there is nothing at this path");
        }
        SlackAnswers.Answer answer = hook.read(
                request.headers().first("X-Slack-Request-Timestamp"),
                request.headers().first("X-Slack-Signature"),
                request.body());
        Session session = engine.info(answer.session())
                .flatMap(known -> engine.session(known.id()))
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.SESSION_NOT_FOUND, "no session has the id '" + answer.session() + "'"));
        session.answer(
                answer.request(),
                answer.allow() ? PermissionAnswer.allow() : PermissionAnswer.deny("denied from Slack"),
                answer.approver());
        return CompletableFuture.completedFuture(Response.empty(200));
    }
}
