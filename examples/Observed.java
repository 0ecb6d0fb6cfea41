import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.AuditTrail;
import io.hotplex.hooks.Hooks;
import io.hotplex.telemetry.Telemetry;
import java.nio.file.Path;
import java.util.Map;

/** Hooks, metrics and traces of an engine that a program builds: no gateway is needed. */
public class Observed {
    /** A type of hook that this program brings along. */
    private static final class Printing implements EventHookFactory {
        @Override
        public String type() {
            return "printing";
        }

        @Override
        public EventHook open(HookConfig config, Surroundings surroundings) {
            return events -> {
                events.forEach(event -> System.out.println("told of " + event.record().event().type()));
                return EventHook.Delivery.DONE;
            };
        }
    }

    public static void main(String[] args) throws Exception {
        Path directory = Path.of("").toAbsolutePath();
        Telemetry telemetry = Telemetry.builder().build(); // for traces: openTelemetry(…)
        Hooks hooks = Hooks.builder(directory.resolve("hooks"))
                .factory(new Printing())
                .hook(HookConfig.of("out", "printing", Map.of("events", "turn_*")))
                .hook(HookConfig.of("audit", "audit", Map.of()))
                .open();
        hooks.traces(telemetry::traceparent); // so that hooks tell the turn's own span
        telemetry.watchHooks(hooks::status);
        try (Engine engine = HotPlex.builder()
                .listener(telemetry.listener())
                .reader(telemetry.reader())
                .reader(hooks)
                .build()) {
            telemetry.watch(engine);
            Session session = engine.open(SessionSpec.builder("observed", directory).build());
            session.submit(Prompt.of("Say hello.")).result().toCompletableFuture().join();
        } // which delivers what waits
        System.out.println("audit trail: " + AuditTrail.verify(directory.resolve("hooks/audit/audit")));
        telemetry.metrics(telemetry.contentType(null)).lines()
                .filter(line -> line.startsWith("hotplex_turns_total") || line.startsWith("hotplex_hook_events_total"))
                .forEach(System.out::println);
    }
}
