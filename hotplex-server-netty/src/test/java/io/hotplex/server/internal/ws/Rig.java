package io.hotplex.server.internal.ws;

import io.hotplex.api.Engine;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** An engine with puppets, and sockets to its dialects. */
final class Rig implements AutoCloseable {
    private static final Set<Scope> USER = Set.of(Scope.SESSION_READ, Scope.SESSION_WRITE, Scope.SESSION_APPROVE);
    static final Principal ANN = new Principal("ann", USER, "ann-key");
    static final Principal BEN = new Principal("ben", USER, "ben-key");
    static final Principal WRITER = new Principal("ann", Set.of(Scope.SESSION_READ, Scope.SESSION_WRITE), "writer-key");
    static final Principal APPROVER =
            new Principal("ann", Set.of(Scope.SESSION_READ, Scope.SESSION_APPROVE), "approver-key");
    static final Principal READER = new Principal("ann", Set.of(Scope.SESSION_READ), "reader-key");

    final Puppets puppets = new Puppets();
    final Engine engine;
    final SessionAccess access;
    Presence presence = new Presence(false, Duration.ofSeconds(30));
    private final Path dir;

    /** @param settings key, value, key, value … of the engine */
    Rig(Path dir, String... settings) {
        this.dir = dir;
        Map<String, String> map = new LinkedHashMap<>();
        map.put("state-directory", dir.resolve("state").toString());
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(map))
                .provider(puppets)
                .launcher(puppets)
                .guard((spec, prompt) -> prompt.text().contains("forbidden")
                        ? new PromptGuard.Decision.Block(
                                "rule-1", "system", "high", "not that", java.util.List.of("ask"))
                        : PromptGuard.Decision.ALLOW)
                .build();
        access = new SessionAccess(engine, Set.of(), dir.resolve("work"), principal -> Quota.UNLIMITED, session -> {});
    }

    /** A client of the second dialect that has been greeted. */
    FakeSocket v2(Principal principal) {
        FakeSocket socket = new FakeSocket(principal).open(s -> new NativeDialect(s, access, presence, 1 << 20));
        socket.next("type", "hello");
        return socket;
    }

    /** The same with an open session that it is attached to, from its beginning. */
    FakeSocket attached(String session) {
        FakeSocket socket = v2(ANN);
        open(socket, session);
        socket.say("{'type':'attach','session':'" + session + "','after':0}");
        socket.next("type", "attached");
        return socket;
    }

    void open(FakeSocket socket, String session) {
        socket.say("{'type':'open','spec':{'id':'" + session + "','work_dir':'" + dir + "'}}");
        socket.next("type", "opened");
    }

    FakeSocket v1(Principal principal) {
        return new FakeSocket(principal).open(s -> new ClassicDialect(s, access, presence));
    }

    @Override
    public void close() {
        engine.close();
    }
}
