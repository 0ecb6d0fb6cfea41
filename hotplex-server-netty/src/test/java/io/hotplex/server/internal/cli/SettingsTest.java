package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest {
    private static final ProviderTypes INSTALLED = ProviderTypes.find(List.of());

    @TempDir
    Path directory;

    @Test
    void readsEngineAndProvidersAndLetsSetWin() throws IOException {
        Path file = write(
                "turn-timeout=10m\nprovider.work.type=claude\nprovider.work.model=opus\nprovider.demo.type=claude\n");

        Settings settings = Settings.load(
                "my.properties", List.of("turn-timeout=1m", "provider.work.model=haiku"), surroundings(Map.of()));

        assertThat(settings.file()).isEqualTo(file);
        assertThat(settings.engine().get(EngineConfig.TURN_TIMEOUT)).isEqualTo(Duration.ofMinutes(1));
        assertThat(settings.providers()).extracting(ProviderConfig::name).containsExactly("work", "demo");
        assertThat(settings.providers().get(0).type()).isEqualTo("claude");
        assertThat(settings.providers().get(0).text("model")).isEqualTo("haiku");
    }

    @Test
    void takesTheNameAsTypeWhenNoneIsGiven() {
        Settings settings = Settings.load(null, List.of("provider.claude.model=opus", state()), surroundings(Map.of()));

        assertThat(settings.providers().get(0).type()).isEqualTo("claude");
    }

    @Test
    void readsTheFileThatTheEnvironmentNames() throws IOException {
        write("io-threads=3\n");

        Settings settings = Settings.load(null, List.of(), surroundings(Map.of("HOTPLEX_CONFIG", "my.properties")));

        assertThat(settings.engine().get(EngineConfig.IO_THREADS)).isEqualTo(3);
    }

    @Test
    void readsTheFileInTheStateDirectory() throws IOException {
        Files.writeString(
                directory.resolve(Settings.FILE_NAME),
                "namespace=grüße".replace("ü", "u").replace("ß", "s"));

        Settings settings = Settings.load(null, List.of(state()), surroundings(Map.of()));

        assertThat(settings.engine().get(EngineConfig.NAMESPACE)).isEqualTo("gruse");
    }

    @Test
    void namesTheClosestKnownKey() {
        assertThatThrownBy(() -> Settings.load(null, List.of("turn-timout=1m", state()), surroundings(Map.of())))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("turn-timout")
                .hasMessageContaining("closest known: turn-timeout");
    }

    @ParameterizedTest
    @CsvSource({"provider.claude", "provider.claude."})
    void refusesAProviderKeyWithoutASetting(String key) {
        assertThatThrownBy(() -> Settings.load(null, List.of(key + "=x", state()), surroundings(Map.of())))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("expected: provider.<name>.<setting>");
    }

    @Test
    void saysWhyAFileCannotBeRead() throws IOException {
        Files.createDirectory(directory.resolve("d"));
        Files.writeString(directory.resolve("bad.properties"), "namespace=\\uZZZZ");

        assertThatThrownBy(() -> Settings.load("none", List.of(), surroundings(Map.of())))
                .hasMessageEndingWith("does not exist");
        assertThatThrownBy(() -> Settings.load("d", List.of(), surroundings(Map.of())))
                .hasMessageEndingWith("is a directory");
        assertThatThrownBy(() -> Settings.load("bad.properties", List.of(), surroundings(Map.of())))
                .hasMessageContaining("cannot be read as properties");
    }

    @Test
    void choosesTheUsersWordThenTheDefaultThenTheFirstConfigured() {
        Settings configured =
                Settings.load(null, List.of("provider.mine.type=claude", state()), surroundings(Map.of()));
        Settings preset = Settings.load(
                null, List.of("provider.mine.type=claude", "default-provider=claude", state()), surroundings(Map.of()));

        assertThat(Agents.choose(configured, INSTALLED, "demo", Map.of()).chosen())
                .isEqualTo("demo");
        assertThat(Agents.choose(configured, INSTALLED, null, Map.of()).chosen())
                .isEqualTo("mine");
        assertThat(Agents.choose(preset, INSTALLED, null, Map.of()).chosen()).isEqualTo("claude");
    }

    @Test
    void choosesClaudeWhenItIsOnThePathAndElseTheDemoAgent() throws IOException {
        Settings nothing = Settings.load(null, List.of(state()), surroundings(Map.of()));
        Path program = Files.writeString(directory.resolve("claude"), "");
        assertThat(program.toFile().setExecutable(true)).isTrue();

        Agents with = Agents.choose(nothing, INSTALLED, null, Map.of("PATH", directory.toString()));
        Agents without = Agents.choose(nothing, INSTALLED, null, Map.of("PATH", "/nowhere"));

        assertThat(with.chosen()).isEqualTo("claude");
        assertThat(with.stopgap()).isFalse();
        assertThat(without.chosen()).isEqualTo("demo");
        assertThat(without.stopgap()).isTrue();
        assertThat(without.providers()).extracting(ProviderConfig::name).containsExactly("claude", "demo");
    }

    private String state() {
        return "state-directory=" + directory;
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("my.properties"), text);
    }

    private Surroundings surroundings(Map<String, String> environment) {
        return new Surroundings(
                InputStream.nullInputStream(),
                new ByteArrayOutputStream(),
                new ByteArrayOutputStream(),
                Terminal.NONE,
                environment,
                directory);
    }
}
