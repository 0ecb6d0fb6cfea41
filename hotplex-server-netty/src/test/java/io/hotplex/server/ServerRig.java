package io.hotplex.server;

import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.auth.ApiKey;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A server on a free port with three keys, for tests; its engine's agents are the demo agent, which none of them asks.
 */
public final class ServerRig {
    public static final String ADMIN = "the-key-of-the-operator";
    public static final String OWNER = "the-key-of-the-first-owner";
    public static final String OTHER = "the-key-of-another-owner";

    private ServerRig() {}

    /** @param settings further ones, name and value in turn */
    public static HotPlexServer start(Path state, String... settings) {
        return builder(state, settings).start();
    }

    static HotPlexServer.Builder builder(Path state, String... settings) {
        EngineConfig engine =
                EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, state).build();
        return HotPlexServer.builder()
                .config(ServerConfig.fromProperties(properties(settings)))
                .engine(HotPlex.builder().config(engine));
    }

    static Map<String, String> properties(String... settings) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("server.port", "0");
        key(all, "operator", ADMIN, "admin");
        key(all, "owner", OWNER, "session:read,session:write");
        key(all, "other", OTHER, "session:read,session:write");
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return all;
    }

    private static void key(Map<String, String> all, String id, String secret, String scopes) {
        all.put("server.keys." + id + ".sha256", ApiKey.hash(secret));
        all.put("server.keys." + id + ".scopes", scopes);
    }
}
