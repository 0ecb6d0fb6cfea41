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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A program with hooks and metrics beside its engine. Arguments: the agent's program, a directory, and one unused. */
public final class Observer {
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
            session.submit(Prompt.of("hello")).result().toCompletableFuture().get(30, TimeUnit.SECONDS);
        }
        receiver.stop(0);
        System.out.println("webhook " + got.stream().anyMatch(body -> body.contains("\"turn.completed\"")));
        System.out.println("audit " + AuditTrail.verify(directory.resolve("hooks/audit/audit")).problem());
        telemetry.metrics(telemetry.contentType(null)).lines()
                .filter(line -> line.startsWith("hotplex_turns_total"))
                .forEach(System.out::println);
        System.out.println("named " + Hooks.class.getModule().isNamed());
        System.exit(0); // the receiver's thread
    }
}
