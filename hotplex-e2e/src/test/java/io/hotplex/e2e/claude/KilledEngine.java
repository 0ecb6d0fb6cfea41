package io.hotplex.e2e.claude;

import io.hotplex.api.Engine;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/** A program to be killed: an engine with one agent that has a prompt. It ends with its prompt. */
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
                .provider(ProviderConfig.of("claude", "claude", provider))
                .build()) {
            ClaudeRig.run(
                    engine.open(ClaudeRig.trusting(SessionSpec.builder("s1", Path.of(arguments[2])))), arguments[3]);
        }
    }
}
