package io.hotplex.server.internal.http;

import java.util.concurrent.CompletionStage;

/**
 * Answers the requests of a route.
 *
 * <p>Called on a thread of the server's executor, after host, origin, key, scope, rate and size were checked; calls
 * overlap, and may block. Whether the principal owns what a path names is for the handler to check.
 */
@FunctionalInterface
public interface Handler {
    /**
     * The response, now or later.
     *
     * @throws io.hotplex.api.HotPlexException is told as a problem, as is a stage that fails with one
     */
    CompletionStage<Response> handle(Request request);
}
