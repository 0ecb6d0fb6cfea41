package io.hotplex.server.internal.clients;

import io.hotplex.api.Engine;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.opencode.OpenCodeRoutes;
import io.hotplex.server.internal.rest.SessionRoutes;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import io.hotplex.server.internal.ws.WebSocketRoutes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Puts together what clients of sessions use: REST, server-sent events, both dialects on WebSockets, and what
 * OpenCode's clients use.
 */
public final class ClientRoutes {
    private ClientRoutes() {}

    /**
     * Every route.
     *
     * @param quotas what a principal may use
     * @param stateDirectory where the server keeps what is its own, if it is known
     */
    public static List<Route> of(
            Engine engine, ServerConfig config, Function<Principal, Quota> quotas, Optional<Path> stateDirectory) {
        OpenCodeRoutes openCode = new OpenCodeRoutes(secrets(config, stateDirectory));
        SessionAccess access = new SessionAccess(
                engine,
                Set.copyOf(config.get(ServerConfig.CLIENT_OPTIONS)),
                config.get(ServerConfig.DEFAULT_WORK_DIR),
                quotas,
                openCode.onUsed());
        Presence presence = new Presence(
                config.get(ServerConfig.DISCONNECT_POLICY).equals("interrupt"),
                config.get(ServerConfig.DISCONNECT_GRACE));
        int maxMessageBytes = Math.toIntExact(Math.min(Integer.MAX_VALUE, config.get(ServerConfig.MAX_BODY_BYTES)));
        List<Route> routes = new ArrayList<>(
                new SessionRoutes(access, presence, config.get(ServerConfig.HEARTBEAT_INTERVAL)).routes());
        routes.addAll(new WebSocketRoutes(access, presence, maxMessageBytes).routes());
        String mount = config.get(ServerConfig.OPENCODE_PATH);
        if (!mount.equals(ServerConfig.NO_OPENCODE)) {
            routes.addAll(openCode.routes(
                    access,
                    presence,
                    mount.equals("/") ? "" : mount,
                    config.get(ServerConfig.DEFAULT_WORK_DIR),
                    config.get(ServerConfig.HEARTBEAT_INTERVAL)));
        }
        return routes;
    }

    /** What is in some file that a client must not see, though it may lie where agents work. */
    private static Set<Path> secrets(ServerConfig config, Optional<Path> stateDirectory) {
        Set<Path> secrets = new HashSet<>();
        stateDirectory.ifPresent(secrets::add);
        config.get(ServerConfig.TLS_KEY).ifPresent(secrets::add);
        config.clientKeys().forEach(key -> key.get(KeyConfig.FILE).ifPresent(secrets::add));
        return secrets;
    }
}
