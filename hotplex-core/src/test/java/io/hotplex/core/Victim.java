package io.hotplex.core;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A program to be killed: an engine with some agents. It never ends by itself. */
final class Victim {
    private Victim() {}

    /**
     * @param arguments a directory with the agents' tag in a file {@code tag}; the number of agents; {@code hold} to
     *     say READY when all are there, {@code launch} to go on starting and closing four at a time; key, value, …
     */
    @SuppressWarnings("InfiniteLoop")
    public static void main(String[] arguments) throws Exception {
        Path dir = Path.of(arguments[0]);
        int agents = Integer.parseInt(arguments[1]);
        Engine engine =
                open(dir, Files.readString(dir.resolve("tag")), Arrays.copyOfRange(arguments, 3, arguments.length));
        if (arguments[2].startsWith("hold")) {
            start(engine, dir, agents, 0);
            System.out.println("READY");
            System.in.read(); // it is killed here
        }
        System.out.println("READY");
        for (int round = 1; ; round++) {
            start(engine, dir, 4, round).forEach(Session::close);
        }
    }

    static Engine open(Path dir, String tag, String... settings) {
        Map<String, String> all = new java.util.HashMap<>(Map.of(
                "state-directory",
                dir.resolve("state").toString(),
                "max-starting-processes",
                "4",
                "eof-grace",
                "1ms",
                "term-grace",
                "20ms"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(all))
                .provider(new TreeProvider(tag))
                .build();
    }

    static List<Session> start(Engine engine, Path dir, int agents, int round) {
        List<Session> sessions = new ArrayList<>();
        List<CompletableFuture<?>> turns = new ArrayList<>();
        for (int i = 0; i < agents; i++) {
            Session session =
                    engine.open(SessionSpec.builder("s" + round + "-" + i, dir).build());
            sessions.add(session);
            turns.add(session.submit(Prompt.of("hello")).result().toCompletableFuture());
        }
        turns.forEach(CompletableFuture::join);
        return sessions;
    }
}
