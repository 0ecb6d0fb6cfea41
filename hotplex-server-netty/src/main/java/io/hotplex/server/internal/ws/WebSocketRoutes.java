package io.hotplex.server.internal.ws;

import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.SubProtocols;
import io.hotplex.server.internal.http.WebSocketEndpoint;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** The paths at which the dialects are spoken. Thread-safe. */
public final class WebSocketRoutes {
    // May be asked for by clients; needed by browsers that carry a key as a sub-protocol.
    static final String CLASSIC = "hotplex.v1";
    static final String NATIVE = "hotplex.v2";

    private final SessionAccess access;
    private final Presence presence;
    private final int maxMessageBytes;

    /** @param maxMessageBytes longest message that a client may send */
    public WebSocketRoutes(SessionAccess access, Presence presence, int maxMessageBytes) {
        this.access = access;
        this.presence = presence;
        this.maxMessageBytes = maxMessageBytes;
    }

    /** Every route. */
    public List<Route> routes() {
        return List.of(
                route("/ws/v1/agent", CLASSIC, socket -> new ClassicDialect(socket, access, presence)),
                route("/ws/v2", NATIVE, socket -> new NativeDialect(socket, access, presence, maxMessageBytes)));
    }

    private Route route(String path, String subProtocol, WebSocketEndpoint endpoint) {
        return Route.webSocket(path, Access.READ, request -> {
            String chosen = SubProtocols.offered(request.headers()).contains(subProtocol) ? subProtocol : null;
            return CompletableFuture.completedFuture(Response.webSocket(chosen, maxMessageBytes, endpoint));
        });
    }
}
