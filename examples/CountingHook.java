import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A hook that counts events by type, in a file. Its jar goes into {@code hook-types} of the state directory. */
public final class CountingHook implements EventHookFactory {
    @Override
    public String type() {
        return "counting";
    }

    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        config.allowOnly(Set.of("file"));
        return new Counter(Path.of(config.required("file")), new TreeMap<>());
    }

    private record Counter(Path file, Map<String, Long> counts) implements EventHook {
        @Override
        public Delivery deliver(List<HookEvent> events) throws IOException {
            events.forEach(event -> counts.merge(event.record().event().type(), 1L, Long::sum));
            Files.writeString(file, counts.toString());
            return Delivery.DONE;
        }
    }
}
