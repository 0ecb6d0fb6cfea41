package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChildEnvironmentTest {
    private static final Map<String, String> SOURCE = Map.of(
            "PATH", "/bin",
            "LC_TIME", "C",
            "https_proxy", "http://proxy",
            "TERM", "xterm",
            "AWS_SECRET", "s",
            "ANTHROPIC_KEY", "k",
            "HOTPLEX_TOKEN", "t",
            "HOTPLEX_123456789012", "3",
            "HOTPLEX_12345678901", "x");

    @Test
    void takesTheBaseListAndMarkersOfAnOuterRunAlone() {
        assertThat(of(List.of(), spec(List.of(), Map.of())))
                .containsOnlyKeys("PATH", "LC_TIME", "https_proxy", "HOTPLEX_123456789012");
    }

    @Test
    void takesWhatConfigurationAndSpecificationName() {
        assertThat(of(List.of("AWS_*", "MISSING"), spec(List.of("ANTHROPIC_KEY"), Map.of())))
                .containsEntry("AWS_SECRET", "s")
                .containsEntry("ANTHROPIC_KEY", "k")
                .doesNotContainKey("MISSING");
    }

    @Test
    void onWindowsNamesAreEqualWhateverTheirCase() {
        Map<String, String> source = Map.of(
                "Path", "C:\\bin", "SystemRoot", "C:\\Windows", "aws_secret", "s", "Hotplex_Token", "t", "Other", "o");
        Map<String, String> environment = ChildEnvironment.windows(source, List.of("AWS_*", "hot*"))
                .of(spec(List.of("other", "HOTPLEX_*"), Map.of("PATH", "C:\\own")));

        assertThat(environment)
                .containsOnly(
                        Map.entry("Path", "C:\\own"),
                        Map.entry("SystemRoot", "C:\\Windows"),
                        Map.entry("aws_secret", "s"),
                        Map.entry("Other", "o"));
        assertThat(environment.get("PATH")).isEqualTo("C:\\own");
    }

    @Test
    void noPrefixMatchesOwnVariables() {
        assertThat(of(List.of("*"), spec(List.of("HOTPLEX_*", "HOT*"), Map.of())))
                .containsKey("TERM")
                .doesNotContainKeys("HOTPLEX_TOKEN", "HOTPLEX_12345678901");
        assertThat(of(List.of(), spec(List.of("HOTPLEX_TOKEN"), Map.of()))).containsKey("HOTPLEX_TOKEN");
    }

    @Test
    void whatTheSpecificationSetsWins() {
        assertThat(of(List.of(), spec(List.of("TERM"), Map.of("PATH", "/opt", "TERM", "dumb"))))
                .containsEntry("PATH", "/opt")
                .containsEntry("TERM", "dumb");
    }

    private static Map<String, String> of(List<String> inherit, ProcessSpec spec) {
        return new ChildEnvironment(SOURCE, inherit).of(spec);
    }

    private static ProcessSpec spec(List<String> inherit, Map<String, String> environment) {
        return new ProcessSpec("test", List.of("x"), Path.of("/"), inherit, environment);
    }
}
