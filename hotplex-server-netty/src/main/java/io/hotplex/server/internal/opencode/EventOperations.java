package io.hotplex.server.internal.opencode;

import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.sessions.Presence;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The streams of events: of one directory, and of all. Thread-safe. */
final class EventOperations {
    /** What OpenCode's own server does; some clients take a longer silence for the end. */
    private static final Duration HEARTBEAT = Duration.ofSeconds(10);

    private final Clients clients;
    private final Presence presence;
    private final Duration heartbeat;

    /** @param heartbeat how often clients hear of the server when nothing happens; at least as often as they expect */
    EventOperations(Clients clients, Presence presence, Duration heartbeat) {
        this.clients = clients;
        this.presence = presence;
        this.heartbeat = heartbeat.compareTo(HEARTBEAT) < 0 ? heartbeat : HEARTBEAT;
    }

    List<Operation> all() {
        return List.of(
                Operation.events(
                        "event.subscribe",
                        "/event",
                        "What happens in own sessions in a directory.",
                        request -> stream(request, clients.directories().of(request))),
                Operation.events(
                        "global.event",
                        "/global/event",
                        "What happens in own sessions, each with its directory.",
                        request -> stream(request, null)));
    }

    private CompletionStage<Response> stream(Request request, @Nullable String directory) {
        EventId last = EventId.parse(request.headers().first("Last-Event-ID"));
        Mirrors mirrors = clients.mirrors();
        Feed feed = mirrors.feed(request.principal());
        mirrors.look(clients.access(), request.principal());
        Tap tap = new Tap(
                feed, directory, heartbeat, mirrors.follower(clients.access(), request.principal(), presence), last);
        return CompletableFuture.completedFuture(
                Response.events(tap).with("Cache-Control", "no-cache, no-store, no-transform"));
    }
}
