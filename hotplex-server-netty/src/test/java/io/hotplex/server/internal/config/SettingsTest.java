package io.hotplex.server.internal.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.KeyConfig;
import io.hotplex.server.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SettingsTest {
    private static final String HASH = "ab".repeat(32);

    @TempDir
    Path directory;

    private Settings load(@Nullable String wanted, Map<String, String> overrides, Map<String, String> environment) {
        return Settings.load(new Settings.Sources(wanted, overrides, environment, directory, true));
    }

    private Settings load(String yaml) throws IOException {
        Files.writeString(directory.resolve("my.yaml"), yaml);
        return load("my.yaml", Map.of(), Map.of());
    }

    @Test
    void filesWithKeysAreHiddenFromAgentsInASandbox() throws IOException {
        Settings settings = load("""
                confinement-hidden-paths: [/etc/named]
                server:
                  tls:
                    certificate: /etc/tls/public.pem
                    key: /etc/tls/private.pem
                  keys:
                    ci:
                      file: /run/secrets/ci
                      scopes: [session:read]
                """);

        assertThat(settings.engine().get(EngineConfig.CONFINEMENT_HIDDEN_PATHS))
                .containsExactly(
                        Path.of("/etc/named"),
                        Path.of("/etc/tls/private.pem"),
                        Path.of("/run/secrets/ci"),
                        directory.resolve("my.yaml"));
    }

    private String state() {
        return directory.toString();
    }

    @Test
    void readsMapsInMapsAsDottedKeysAndListsAsItems() throws IOException {
        Settings settings = load("""
                # a comment
                turn-timeout: 10m
                work-dir-roots: [/srv/a, /srv/b]
                server:
                  port: 9000
                  allowed-origins:
                    - https://app.example.com
                  keys:
                    ci:
                      sha256: %s
                      owner: builds
                      scopes: [session:read]
                server.host: 0.0.0.0
                provider:
                  work:
                    type: claude
                    model: opus
                    bare: true
                provider.demo.type: claude
                """.formatted(HASH));

        assertThat(settings.file()).isEqualTo(directory.resolve("my.yaml"));
        assertThat(settings.engine().get(EngineConfig.TURN_TIMEOUT)).isEqualTo(Duration.ofMinutes(10));
        assertThat(settings.engine().get(EngineConfig.WORK_DIR_ROOTS))
                .containsExactly(Path.of("/srv/a"), Path.of("/srv/b"));
        assertThat(settings.server().get(ServerConfig.PORT)).isEqualTo(9000);
        assertThat(settings.server().get(ServerConfig.HOST)).isEqualTo("0.0.0.0");
        assertThat(settings.server().get(ServerConfig.ALLOWED_ORIGINS)).containsExactly("https://app.example.com");
        assertThat(settings.server().clientKeys())
                .extracting(KeyConfig::id, KeyConfig::owner, key -> key.get(KeyConfig.SCOPES))
                .containsExactly(org.assertj.core.groups.Tuple.tuple("ci", "builds", List.of("session:read")));
        assertThat(settings.providers()).extracting(ProviderConfig::name).containsExactly("work", "demo");
        assertThat(settings.providers().get(0).type()).isEqualTo("claude");
        assertThat(settings.providers().get(0).text("bare")).isEqualTo("true");
    }

    @Test
    void theCommandLineCountsMoreThanVariablesThanTheFileThanDefaults() throws IOException {
        Files.writeString(directory.resolve("my.yaml"), "idle-timeout: 1m\nserver: {port: 1, host: '::1'}\n");
        Map<String, String> environment = Map.of(
                "HOTPLEX_CONFIG", "my.yaml",
                "PORT", "2",
                "IDLE_TIMEOUT", "1h30m",
                "HOTPLEX_ALLOWED_ORIGINS", "http://a.example, http://b.example");

        Settings variables = load(null, Map.of(), environment);
        Settings line = load(null, Map.of("server.port", "3"), environment);
        Settings running = Settings.load(new Settings.Sources(null, Map.of(), environment, directory, false));

        assertThat(variables.server().get(ServerConfig.PORT)).isEqualTo(2);
        assertThat(variables.server().get(ServerConfig.HOST)).isEqualTo("::1");
        assertThat(variables.server().get(ServerConfig.ALLOWED_ORIGINS))
                .containsExactly("http://a.example", "http://b.example");
        assertThat(variables.engine().get(EngineConfig.IDLE_TIMEOUT)).isEqualTo(Duration.ofMinutes(90));
        assertThat(line.server().get(ServerConfig.PORT)).isEqualTo(3);
        assertThat(running.server().get(ServerConfig.PORT))
                .as("run is not a server")
                .isEqualTo(1);
    }

    @Test
    void aServerKeepsItsSessionsUnlessItIsToldNotTo() {
        assertThat(load(null, Map.of(), Map.of()).engine().get(EngineConfig.JOURNAL))
                .isEqualTo("sqlite");
        assertThat(load(null, Map.of("journal", "memory"), Map.of()).engine().get(EngineConfig.JOURNAL))
                .isEqualTo("memory");
        assertThat(Settings.load(new Settings.Sources(null, Map.of(), Map.of(), directory, false))
                        .engine()
                        .get(EngineConfig.JOURNAL))
                .as("run is not a server")
                .isEqualTo("memory");
    }

    @Test
    void readsTheFileInTheStateDirectory() throws IOException {
        Files.writeString(directory.resolve(Settings.FILE_NAME), "namespace: gruse");

        Settings settings = load(null, Map.of("state-directory", state()), Map.of());

        assertThat(settings.engine().get(EngineConfig.NAMESPACE)).isEqualTo("gruse");
        assertThat(load("").providers()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "turn-timout, closest known: turn-timeout",
        "server.prot, closest known: server.port",
        "server.keys.ci.scope, closest known: scopes",
        "provider.claude, expected: provider.<name>.<setting>",
        "provider.claude., expected: provider.<name>.<setting>",
        "server.keys.ci, expected: server.keys.<name>.<setting>",
        "server.keys.CI.owner, malformed name",
        "server.keys.ci.owner, 0 of sha256",
        "server.tls.key, expected: both or none",
    })
    void refusesKeysThatItDoesNotKnowOrThatLackSomething(String key, String says) {
        String value = key.endsWith("tls.key") ? "/a" : "x";
        assertThatThrownBy(() -> load(null, Map.of(key, value, "state-directory", state()), Map.of()))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining(says);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: b: c|line 1",
                "turn-timeout: 1m\nturn-timeout: 2m|line 2",
                "server: {port: 1}\nserver.port: 2|line 2, sets server.port again; it is in line 1",
                "turn-timeout: 1m\nserver:\n  port: many|line 3: server.port: 'many'",
                "\n\nturn-timout: 1m|line 3: turn-timout is not a setting",
                "- a\n- b|line 1, is not a map of settings",
                "work-dir-roots: ['/a,/b']|line 1, has a list item with a comma",
                "a: &x [1]\nb: *x|has an anchor or an alias",
                "a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}|nested too deeply",
                "a: [[1]]|single value is expected",
                "a: !!javax.script.ScriptEngineManager [1]|closest known",
            })
    void saysInWhichLineWhatIsWrong(String yamlAndMessage) {
        int bar = yamlAndMessage.lastIndexOf('|');

        assertThatThrownBy(() -> load(yamlAndMessage.substring(0, bar)))
                .isInstanceOf(HotPlexException.class)
                .hasMessageStartingWith("configuration file " + directory.resolve("my.yaml"))
                .hasMessageContaining(yamlAndMessage.substring(bar + 1));
    }

    @Test
    void saysWhyAFileCannotBeRead() throws IOException {
        Files.createDirectory(directory.resolve("d"));
        Files.write(directory.resolve("latin"), new byte[] {'a', ':', ' ', (byte) 0xe4});
        Files.writeString(directory.resolve("large"), "a: " + "x".repeat(1 << 20));

        assertThatThrownBy(() -> load("none", Map.of(), Map.of())).hasMessageEndingWith("does not exist");
        assertThatThrownBy(() -> load("d", Map.of(), Map.of())).hasMessageEndingWith("is a directory");
        assertThatThrownBy(() -> load("latin", Map.of(), Map.of())).hasMessageEndingWith("is not UTF-8");
        assertThatThrownBy(() -> load("large", Map.of(), Map.of())).hasMessageContaining("is too large");
    }

    @ParameterizedTest
    @CsvSource({"IDLE_TIMEOUT, soon", "IDLE_TIMEOUT, 1h x", "PORT, many", "PORT, 70000", "HOTPLEX_ALLOWED_ORIGINS, here"
    })
    void refusesVariablesThatCannotBeReadNamingThem(String variable, String value) {
        assertThatThrownBy(() -> load(null, Map.of("state-directory", state()), Map.of(variable, value)))
                .hasMessageStartingWith(variable + ": ");
    }

    @Test
    void saysThatADefaultDirectoryIsOutsideOfTheRoots() throws IOException {
        assertThat(load("work-dir-roots: [/srv]\nserver: {default-work-dir: /srv/../home/work}\n")
                        .notices())
                .singleElement()
                .asString()
                .contains("server.default-work-dir, /home/work, is in none of work-dir-roots");
        assertThat(load("work-dir-roots: [/srv]\nserver: {default-work-dir: /srv/work}\n")
                        .notices())
                .isEmpty();
        assertThat(load("server: {default-work-dir: /anywhere}\n").notices()).isEmpty();
    }

    @Test
    void thePackagedFileIsRightAndServesClientsThatNameNoDirectory() {
        Path packaged =
                Path.of("../packaging/config/hotplex.yaml").toAbsolutePath().normalize();

        Settings settings = load(packaged.toString(), Map.of(), Map.of());

        assertThat(settings.notices()).isEmpty();
        assertThat(settings.engine().get(EngineConfig.WORK_DIR_ROOTS)).hasSize(2);
    }
}
