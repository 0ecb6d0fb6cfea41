package observer;

import com.sun.net.httpserver.HttpServer;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.AuditTrail;
import io.hotplex.hooks.Hooks;
import io.hotplex.telemetry.Telemetry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A program with hooks and metrics beside its engine. Arguments: the agent's program, a directory, and one unused. */
public final class Observer {
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private Observer() {}

    public static void main(String[] args) throws Exception {
        Path directory = Path.of(args[1]).toRealPath();
        List<String> got = new CopyOnWriteArrayList<>();
        HttpServer receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 10);
        receiver.createContext("/", exchange -> {
            try (exchange) {
                got.add(new String(exchange.getRequestBody().readAllBytes()));
                exchange.sendResponseHeaders(204, -1);
            }
        });
        receiver.start();
        Map<String, String> webhook = Map.of(
                "url", "http://127.0.0.1:" + receiver.getAddress().getPort() + "/", "allow-networks", "127.0.0.1");
        Telemetry telemetry = Telemetry.builder().build();
        Hooks hooks = Hooks.builder(directory.resolve("hooks"))
                .hook(HookConfig.of("out", "webhook", webhook))
                .hook(HookConfig.of("audit", "audit", Map.of()))
                .drainTimeout(LIMIT)
                .open();
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, directory.resolve("state"))
                .build();
        try (Engine engine = HotPlex.builder()
                .config(config)
                .provider(ProviderConfig.of("claude").with("command", args[0]))
                .listener(telemetry.listener())
                .reader(telemetry.reader())
                .reader(hooks)
                .build()) {
            Session session = engine.open(SessionSpec.builder("s1", directory).build());
            session.submit(Prompt.of("hello")).result().toCompletableFuture().get(LIMIT.toSeconds(), TimeUnit.SECONDS);
            awaitCount(telemetry);
        }
        receiver.stop(0);
        System.out.println("webhook " + got.stream().anyMatch(body -> body.contains("\"turn.completed\"")));
        System.out.println("audit " + AuditTrail.verify(directory.resolve("hooks/audit/audit")).problem());
        turns(telemetry).forEach(System.out::println);
        System.out.println("named " + Hooks.class.getModule().isNamed());
        System.exit(0); // the receiver's thread
    }

    private static List<String> turns(Telemetry telemetry) throws IOException {
        return telemetry
                .metrics(telemetry.contentType(null))
                .lines()
                .filter(line -> line.startsWith("hotplex_turns_total"))
                .toList();
    }

    /** Turns are counted a moment after their end; the engine's own end waits for that no longer than it must. */
    private static void awaitCount(Telemetry telemetry) throws IOException {
        long deadline = System.nanoTime() + LIMIT.toNanos();
        while (turns(telemetry).isEmpty() && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }
}
