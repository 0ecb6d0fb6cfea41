package io.hotplex.e2e.claude;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * A program to be killed: an engine with one session that is given all its prompts at once. Tells on standard output
 * what a reader saw, a line each: {@code seen OFFSET TYPE TURN}, and {@code accepted TURN}. It ends with its prompts.
 */
final class KilledEngine {
    private KilledEngine() {}

    /**
     * @param arguments files with the settings of the provider, of the engine and of the session (model, mode); the
     *     work directory; prompts
     */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> settings = load(arguments[2]);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(load(arguments[1])))
                .provider(ProviderConfig.of("claude", "claude", load(arguments[0])))
                .build()) {
            Session session = engine.open(spec(Path.of(arguments[3]), settings.get("model"), settings.get("mode")));
            session.subscribe(
                    0,
                    record -> out.println(
                            "seen " + record.offset() + " " + record.event().type() + " " + record.turnId()));
            List<Turn> turns = new ArrayList<>();
            for (String prompt : Arrays.asList(arguments).subList(4, arguments.length)) {
                Turn turn = session.submit(Prompt.of(prompt));
                turn.accepted().thenRun(() -> out.println("accepted " + turn.id()));
                turns.add(turn);
            }
            turns.forEach(ClaudeRig::end);
        }
    }

    /** The session; the next engine opens it with the same. */
    static SessionSpec spec(Path work, @Nullable String model, @Nullable String mode) {
        return ClaudeRig.trusting(SessionSpec.builder("s1", work).model(model).permissionMode(mode));
    }

    private static Map<String, String> load(String file) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(Path.of(file))) {
            properties.load(in);
        }
        Map<String, String> settings = new HashMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        return settings;
    }
}
