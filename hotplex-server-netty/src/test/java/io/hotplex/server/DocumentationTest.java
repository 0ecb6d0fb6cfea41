package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventSchema;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.provider.claude.ClaudeProviderFactory;
import io.hotplex.provider.opencode.OpenCodeProviderFactory;
import io.hotplex.server.ChildProgram.Result;
import io.hotplex.testkit.agent.DemoAgent;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the documents say is what the code does. */
class DocumentationTest {
    private static final Path ROOT = root();
    private static final Pattern FIRST_CODE = Pattern.compile("`([^`]+)`");

    @TempDir
    Path home;

    @Test
    void readmeNamesEveryEventAndNoOther() throws IOException {
        assertThat(table("README.md", "Events").keySet()).containsExactlyInAnyOrderElementsOf(EventSchema.types());
    }

    @Test
    void eventsNamesEveryFieldAndNoOther() throws IOException {
        Map<String, List<String>> documented = table("docs/events.md", "Fields");

        Map<String, Set<String>> fields = new LinkedHashMap<>();
        documented.forEach((type, cells) -> fields.put(type, codes(cells.get(1))));

        assertThat(fields).isEqualTo(fieldsOf(AgentEvent.class));
    }

    @Test
    void readmeHasTheConfigurationTableOfTheCode() throws IOException {
        List<List<String>> expected = EngineConfig.keys().stream()
                .map(key -> List.of(code(key.name()), key.type(), code(key.defaultText()), key.description()))
                .toList();

        assertThat(table("README.md", "Configuration").values()).containsExactlyElementsOf(expected);
    }

    @Test
    void configurationHasTheTablesOfServerAndKeys() throws IOException {
        assertThat(table("docs/configuration.md", "Settings of the server").values())
                .containsExactlyElementsOf(rows(ServerConfig.keys()));
        assertThat(table("docs/configuration.md", "Settings of a key").values())
                .containsExactlyElementsOf(rows(KeyConfig.keys()));
    }

    private static List<List<String>> rows(List<ConfigKey<?>> keys) {
        return keys.stream()
                .map(key -> List.of(code(key.name()), key.type(), code(key.defaultText()), key.description()))
                .toList();
    }

    @Test
    void errorsNamesEveryCodeAndWhetherARetryCanHelp() throws IOException {
        Map<String, String> documented = new LinkedHashMap<>();
        table("docs/errors.md", "Errors").forEach((code, cells) -> documented.put(code, cells.get(3)));

        Map<String, String> expected = Arrays.stream(ErrorCode.values())
                .collect(Collectors.toMap(ErrorCode::name, code -> code.retryable() ? "yes" : "no"));
        assertThat(documented).isEqualTo(expected);
    }

    static Stream<AgentProviderFactory> agents() {
        return Stream.of(new ClaudeProviderFactory(), new OpenCodeProviderFactory());
    }

    @ParameterizedTest
    @MethodSource("agents")
    void configurationNamesEverySettingOfEachAgent(AgentProviderFactory factory) throws IOException {
        Set<String> documented = table(
                        "docs/configuration.md", "Settings of a provider of type `" + factory.type() + "`")
                .keySet();

        ProviderConfig wrong = ProviderConfig.of(factory.type()).with("no-such-key", "x");
        assertThatThrownBy(() -> factory.create(wrong))
                .isInstanceOf(HotPlexException.class)
                .hasMessageEndingWith("known: " + new TreeSet<>(documented));
    }

    @Test
    void hooksNamesEverySettingOfEveryHook() throws IOException {
        assertThat(table("docs/hooks.md", "Settings of every hook").keySet())
                .containsExactlyInAnyOrderElementsOf(EventHookFactory.COMMON_KEYS);
        for (EventHookFactory factory : ServiceLoader.load(EventHookFactory.class)) {
            HookConfig wrong = HookConfig.of("h", factory.type(), Map.of("no-such-key", "x"));
            Set<String> known = new TreeSet<>(EventHookFactory.COMMON_KEYS);
            if (!factory.type().equals("log")) {
                String heading = "Settings of a hook of type `" + factory.type() + "`";
                table("docs/hooks.md", heading).values().forEach(row -> known.addAll(codes(row.get(0))));
            }
            assertThatThrownBy(() -> factory.open(wrong, new EventHookFactory.Surroundings(home, Map.of())))
                    .isInstanceOf(HotPlexException.class)
                    .hasMessageEndingWith("known: " + known);
        }
    }

    @Test
    void exampleConfigurationIsRead() throws Exception {
        Path example = ROOT.resolve("examples/hotplex.yaml");

        Result result = new ChildProgram(home).hotplex("doctor", "--config", example.toString());

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("turn-timeout=10m", "agent planner");
    }

    @Test
    void readmeExampleRuns() throws Exception {
        String readme = Files.readString(ROOT.resolve("README.md"), StandardCharsets.UTF_8);
        Matcher block = Pattern.compile("```java\\R(.*?)```", Pattern.DOTALL).matcher(readme);
        assertThat(block.find()).isTrue();
        Path source = Files.writeString(home.resolve("Hello.java"), block.group(1), StandardCharsets.UTF_8);

        Result result = compileAndRun(source, "Hello");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("session_started")
                .contains("You said: Say hello.")
                .contains("In this session you said:")
                .doesNotContain("session_resumed");
    }

    @Test
    void approvalsExampleRuns() throws Exception {
        Result result = compileAndRun(ROOT.resolve("examples/Approvals.java"), "Approvals");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("permission for ListFiles: Allow").contains("The work directory contains");
    }

    @Test
    void observedExampleRuns() throws Exception {
        Result result = compileAndRun(ROOT.resolve("examples/Observed.java"), "Observed");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out())
                .contains("told of turn_started", "told of turn_completed")
                .contains("problem=null")
                .contains("hotplex_turns_total{provider=\"claude\",outcome=\"completed\",} 1.0")
                .contains("hotplex_hook_events_total{hook=\"out\",} 2.0");
    }

    @Test
    void linksLeadToFiles() throws IOException {
        List<String> broken = new ArrayList<>();
        Pattern link = Pattern.compile("\\]\\((?!https?:|#)([^)#]+)");
        for (Path document : documents()) {
            Matcher matcher = link.matcher(Files.readString(document, StandardCharsets.UTF_8));
            while (matcher.find()) {
                if (!Files.exists(document.resolveSibling(matcher.group(1)))) {
                    broken.add(ROOT.relativize(document) + " → " + matcher.group(1));
                }
            }
        }
        assertThat(broken).isEmpty();
    }

    @Test
    void agentsFileIsShort() throws IOException {
        assertThat(Files.readAllLines(ROOT.resolve("AGENTS.md"))).hasSizeLessThanOrEqualTo(40);
    }

    /** Runs it with the demo agent in the place of {@code claude}. */
    private Result compileAndRun(Path source, String main) throws IOException, InterruptedException {
        Path classes = Files.createDirectories(home.resolve("classes"));
        int failures = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "-cp",
                        ChildProgram.classPath(),
                        "-d",
                        classes.toString(),
                        "-Xlint:all",
                        "-Werror",
                        source.toString());
        assertThat(failures).as("compiling %s", source).isZero();
        ChildProgram child = new ChildProgram(home);
        String command =
                DemoAgent.command().stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
        Path claude = Files.writeString(
                child.path().resolve("claude"),
                "#!/bin/sh\nHOTPLEX_DEMO_HOME='" + home.resolve("demo") + "' exec " + command + " \"$@\"\n");
        assertThat(claude.toFile().setExecutable(true)).isTrue();
        return child.await(child.start(child.java(classes + File.pathSeparator + ChildProgram.classPath(), main)));
    }

    /** The rows of the first table under a heading, by the first code in them. */
    private static Map<String, List<String>> table(String document, String heading) throws IOException {
        List<String> lines = Files.readAllLines(ROOT.resolve(document), StandardCharsets.UTF_8);
        int start = lines.indexOf(lines.stream()
                .filter(line -> line.matches("#+ " + Pattern.quote(heading)))
                .findFirst()
                .orElseThrow());
        Map<String, List<String>> rows = new LinkedHashMap<>();
        for (String line : lines.subList(start, lines.size())) {
            if (line.startsWith("| `")) {
                String[] cells = line.substring(1, line.lastIndexOf('|')).split("\\|", -1);
                List<String> row = Arrays.stream(cells).map(String::strip).toList();
                rows.put(codes(row.get(0)).iterator().next(), row);
            } else if (!rows.isEmpty()) {
                break;
            }
        }
        return rows;
    }

    private static Set<String> codes(String cell) {
        return FIRST_CODE.matcher(cell).results().map(code -> code.group(1)).collect(Collectors.toSet());
    }

    private static String code(String text) {
        return text.isEmpty() ? "" : "`" + text + "`";
    }

    private static Map<String, Set<String>> fieldsOf(Class<?> events) {
        Map<String, Set<String>> fields = new LinkedHashMap<>();
        for (Class<?> type : events.getPermittedSubclasses()) {
            if (type.isSealed()) {
                fields.putAll(fieldsOf(type));
            } else {
                fields.put(
                        snakeCase(type.getSimpleName()),
                        Arrays.stream(type.getRecordComponents())
                                .map(DocumentationTest::field)
                                .collect(Collectors.toSet()));
            }
        }
        return fields;
    }

    private static String field(RecordComponent component) {
        return snakeCase(component.getName()) + (component.getType() == Duration.class ? "_ms" : "");
    }

    private static String snakeCase(String camel) {
        return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"));
                Stream<Path> top = Files.list(ROOT);
                Stream<Path> examples = Files.list(ROOT.resolve("examples"))) {
            return Stream.of(docs, top, examples)
                    .flatMap(paths -> paths)
                    .filter(path -> path.toString().endsWith(".md"))
                    .toList();
        }
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.exists(directory.resolve("hotplex-api"))) {
            directory = Objects.requireNonNull(directory.getParent(), "not inside of the project");
        }
        return directory;
    }
}
