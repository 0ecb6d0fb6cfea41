package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProviderConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each setting and each part of a specification reaches the command line or the environment, and nothing else does. */
@NullMarked
class ClaudeLaunchTest {
    private static final String ID = "3b241101-e2bb-4255-8caf-4136c566a962";
    private static final String OTHER = "f47ac10b-58cc-4372-a567-0e02b2c3d479";
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final LaunchRequest.Start NEW = new LaunchRequest.Start(LaunchRequest.Mode.NEW, ID, null);

    private static ProviderConfig config(String... keysAndValues) {
        ProviderConfig config = ProviderConfig.of("claude").with("command", JAVA);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            config = config.with(keysAndValues[i], keysAndValues[i + 1]);
        }
        return config;
    }

    private static SessionSpec.Builder spec() {
        return SessionSpec.builder("s", Path.of("/"));
    }

    private static ClaudeProvider provider(ProviderConfig config, Map<String, String> parent) {
        return new ClaudeProvider("claude", ClaudeSettings.of(config), parent::get);
    }

    private static Launch launch(ProviderConfig config, SessionSpec spec) {
        return provider(config, Map.of()).launch(new LaunchRequest(spec, NEW));
    }

    private static List<String> arguments(ProviderConfig config) {
        return launch(config, spec().build()).command();
    }

    private static void refused(ErrorCode code, String part, ProviderConfig config, SessionSpec spec) {
        assertThatThrownBy(() -> provider(config, Map.of()).check(spec))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining(part)
                .extracting(e -> ((HotPlexException) e).code())
                .isEqualTo(code);
    }

    private static void invalid(String part, ProviderConfig config) {
        assertThatThrownBy(() -> ClaudeSettings.of(config))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining(part)
                .extracting(e -> ((HotPlexException) e).code())
                .isEqualTo(ErrorCode.CONFIG_INVALID);
    }

    @Test
    void startsTheProtocolAndNothingMore() {
        assertThat(arguments(config()))
                .containsExactly(
                        JAVA,
                        "-p",
                        "--input-format",
                        "stream-json",
                        "--output-format",
                        "stream-json",
                        "--verbose",
                        "--include-partial-messages",
                        "--replay-user-messages",
                        "--permission-prompt-tool",
                        "stdio",
                        "--session-id=" + ID,
                        "--permission-mode=default",
                        "--setting-sources=user,project,local");
    }

    @Test
    void whereGuardsLookNoSettingsFileHasASayAboutHooks(@TempDir Path directory) throws Exception {
        String ours = "--settings={\"env\":{\"CLAUDE_CODE_SIMPLE\":\"0\"},\"disableAllHooks\":true}";
        assertThat(guarded(config())).endsWith(ours);
        assertThat(arguments(config())).noneMatch(argument -> argument.startsWith("--settings"));

        Path file = Files.writeString(
                directory.resolve("s.json"), "{\"model\":\"opus\",\"disableAllHooks\":false,\"env\":{\"A\":\"b\"}}");
        assertThat(guarded(config("extra-args", "--settings," + file + ",--ide")))
                .endsWith(
                        "--ide",
                        "--settings={\"model\":\"opus\",\"disableAllHooks\":true,"
                                + "\"env\":{\"A\":\"b\",\"CLAUDE_CODE_SIMPLE\":\"0\"}}");
        assertThat(guarded(config("extra-args", "--settings={}"))).endsWith(ours);
        assertThatThrownBy(() -> guarded(config("extra-args", "--settings=/nowhere/s.json")))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("--settings");
    }

    private static List<String> guarded(ProviderConfig config) {
        return provider(config, Map.of())
                .launch(new LaunchRequest(spec().build(), NEW, true))
                .command();
    }

    @Test
    void oneThatRunsBareTellsOfNoToolCalls() {
        for (ProviderConfig bare : List.of(config("bare", "true"), config("extra-args", "--bare"))) {
            assertThat(provider(bare, Map.of()).capabilities()).doesNotContain(Capability.TOOL_GUARD);
        }
        assertThat(provider(config(), Map.of()).capabilities()).contains(Capability.TOOL_GUARD);
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            delimiter = '|',
            value = {
                "model|opus|--model=opus",
                "permission-mode|plan|--permission-mode=plan",
                "tools|Read,Bash|--tools=Read,Bash",
                "tools|''|--tools=",
                "allowed-tools|Read,Bash(git log:*, git diff:*)|--allowedTools=Read,Bash(git log:*, git diff:*)",
                "disallowed-tools|Bash(rm:*)|--disallowedTools=Bash(rm:*)",
                "system-prompt|Be brief.|--system-prompt=Be brief.",
                "append-system-prompt|--dangerously-skip-permissions|--append-system-prompt=--dangerously-skip-permissions",
                "mcp-config|/etc/mcp.json|--mcp-config=/etc/mcp.json",
                "setting-sources|''|--setting-sources=",
                "setting-sources|user|--setting-sources=user",
                "max-turns|7|--max-turns=7",
                "bare|true|--bare",
                "extra-args|--add-dir,/srv/x|/srv/x"
            })
    void passesASettingOn(String key, String value, String argument) {
        assertThat(arguments(config(key, value))).contains(argument);
    }

    @Test
    void passesOnStrictMcpConfigAndArgumentsOfAWrapper() {
        assertThat(arguments(config("mcp-config", "{}", "strict-mcp-config", "true")))
                .contains("--strict-mcp-config");
        assertThat(arguments(config("command-args", "--yes,claude-pkg")).subList(1, 4))
                .containsExactly("--yes", "claude-pkg", "-p");
    }

    @Test
    void asksForTheMeansToSkipPermissionsOnlyWhenAllowed() {
        String flag = "--allow-dangerously-skip-permissions";

        assertThat(arguments(config())).doesNotContain(flag);
        assertThat(arguments(config("allow-permission-bypass", "true"))).contains(flag, "--permission-mode=default");
    }

    @Test
    void namesItsStateAndMakesItForASandbox(@TempDir Path home) throws Exception {
        Confinement sandbox = Confinement.of(Confinement.Kind.BUBBLEWRAP);

        assertThat(launch(config("environment.HOME", home.toString()), spec().build())
                        .writable())
                .containsExactly(home.resolve(".claude"), home.resolve(".claude.json"));
        assertThat(home.resolve(".claude")).doesNotExist();
        launch(
                config("environment.HOME", home.toString()),
                spec().confinement(sandbox).build());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(".claude"))))
                .isEqualTo("rwx------");
        for (String file : List.of(".claude.json", ".claude/settings.json", ".claude/settings.local.json")) {
            assertThat(home.resolve(file)).hasContent("{}");
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(file))))
                    .isEqualTo("rw-------");
        }
        Path other = home.resolve("other");
        assertThat(launch(
                                config("environment.CLAUDE_CONFIG_DIR", other.toString()),
                                spec().confinement(sandbox).build())
                        .writable())
                .containsExactly(other);
        assertThat(other).isDirectory();
    }

    @Test
    void settingsThatAreThereStayAndAreNotTheAgentsToChange(@TempDir Path home) throws Exception {
        Path settings = Files.createDirectory(home.resolve(".claude")).resolve("settings.json");
        Files.writeString(settings, "{\"model\":\"opus\"}");
        Launch launch = launch(
                config("environment.HOME", home.toString()),
                spec().confinement(Confinement.of(Confinement.Kind.BUBBLEWRAP)).build());

        assertThat(settings).hasContent("{\"model\":\"opus\"}");
        assertThat(launch.readOnly()).containsExactly(settings, home.resolve(".claude/settings.local.json"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"local,local", "../etc,sha256.", "Local,sha256.", "sha256.x,sha256."})
    void anOwnerMayHaveADirectoryOfItsOwn(String owner, String name, @TempDir Path base) {
        Launch launch = launch(
                config("config-directories", base.toString()),
                spec().owner(owner)
                        .confinement(Confinement.of(Confinement.Kind.BUBBLEWRAP))
                        .build());

        Path directory = Path.of(String.valueOf(launch.environment().get("CLAUDE_CONFIG_DIR")));
        assertThat(directory).hasParent(base).isDirectory();
        assertThat(directory.getFileName().toString()).startsWith(name);
        assertThat(launch.writable()).containsExactly(directory);
    }

    @Test
    void setsTheEnvironment() {
        Launch launch = launch(
                config("max-retries", "3", "environment.FOO", "bar", "inherit", "MY_*,OTHER"),
                spec().environment("BAZ", "qux").build());

        assertThat(launch.environment())
                .containsOnly(
                        Map.entry("DISABLE_AUTOUPDATER", "1"),
                        Map.entry("DISABLE_TELEMETRY", "1"),
                        Map.entry("DISABLE_ERROR_REPORTING", "1"),
                        Map.entry("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
                        Map.entry("CLAUDE_CODE_SDK_READS_SESSION_STATE", "1"),
                        Map.entry("CLAUDE_CODE_MAX_RETRIES", "3"),
                        Map.entry("FOO", "bar"),
                        Map.entry("BAZ", "qux"));
        assertThat(launch.inherit())
                .contains("ANTHROPIC_*", "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR", "MY_*", "OTHER")
                .doesNotContain("AWS_*", "GOOGLE_*", "CLAUDE_CODE_*", "CLAUDECODE");
    }

    @Test
    void takesCloudKeysOverOnlyForThatCloud() {
        LaunchRequest request = new LaunchRequest(spec().build(), NEW);

        assertThat(provider(config(), Map.of("CLAUDE_CODE_USE_BEDROCK", "1"))
                        .launch(request)
                        .inherit())
                .contains("AWS_*", "CLAUDE_CODE_USE_BEDROCK")
                .doesNotContain("GOOGLE_*");
        assertThat(provider(config("environment.CLAUDE_CODE_USE_VERTEX", "true"), Map.of())
                        .launch(request)
                        .inherit())
                .contains("GOOGLE_*", "CLAUDE_CODE_USE_VERTEX")
                .doesNotContain("AWS_*");
        SessionSpec greedy = spec().environment("CLAUDE_CODE_USE_BEDROCK", "1")
                .environment("CLAUDE_CODE_USE_VERTEX", "1")
                .build();
        assertThat(launch(config(), greedy).inherit())
                .doesNotContain("AWS_*", "GOOGLE_*", "CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX");
        assertThat(provider(config(), Map.of("CLAUDE_CODE_USE_BEDROCK", "0"))
                        .launch(request)
                        .inherit())
                .doesNotContain("AWS_*");
    }

    @Test
    void prefersWhatTheSessionSays() {
        SessionSpec spec = spec().model("haiku")
                .permissionMode("acceptEdits")
                .systemPrompt("A")
                .appendSystemPrompt("B")
                .mcpConfig("{\"mcpServers\":{}}")
                .strictMcpConfig(true)
                .tools(new ToolRules(List.of(), List.of("Read"), List.of("Write")))
                .environment("FOO", "session")
                .build();
        Launch launch = launch(
                config(
                        "model", "opus",
                        "permission-mode", "plan",
                        "system-prompt", "a",
                        "append-system-prompt", "b",
                        "mcp-config", "/x",
                        "tools", "Bash",
                        "allowed-tools", "Grep",
                        "disallowed-tools", "Bash",
                        "environment.FOO", "provider"),
                spec);

        assertThat(launch.command())
                .contains(
                        "--model=haiku",
                        "--permission-mode=acceptEdits",
                        "--system-prompt=A",
                        "--append-system-prompt=B",
                        "--mcp-config={\"mcpServers\":{}}",
                        "--strict-mcp-config",
                        "--tools=",
                        "--allowedTools=Read",
                        "--disallowedTools=Bash,Write");
        assertThat(launch.environment()).containsEntry("FOO", "session");
    }

    @Test
    void resumesAndForks() {
        ClaudeProvider provider = provider(config(), Map.of());
        LaunchRequest resume =
                new LaunchRequest(spec().build(), new LaunchRequest.Start(LaunchRequest.Mode.RESUME, ID, null));
        LaunchRequest fork =
                new LaunchRequest(spec().build(), new LaunchRequest.Start(LaunchRequest.Mode.FORK, ID, OTHER));

        assertThat(provider.launch(resume).command())
                .contains("--resume=" + ID)
                .doesNotContain("--fork-session", "--session-id=" + ID);
        assertThat(provider.launch(fork).command())
                .containsSubsequence("--resume=" + OTHER, "--fork-session", "--session-id=" + ID);
    }

    @Test
    void looksTheProgramUpOnThePathThatTheChildWillHave() {
        Path bin = Path.of(System.getProperty("java.home"), "bin");
        ProviderConfig config = ProviderConfig.of("claude").with("command", "java");
        SessionSpec spec = spec().environment("PATH", bin.toString()).build();
        ClaudeProvider provider = provider(config, Map.of("PATH", "/nowhere"));

        provider.check(spec);
        assertThat(provider.launch(new LaunchRequest(spec, NEW)).command().get(0))
                .isEqualTo(bin.resolve("java").toAbsolutePath().toString());
        refused(ErrorCode.PROVIDER_UNAVAILABLE, "npm install", config, spec().build());
    }

    @Test
    void refusesWhatCannotWork() {
        refused(ErrorCode.NOT_SUPPORTED, "allow-permission-bypass", config(), mode("bypassPermissions"));
        refused(ErrorCode.INVALID_ARGUMENT, "permissionMode", config(), mode("nonsense"));
        refused(
                ErrorCode.INVALID_ARGUMENT,
                "mcpConfig",
                config(),
                spec().mcpConfig("[]").build());
        refused(
                ErrorCode.INVALID_ARGUMENT,
                "mcpConfig",
                config(),
                spec().mcpConfig("mcp.json").build());
        refused(
                ErrorCode.INVALID_ARGUMENT,
                "tools.available",
                config(),
                spec().tools(new ToolRules(List.of("x".repeat(200_000)), List.of(), List.of()))
                        .build());
        refused(ErrorCode.INVALID_ARGUMENT, "resumeAgentSession", config(), resumed("--x"));
        refused(
                ErrorCode.INVALID_ARGUMENT,
                "model",
                config(),
                spec().model("a\0b").build());
        refused(ErrorCode.INVALID_ARGUMENT, "systemPrompt", config(), prompted("x".repeat(200_000)));
        refused(
                ErrorCode.OPTIONS_CONFLICT,
                "Bash",
                config("disallowed-tools", "Bash"),
                spec().tools(new ToolRules(null, List.of("Bash"), List.of())).build());
        provider(config("allow-permission-bypass", "true"), Map.of()).check(mode("bypassPermissions"));
    }

    private static SessionSpec mode(String mode) {
        return spec().permissionMode(mode).build();
    }

    private static SessionSpec resumed(@Nullable String id) {
        return spec().resumeAgentSession(id).build();
    }

    private static SessionSpec prompted(String prompt) {
        return spec().systemPrompt(prompt).build();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--session-id=x",
                "-p",
                "--resume",
                "--output-format=text",
                "--permission-mode=plan",
                "--dangerously-skip-permissions"
            })
    void refusesArgumentsThatAreOurs(String argument) {
        invalid("extra-args", config("extra-args", argument));
    }

    @Test
    void refusesSettingsThatCannotWork() {
        invalid("permission-mode", config("permission-mode", "bypassPermissions"));
        invalid("strict-mcp-config", config("strict-mcp-config", "true"));
        invalid("config-directories", config("config-directories", "claude"));
        invalid(
                "config-directories",
                config("config-directories", "/srv/claude", "environment.CLAUDE_CONFIG_DIR", "/srv/one"));
        invalid("mcp-config", config("mcp-config", ".mcp.json"));
        invalid("mcp-config", config("mcp-config", "{\"mcpServers\":"));
        invalid("allowed-tools", config("allowed-tools", "Bash", "disallowed-tools", "Bash"));
        invalid("allowed-tools", config("allowed-tools", "Bash(git"));
        invalid("max-turns", config("max-turns", "0"));
        invalid("max-retries", config("max-retries", "x"));
        invalid("bare", config("bare", "yes"));
        invalid("enabled", config("enabled", "maybe"));
        invalid("command", config("command", " "));
        invalid("environment", config("environment.A=B", "x"));
    }
}
