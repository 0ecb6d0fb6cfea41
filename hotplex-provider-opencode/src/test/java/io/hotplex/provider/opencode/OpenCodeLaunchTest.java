package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.LaunchRequest.Mode;
import io.hotplex.api.spi.ProviderConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the settings of the provider, and of a session, do to the server that is started. */
class OpenCodeLaunchTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    @TempDir
    Path directory;

    @Test
    void commandAndItsArgumentsComeFirst() {
        assertThat(launch("command-args", "a,b").command()).startsWith(JAVA, "a", "b");
    }

    @Test
    void variablesAreAddedAndInheritedByName() {
        Launch launch = launch("environment.ACME_KEY", "k1", "inherit", "ACME_URL,TEAM_*");

        assertThat(launch.environment()).containsEntry("ACME_KEY", "k1");
        assertThat(launch.inherit()).contains("ACME_URL", "TEAM_*");
        assertThat(launch().inherit()).doesNotContain("ACME_URL", "TEAM_*");
    }

    @Test
    void snapshotsAreOffUnlessConfigured() {
        assertThat(launch().environment()).containsEntry("OPENCODE_CONFIG_CONTENT", "{\"snapshot\":false}");
        assertThat(launch("snapshots", "on").environment())
                .containsEntry("OPENCODE_CONFIG_CONTENT", "{\"snapshot\":true}");
        assertThat(launch("snapshots", "config").environment()).doesNotContainKey("OPENCODE_CONFIG_CONTENT");
        assertThat(launch("environment.OPENCODE_CONFIG_CONTENT", "{\"snapshot\":true,\"x\":1}")
                        .environment())
                .as("what somebody set counts more")
                .containsEntry("OPENCODE_CONFIG_CONTENT", "{\"snapshot\":true,\"x\":1}");
    }

    @Test
    void toolsAndThePermissionModeBecomeRules() {
        assertThat(rules()).contains("\"*\":\"ask\"");
        assertThat(rules("permission-mode", "allow", "allow-permission-bypass", "true"))
                .isEqualTo("{\"*\":\"allow\"}");
        assertThat(rules("tools", "bash")).startsWith("{\"*\":\"deny\"").contains("\"bash\":\"ask\"");
        assertThat(rules("allowed-tools", "bash")).contains("\"bash\":\"allow\"");
        assertThat(rules("disallowed-tools", "webfetch")).contains("\"webfetch\":\"deny\"");
        assertThat(launch("permission-mode", "config").environment()).doesNotContainKey("OPENCODE_PERMISSION");
    }

    @Test
    void whatASessionSaysTakesThePlaceOfWhatTheProviderSays() {
        SessionSpec spec = SessionSpec.builder("s", directory)
                .permissionMode("config")
                .tools(new ToolRules(List.of("read"), List.of("read"), List.of("bash")))
                .build();

        assertThat(launch(spec, "tools", "bash", "allowed-tools", "bash", "disallowed-tools", "webfetch")
                        .environment()
                        .get("OPENCODE_PERMISSION"))
                .isEqualTo("{\"*\":\"deny\",\"read\":\"allow\",\"webfetch\":\"deny\",\"bash\":\"deny\"}");
    }

    @Test
    void everythingUnaskedIsRefusedUnlessItMayBe() {
        assertThatThrownBy(() -> launch("permission-mode", "allow"))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .hasMessageContaining("allow-permission-bypass");
        SessionSpec spec =
                SessionSpec.builder("s", directory).permissionMode("allow").build();
        assertThatThrownBy(() -> provider().check(spec))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_SUPPORTED));
        provider("allow-permission-bypass", "true").check(spec);
    }

    private String rules(String... settings) {
        return String.valueOf(launch(settings).environment().get("OPENCODE_PERMISSION"));
    }

    private Launch launch(String... settings) {
        return launch(SessionSpec.builder("s", directory).build(), settings);
    }

    private Launch launch(SessionSpec spec, String... settings) {
        return provider(settings).launch(new LaunchRequest(spec, new LaunchRequest.Start(Mode.NEW, "c", null)));
    }

    private static OpenCodeProvider provider(String... settings) {
        ProviderConfig config = ProviderConfig.of("opencode").with("command", JAVA);
        for (int i = 0; i < settings.length; i += 2) {
            config = config.with(settings[i], settings[i + 1]);
        }
        return (OpenCodeProvider) new OpenCodeProviderFactory().create(config);
    }

    // ---- guards

    @Test
    void withGuardsEverythingAsksAndThePluginIsThere() throws IOException {
        Launch launch = guarded(
                SessionSpec.builder("s", directory).build(),
                "environment.XDG_STATE_HOME",
                directory.toString(),
                "environment.OPENCODE_CONFIG_CONTENT",
                "{\"plugin\":[\"file:///theirs.js\"]}");

        Path plugin = directory.resolve("opencode/hotplex/guard.mjs");
        assertThat(launch.environment().get("OPENCODE_PERMISSION")).contains("\"grep\":\"ask\"", "\"read\":\"ask\"");
        assertThat(launch.environment().get("OPENCODE_CONFIG_CONTENT"))
                .isEqualTo("{\"snapshot\":false,\"plugin\":[\"file:///theirs.js\",\"" + plugin.toUri() + "\"]}");
        assertThat(launch.readOnly()).contains(plugin);
        assertThat(plugin).content().contains("tool.execute.before");
        Files.writeString(plugin, "changed");
        guarded(SessionSpec.builder("s", directory).build(), "environment.XDG_STATE_HOME", directory.toString());
        assertThat(plugin).content().contains("tool.execute.before");
    }

    @Test
    void guardsHearOfCallsUnlessOpenCodesOwnRulesDecideWhatIsAsked() {
        assertThat(provider().capabilities()).contains(Capability.TOOL_GUARD);
        assertThat(provider("permission-mode", "config").capabilities()).doesNotContain(Capability.TOOL_GUARD);
        SessionSpec spec =
                SessionSpec.builder("s", directory).permissionMode("config").build();
        assertThatThrownBy(() -> guarded(spec, "environment.XDG_STATE_HOME", directory.toString()))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_SUPPORTED))
                .hasMessageContaining("config");
    }

    @Test
    void aPluginThatCannotBeWrittenKeepsTheAgentFromStarting() throws IOException {
        Path file = Files.writeString(directory.resolve("file"), "");

        assertThatThrownBy(() -> guarded(
                        SessionSpec.builder("s", directory).build(), "environment.XDG_STATE_HOME", file.toString()))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_START_FAILED));
    }

    private static Launch guarded(SessionSpec spec, String... settings) {
        return provider(settings).launch(new LaunchRequest(spec, new LaunchRequest.Start(Mode.NEW, "c", null), true));
    }
}
