package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.hooks.HookDesk;
import io.hotplex.hooks.Hooks;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.HookTypes;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code hotplex hooks}: how hooks are doing, and what operators do about it, while a gateway may run. */
final class HooksCommand {
    static final Set<String> FLAGS = Set.of("--json", "--debug", "--help");
    static final Set<String> VALUED = Set.of("--config", "--set");

    private final Surroundings surroundings;
    private final Lane out;

    HooksCommand(Surroundings surroundings, Lane out) {
        this.surroundings = surroundings;
        this.out = out;
    }

    static Hooks.Builder builder(Settings settings, HookTypes types, Surroundings surroundings) {
        Hooks.Builder builder = Hooks.builder(settings.hooksDirectory()).environment(surroundings.environment());
        types.factories().forEach(builder::factory);
        settings.hooks().forEach(builder::hook);
        return builder;
    }

    /** Does what is asked. The result is the exit code. */
    int run(Arguments arguments) {
        Settings settings = Configured.settings(arguments, surroundings);
        HookTypes types = HookTypes.find(settings.engine().get(EngineConfig.STATE_DIRECTORY));
        Hooks.Builder hooks = builder(settings, types, surroundings);
        List<String> words = arguments.operands();
        String action = words.isEmpty() ? "status" : words.get(0);
        if (action.equals("status") && words.size() <= 1) {
            for (HookConfig hook : settings.hooks()) {
                out.line(describe(attempt(hooks.desk(hook)::status), arguments.has("--json")));
            }
            if (settings.hooks().isEmpty() && !arguments.has("--json")) {
                out.line("no hook is configured: see docs/hooks.md");
            }
            return ExitCode.OK;
        }
        if (words.size() != 2) {
            throw new UsageException("hooks takes status, test NAME or redeliver NAME");
        }
        HookDesk desk = hooks.desk(named(settings, words.get(1)));
        return switch (action) {
            case "test" -> test(desk, words.get(1));
            case "redeliver" -> redeliver(desk, words.get(1));
            default -> throw new UsageException("hooks takes status, test NAME or redeliver NAME");
        };
    }

    private int test(HookDesk desk, String name) {
        @Nullable String[] failure = new @Nullable String[1];
        var unused = attempt(() -> {
            failure[0] = desk.test();
            return true;
        });
        out.line("hook " + name + ": " + (failure[0] == null ? "delivered" : failure[0]));
        return failure[0] == null ? ExitCode.OK : ExitCode.FAILED;
    }

    private int redeliver(HookDesk desk, String name) {
        HookDesk.Redelivered done = attempt(desk::redeliver);
        out.line("hook " + name + ": " + done.delivered() + " delivered, " + done.kept() + " still put aside"
                + (done.enabled() ? "; it was disabled, and begins again when its gateway starts" : ""));
        return done.kept() == 0 ? ExitCode.OK : ExitCode.FAILED;
    }

    private static HookConfig named(Settings settings, String name) {
        return settings.hooks().stream()
                .filter(hook -> hook.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.INVALID_ARGUMENT,
                        "no hook is named '" + name + "' (configured: "
                                + settings.hooks().stream()
                                        .map(HookConfig::name)
                                        .toList() + ")"));
    }

    private static String describe(Map<String, @Nullable Object> status, boolean json) {
        if (json) {
            try {
                return new ObjectMapper().writeValueAsString(status);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a status that is not JSON", e);
            }
        }
        StringBuilder line = new StringBuilder();
        line.append(status.get("hook")).append(" (").append(status.get("type")).append("): ");
        line.append(status.getOrDefault("state", "never ran"));
        for (String key : List.of("lag_records", "delivered", "failed_attempts", "put_aside", "lost")) {
            Object value = status.get(key);
            if (value != null) {
                line.append(", ").append(key.replace('_', ' ')).append(' ').append(value);
            }
        }
        for (String key : List.of("last_error", "disabled_because", "at")) {
            Object value = status.get(key);
            if (value != null) {
                line.append("; ").append(key.replace('_', ' ')).append(": ").append(value);
            }
        }
        return line.toString();
    }

    /** Something that may fail in any way. */
    interface Attempt<T> {
        T make() throws Exception;
    }

    @SuppressWarnings("IllegalCatch") // hooks are foreign code
    private static <T> T attempt(Attempt<T> attempt) {
        try {
            return attempt.make();
        } catch (HotPlexException e) {
            throw e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HotPlexException(ErrorCode.INTERNAL, "interrupted", e);
        } catch (Exception e) {
            throw new HotPlexException(ErrorCode.INTERNAL, String.valueOf(e.getMessage()), e);
        }
    }
}
