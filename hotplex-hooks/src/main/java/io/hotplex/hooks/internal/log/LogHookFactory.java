package io.hotplex.hooks.internal.log;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.internal.delivery.HookJson;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/** Makes hooks that log: each event is a line of JSON, by a logger that is named for the hook. */
public final class LogHookFactory implements EventHookFactory {
    private static final String LOGGER = "io.hotplex.hook.";

    @Override
    public String type() {
        return "log";
    }

    @Override
    public Map<String, String> defaults() {
        return Map.of("batch-max-events", "100");
    }

    /** Content never comes here: a log is for everybody who operates the machine. */
    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        config.allowOnly(Set.of());
        if (config.flag("content", false)) {
            throw config.invalid("content", "false: what was said does not belong into a log");
        }
        return new LogHook(LoggerFactory.getLogger(LOGGER + config.name()));
    }

    private record LogHook(Logger log) implements EventHook {
        @Override
        public Delivery deliver(List<HookEvent> events) {
            for (HookEvent event : events) {
                if (log.isEnabledForLevel(level(event.severity()))) {
                    log.atLevel(level(event.severity()))
                            .log(new String(HookJson.bytes(HookJson.map(event)), StandardCharsets.UTF_8));
                }
            }
            return Delivery.DONE;
        }

        private static Level level(HookEvent.Severity severity) {
            return switch (severity) {
                case DEBUG -> Level.DEBUG;
                case INFO -> Level.INFO;
                case WARNING -> Level.WARN;
                case ERROR -> Level.ERROR;
            };
        }
    }
}
