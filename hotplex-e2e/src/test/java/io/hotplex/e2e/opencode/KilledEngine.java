package io.hotplex.e2e.opencode;

import io.hotplex.api.Engine;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** A program to be killed: an engine with one session whose tools run unasked. It ends with its prompt. */
final class KilledEngine {
    private KilledEngine() {}

    /** @param arguments a file with the settings of the provider, state directory, work directory, prompt */
    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        try (InputStream in = Files.newInputStream(Path.of(arguments[0]))) {
            settings.load(in);
        }
        Map<String, String> provider = new HashMap<>();
        settings.stringPropertyNames().forEach(name -> provider.put(name, settings.getProperty(name)));
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.of("state-directory", arguments[1])))
                .provider(ProviderConfig.of("opencode", "opencode", provider))
                .build()) {
            SessionSpec spec = SessionSpec.builder("killed", Path.of(arguments[2]))
                    .tools(new ToolRules(null, List.of("bash"), List.of()))
                    .build();
            OpenCodeRig.run(engine.open(spec), arguments[3]);
        }
    }
}
