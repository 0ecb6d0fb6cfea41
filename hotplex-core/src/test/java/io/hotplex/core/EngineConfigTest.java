package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.core.config.ConfigKey;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EngineConfigTest {
    @Test
    void hasTheDocumentedDefaults() {
        EngineConfig config = EngineConfig.builder().build();

        assertThat(config.get(EngineConfig.NAMESPACE)).isEqualTo("default");
        assertThat(config.get(EngineConfig.STATE_DIRECTORY))
                .isEqualTo(Path.of(System.getProperty("user.home"), ".hotplex"));
        assertThat(config.get(EngineConfig.WORK_DIR_ROOTS)).isEmpty();
        assertThat(config.get(EngineConfig.TURN_TIMEOUT)).isEqualTo(Duration.ofMinutes(30));
        assertThat(config.get(EngineConfig.PROMPT_MAX_BYTES)).isEqualTo(16L << 20);
        assertThat(config.launcherConfig())
                .isEqualTo(LauncherConfig.builder()
                        .stateDirectory(config.get(EngineConfig.STATE_DIRECTORY))
                        .build());
    }

    @Test
    void listsEveryKeyConstantInKebabCaseWithADescription() throws IllegalAccessException {
        List<Object> constants = new ArrayList<>();
        for (var field : EngineConfig.class.getDeclaredFields()) {
            if (field.getType() == ConfigKey.class && Modifier.isPublic(field.getModifiers())) {
                ConfigKey<?> key = (ConfigKey<?>) field.get(null);
                assertThat(key.name())
                        .isEqualTo(field.getName()
                                .toLowerCase(java.util.Locale.ROOT)
                                .replace('_', '-'));
                assertThat(key.description()).isNotBlank().doesNotContain("\n").endsWith(".");
                assertThat(key.parse(key.defaultText())).isEqualTo(key.defaultValue());
                constants.add(key);
            }
        }

        assertThat(new ArrayList<Object>(EngineConfig.keys()))
                .isEqualTo(constants)
                .hasSizeGreaterThan(30);
    }

    @Test
    void readsWhatItPrints() {
        EngineConfig config = EngineConfig.fromProperties(Map.of(
                "turn-timeout", "90s",
                "idle-timeout", "1500ms",
                "max-line-bytes", "16KiB",
                "work-dir-roots", "/srv/a, /srv/b",
                "inherit-environment", "LANG,AWS_*",
                "launcher", "portable"));

        EngineConfig again = EngineConfig.fromProperties(config.toProperties());

        assertThat(again.toString()).isEqualTo(config.toString());
        assertThat(again.get(EngineConfig.WORK_DIR_ROOTS)).containsExactly(Path.of("/srv/a"), Path.of("/srv/b"));
        assertThat(again.launcherConfig())
                .isEqualTo(LauncherConfig.builder()
                        .kind("portable")
                        .stateDirectory(again.get(EngineConfig.STATE_DIRECTORY))
                        .maxLineBytes(16 << 10)
                        .inherit(List.of("LANG", "AWS_*"))
                        .build());
        assertThat(config).hasToString(again.toString()).asString().contains("turn-timeout=90s", "idle-timeout=1500ms");
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource({
        "turn-timeout, 0s",
        "turn-timeout, soon",
        "turn-timeout, -5s",
        "turn-timeout, 400d",
        "first-output-timeout, 0ms",
        "merge-backlog, 0",
        "max-sessions, many",
        "max-sessions, 99999999999",
        "io-threads, 65",
        "prompt-max-bytes, 16MB",
        "prompt-max-bytes, 999999999999999GiB",
        "launcher, docker",
        "state-directory, relative/dir",
        "work-dir-roots, '/ok,relative'",
        "inherit-environment, A=B",
        "namespace, ''",
        "default-provider, Claude Code"
    })
    void refusesABadValueNamingKeyValueAndExpectation(String name, String value) {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> EngineConfig.fromProperties(Map.of(name, value)))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .withMessageStartingWith(name + ": '")
                .withMessageContaining("(expected: ");
    }

    @ParameterizedTest(name = "{0} -> {1}")
    @CsvSource({"max-procesess, max-processes", "turn_timeout, turn-timeout", "workdir-roots, work-dir-roots"})
    void namesTheClosestKeyForAnUnknownOne(String given, String closest) {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> EngineConfig.fromProperties(Map.of(given, "1")))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .withMessageContainingAll(given, closest);
    }

    @Test
    void checksValuesThatAreSetInCode() {
        EngineConfig.Builder builder = EngineConfig.builder();

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> builder.set(EngineConfig.TURN_TIMEOUT, Duration.ZERO))
                .withMessageContaining("turn-timeout");
        List<String> names = new ArrayList<>(Arrays.asList("A", "B"));
        EngineConfig config =
                builder.set(EngineConfig.INHERIT_ENVIRONMENT, names).build();
        names.clear();
        assertThat(config.get(EngineConfig.INHERIT_ENVIRONMENT)).containsExactly("A", "B");
    }

    @Test
    void refusesASessionsJournalThatIsLargerThanAllJournals() {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> EngineConfig.fromProperties(Map.of("journal-max-bytes", "1MiB")))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .withMessageContainingAll("journal-max-bytes-per-session", "16MiB", "1MiB");
    }

    @Test
    void refusesPromptsThatTheInputQueueOfAnAgentCannotHold() {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> EngineConfig.fromProperties(Map.of("prompt-max-bytes", "33MiB")))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .withMessageContainingAll("stdin-queue-bytes", "64MiB", "prompt-max-bytes", "33MiB");
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> EngineConfig.fromProperties(Map.of("stdin-queue-bytes", "64KiB")))
                .withMessageContaining("at least 2 times prompt-max-bytes");
        EngineConfig fits = EngineConfig.fromProperties(Map.of("prompt-max-bytes", "32MiB"));
        assertThat(fits.get(EngineConfig.PROMPT_MAX_BYTES)).isEqualTo(32L << 20);
    }
}
