package consumer;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A program that embeds HotPlex. Arguments: the agent's program, a directory, a secret. */
public final class Consumer {
    private Consumer() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]).toRealPath();
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, directory.resolve("state"))
                .build();
        ProviderConfig claude =
                ProviderConfig.of("claude").with("command", args[0]).with("environment.PLANTED", args[2]);
        EngineListener failing = new EngineListener() {
            @Override
            public void onTurnEnded(String provider, TurnResult result) {
                throw new IllegalStateException("a listener that fails, so that something is logged");
            }
        };
        try (Engine engine =
                HotPlex.builder().config(config).provider(claude).listener(failing).build()) {
            Session session = engine.open(SessionSpec.builder("s1", directory)
                    .appendSystemPrompt(args[2])
                    .environment("PLANTED_TOO", args[2])
                    .build());
            CountDownLatch closed = new CountDownLatch(1);
            session.subscribe(0, record -> {
                if (record.event() instanceof AgentEvent.SessionStarted started) {
                    System.out.println("launcher " + started.launcher());
                } else if (record.event() instanceof AgentEvent.SessionClosed) {
                    closed.countDown();
                }
            });
            System.out.println("answer " + ask(session, "hello " + args[2]).text());
            System.out.println("crash " + ask(session, "crash " + args[2]).code());
            session.close().toCompletableFuture().get(30, TimeUnit.SECONDS);
            System.out.println("closed " + closed.await(30, TimeUnit.SECONDS));
        }
        System.out.println("named " + Consumer.class.getModule().isNamed());
        System.out.println("internals " + internals());
    }

    private static TurnResult ask(Session session, String text) throws Exception {
        return session.submit(Prompt.of(text)).result().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }

    private static String internals() throws ClassNotFoundException {
        try {
            Class.forName("io.hotplex.core.internal.pool.PooledEngine")
                    .getDeclaredConstructors()[0]
                    .setAccessible(true);
            return "open";
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName();
        }
    }
}
