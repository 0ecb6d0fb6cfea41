package io.hotplex.server.internal.cli;

import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.ProviderType;
import io.hotplex.server.internal.providers.ProviderTypes;
import io.hotplex.testkit.agent.DemoAgent;
import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The providers of an invocation, and which of them answers.
 *
 * <p>The configured ones, and beside them {@code claude}, one of each type that was dropped in and needs no settings,
 * and {@code demo}, unless these names are configured. The user's choice answers, else {@code default-provider}, else
 * the first configured one, else {@code claude} or {@code opencode} if it is on the PATH, else {@code demo}.
 *
 * @param chosen the name of the one that answers
 * @param stopgap whether the demo agent answers because there is no other
 */
record Agents(List<ProviderConfig> providers, String chosen, boolean stopgap) {
    static final String CLAUDE = "claude";
    static final String DEMO = "demo";
    /** Types whose program has the same name; the first that is there answers when nothing says who. */
    private static final List<String> INSTALLABLE = List.of(CLAUDE, "opencode");

    static final String INSTALL = "npm install -g @anthropic-ai/claude-code";
    static final String STOPGAP = "no agent is installed, so the demo agent answers; for Claude Code: " + INSTALL;

    Agents {
        providers = List.copyOf(providers);
    }

    static Agents choose(
            Settings settings, ProviderTypes types, @Nullable String wanted, Map<String, String> environment) {
        Map<String, ProviderConfig> byName = new LinkedHashMap<>();
        settings.providers().forEach(config -> byName.put(config.name(), config));
        String first = byName.values().stream()
                .filter(config -> config.flag("enabled", true))
                .map(ProviderConfig::name)
                .findFirst()
                .orElse(null);
        byName.putIfAbsent(CLAUDE, ProviderConfig.of(CLAUDE));
        for (ProviderType type : types.types()) {
            if (!type.needsSettings()) {
                byName.putIfAbsent(type.name(), ProviderConfig.of(type.name()));
            }
        }
        byName.putIfAbsent(DEMO, demo(settings.engine()));
        List<ProviderConfig> all = new ArrayList<>(byName.values());
        String preset = settings.engine().get(EngineConfig.DEFAULT_PROVIDER);
        if (wanted != null) {
            return new Agents(all, wanted, false);
        }
        if (!preset.isEmpty()) {
            return new Agents(all, preset, false);
        }
        if (first != null) {
            return new Agents(all, first, false);
        }
        Optional<String> installed = INSTALLABLE.stream()
                .filter(name -> byName.containsKey(name)
                        && Executables.find(name, environment.get("PATH")).isPresent())
                .findFirst();
        return new Agents(all, installed.orElse(DEMO), installed.isEmpty());
    }

    /** The engine's settings, with the one that answers as its default provider. */
    EngineConfig inForce(EngineConfig engine) {
        Map<String, String> values = new LinkedHashMap<>(engine.toProperties());
        values.put(EngineConfig.DEFAULT_PROVIDER.name(), chosen);
        return EngineConfig.fromProperties(values);
    }

    /** The demo agent speaks Claude's dialect, so Claude's adapter drives it. */
    private static ProviderConfig demo(EngineConfig engine) {
        List<String> command = new ArrayList<>(DemoAgent.command());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("command", command.remove(0));
        // The class path goes by the environment: a path may have a comma, which separates arguments here.
        int classPath = command.indexOf("-cp");
        settings.put("environment.CLASSPATH", command.remove(classPath + 1));
        command.remove(classPath);
        settings.put("command-args", String.join(",", command));
        settings.put(
                "environment.HOTPLEX_DEMO_HOME",
                engine.get(EngineConfig.STATE_DIRECTORY) + File.separator + "demo-agent");
        return ProviderConfig.of(DEMO, CLAUDE, settings);
    }
}
