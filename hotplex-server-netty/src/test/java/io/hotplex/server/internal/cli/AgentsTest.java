package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentsTest {
    private static final ProviderTypes INSTALLED = ProviderTypes.find(List.of());

    @TempDir
    Path directory;

    @Test
    void choosesTheUsersWordThenTheDefaultThenTheFirstConfigured() {
        Settings configured = settings("provider.mine.type", "claude");
        Settings preset = settings("provider.mine.type", "claude", "default-provider", "claude");

        assertThat(Agents.choose(configured, INSTALLED, "demo", Map.of()).chosen())
                .isEqualTo("demo");
        assertThat(Agents.choose(configured, INSTALLED, null, Map.of()).chosen())
                .isEqualTo("mine");
        assertThat(Agents.choose(preset, INSTALLED, null, Map.of()).chosen()).isEqualTo("claude");
    }

    @Test
    void choosesAnAgentThatIsOnThePathAndElseTheDemoAgent() throws IOException {
        Settings nothing = settings();
        Path program = Files.writeString(directory.resolve("claude"), "");
        assertThat(program.toFile().setExecutable(true)).isTrue();

        Agents with = Agents.choose(nothing, INSTALLED, null, Map.of("PATH", directory.toString()));
        Files.move(program, directory.resolve("opencode"));
        Agents other = Agents.choose(nothing, INSTALLED, null, Map.of("PATH", directory.toString()));
        Agents without = Agents.choose(nothing, INSTALLED, null, Map.of("PATH", "/nowhere"));

        assertThat(with.chosen()).isEqualTo("claude");
        assertThat(with.stopgap()).isFalse();
        assertThat(other.chosen()).isEqualTo("opencode");
        assertThat(other.stopgap()).isFalse();
        assertThat(without.chosen()).isEqualTo("demo");
        assertThat(without.stopgap()).isTrue();
        assertThat(without.providers()).extracting(ProviderConfig::name).containsExactly("claude", "opencode", "demo");
    }

    private Settings settings(String... overrides) {
        Map<String, String> all = new LinkedHashMap<>(Map.of("state-directory", directory.toString()));
        for (int i = 0; i < overrides.length; i += 2) {
            all.put(overrides[i], overrides[i + 1]);
        }
        return Settings.load(new Settings.Sources(null, all, Map.of(), directory, false));
    }
}
