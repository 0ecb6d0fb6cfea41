package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.server.ChildProgram.Result;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The program as its users see it: a process with arguments, streams and an exit code. */
class MainTest {
    @TempDir
    Path home;

    private ChildProgram child;

    @BeforeEach
    void prepare() throws IOException {
        child = new ChildProgram(home);
    }

    @AfterEach
    void nothingIsLeft() {
        await().atMost(Duration.ofSeconds(20)).until(() -> child.survivors().isEmpty());
    }

    @Test
    void answersWithTheDemoAgentWhereNoOtherIsInstalledAndSaysSo() throws Exception {
        Result result = child.hotplex("run", "say", "hello");

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("You said: say hello").endsWith("\n");
        assertThat(result.err())
                .contains("the demo agent answers")
                .contains("npm install")
                .contains("session run-");
    }

    @Test
    void writesOneEventALine() throws Exception {
        Result result = child.hotplex("run", "--provider", "demo", "--json", "--session", "j", "remember this");

        assertThat(result.exitCode()).as(result.err()).isZero();
        List<EventRecord> records = records(result.out());
        assertThat(records).extracting(EventRecord::sessionId).containsOnly("j");
        assertThat(records.get(0).offset()).isEqualTo(1);
        assertThat(records.get(records.size() - 1).event()).isInstanceOf(AgentEvent.TurnCompleted.class);
        assertThat(records)
                .filteredOn(record -> record.event() instanceof AgentEvent.Terminal)
                .hasSize(1);
        assertThat(result.err()).isEmpty();
    }

    @Test
    void continuesASession() throws Exception {
        Result first = child.hotplex("run", "--provider", "demo", "--session", "cat", "remember that my cat is Zoé");
        Result second = child.hotplex("run", "--provider", "demo", "--session", "cat", "what did I say?");

        assertThat(first.exitCode()).as(first.err()).isZero();
        assertThat(second.exitCode()).as(second.err()).isZero();
        assertThat(second.out()).contains("my cat is Zoé");
    }

    @Test
    void readsThePromptFromStandardInput() throws Exception {
        Process process = child.start(child.hotplexCommand("run", "--provider", "demo", "-"));
        process.getOutputStream().write("line one\nline two".getBytes(StandardCharsets.UTF_8));
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isZero();
        assertThat(result.out()).contains("You said: line one\nline two");
    }

    @Test
    void deniesWhatItCannotAskAndRunsWhatIsAllowed() throws Exception {
        Result denied = child.hotplex("run", "--provider", "demo", "use a tool");
        Result allowed = child.hotplex("run", "--provider", "demo", "--allowed-tools", "ListFiles", "use a tool");

        assertThat(denied.err()).contains("needs a permission, and there is no terminal to ask on");
        assertThat(allowed.err()).contains("● ListFiles").contains("✓").doesNotContain("needs a permission");
        assertThat(allowed.out()).contains("bin/");
    }

    /** As {@code java -jar} does it: no script has told which streams are a terminal. */
    @Test
    void asksOnATerminalThatNoScriptToldOf() throws Exception {
        Path pty = Path.of("/usr/bin/script");
        assumeThat(pty).as("util-linux's script makes a terminal").isExecutable();
        String command = child.hotplexCommand("run", "--provider", "demo", "use a tool").stream()
                .map(word -> "'" + word + "'")
                .collect(Collectors.joining(" "));
        Process process = child.start(List.of(pty.toString(), "-q", "-e", "-c", command, "/dev/null"));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("[y]es, [N]o"));

        process.getOutputStream().write("y\n".getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("The work directory contains"));

        assertThat(child.await(process).exitCode()).as(child.out()).isZero();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "2 | PROMPT_EMPTY | run,",
                "2 | the prompt is missing | run",
                "2 | WORK_DIR_NOT_FOUND | run,--work-dir,nowhere,hi",
                "2 | WORK_DIR_NOT_A_DIRECTORY | run,--work-dir,a-file,hi",
                "2 | PROVIDER_UNKNOWN | run,--provider,nope,hi",
                "2 | SESSION_ID_INVALID | run,--session,a b,hi",
                "2 | closest known: turn-timeout | run,--set,turn-timout=1m,hi",
                "2 | CONFIG_INVALID | run,--set,turn-timeout=soon,hi",
                "2 | provider.claude.modell | run,--set,provider.claude.modell=x,hi",
                "2 | configuration file | run,--config,none.properties,hi",
                "2 | --sesion is not an option | run,--sesion,x,hi",
                "2 | permissionMode | run,--permission-mode,nope,hi",
                "2 | is not a command | frob",
                "2 | --session was given 2 times | run,--session,a,--session,b,hi",
                "3 | PROVIDER_UNAVAILABLE | run,--provider,claude,hi",
            })
    void saysWhatIsWrong(int exitCode, String message, String line) throws Exception {
        Files.writeString(home.resolve("a-file"), "");

        Result result = child.hotplex(line.split(",", -1));

        assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
        assertThat(result.err()).startsWith("hotplex: ").contains(message).doesNotContain("\tat ");
        assertThat(result.out()).isEmpty();
    }

    @Test
    void resolvesARelativeWorkDirectory() throws Exception {
        Files.createDirectories(home.resolve("sub/inner-name"));

        Result result = child.hotplex(
                "run", "--provider", "demo", "--work-dir", "sub", "--allowed-tools", "ListFiles", "use a tool");

        assertThat(result.out()).contains("inner-name");
    }

    @Test
    void showsWhereAnErrorComesFromOnlyWhenAsked() throws Exception {
        Result result = child.hotplex("run", "--debug", "--provider", "nope", "hi");

        assertThat(result.err()).contains("HotPlexException").contains("\tat ");
    }

    @Test
    void interruptsTheTurn() throws Exception {
        assumeThat(interruptsAreIgnored())
                .as("SIGINT is ignored by this JVM's children")
                .isFalse();
        Process process = child.start(longRun(""));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("w1 w2"));

        interrupt(process);
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isEqualTo(130);
        assertThat(result.err()).contains("interrupting").endsWith("interrupted\n");
    }

    @Test
    void leavesAtOnceWhenItIsInterruptedTwice() throws Exception {
        assumeThat(interruptsAreIgnored())
                .as("SIGINT is ignored by this JVM's children")
                .isFalse();
        Process process = child.start(longRun(",--fault=ignore-interrupt,--at=ready", "--set=interrupt-grace=10m"));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("w1 w2"));

        interrupt(process);
        await().atMost(Duration.ofSeconds(10)).until(() -> child.err().contains("interrupting"));
        interrupt(process);
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isEqualTo(130);
    }

    @Test
    void aTerminationSignalCancelsTheTurnFirst() throws Exception {
        Process process = child.start(longRun("", "--json"));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("text_delta"));

        process.destroy();
        Result result = child.await(process);

        assertThat(result.exitCode()).as(result.err()).isEqualTo(143);
        assertThat(result.out()).contains("turn_cancelled");
    }

    @Test
    void theSecondTerminationSignalEndsItAtOnceAndTheAgentAsWell() throws Exception {
        Process process = child.start(longRun(
                ",--fault=ignore-interrupt,--at=ready", "--set=interrupt-grace=10m", "--set=shutdown-timeout=10m"));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("w1 w2"));

        await().atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> {
                    process.destroy(); // two signals at the same time are one
                    return !process.isAlive();
                });

        assertThat(child.await(process).exitCode()).isEqualTo(143);
        await().atMost(Duration.ofSeconds(10)).until(() -> child.survivors().isEmpty());
    }

    @Test
    void leavesNothingBehindWhenItIsTerminated() throws Exception {
        Process process = child.start(longRun(""));
        await().atMost(Duration.ofSeconds(40)).until(() -> child.out().contains("w1 w2"));

        process.destroy();

        assertThat(child.await(process).exitCode()).isEqualTo(143);
    }

    /** A turn of an agent that talks until it is stopped, however slow the machine is. */
    private List<String> longRun(String agentArguments, String... options) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> arguments = new ArrayList<>(List.of("run"));
        arguments.addAll(List.of(options));
        arguments.addAll(List.of(
                "--set=provider.talker.type=claude",
                "--set=provider.talker.command=" + java,
                "--set=provider.talker.command-args=" + ScriptedAgent.class.getName() + agentArguments,
                "--set=provider.talker.environment.CLASSPATH=" + ChildProgram.classPath(),
                "--set=provider.talker.environment.HOTPLEX_DEMO_HOME=" + home,
                "SAY 100000 PACE 20"));
        return child.hotplexCommand(arguments.toArray(String[]::new));
    }

    @Test
    void endsWhenNobodyReadsAnyMore() throws Exception {
        List<String> command = child.hotplexCommand("run", "--provider", "demo", "word ".repeat(20_000));
        ProcessBuilder builder = new ProcessBuilder(command).directory(home.toFile());
        builder.environment().put("HOME", home.toString());
        builder.redirectError(home.resolve("err").toFile());
        Process process = builder.start();

        try (BufferedReader reader =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(reader.readLine()).startsWith("Hello!");
        }

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        assertThat(child.err()).doesNotContain("Exception");
    }

    @Test
    void doctorFindsTheDemoAgent() throws Exception {
        Result result = child.hotplex("doctor");

        assertThat(result.exitCode()).as(result.out() + result.err()).isZero();
        assertThat(result.out())
                .contains("✓ java: ")
                .contains("✓ launcher: ")
                .contains("✓ confinement bubblewrap: ")
                .contains("✓ guarantee: Agents are ended with ")
                .contains("! agent claude: ")
                .contains("✓ agent demo: ")
                .contains("no file, all defaults")
                .endsWith("Sessions can run.\n");
    }

    /** Somebody else's provider, compiled here against the API alone. */
    @Test
    void runsAProviderThatWasDroppedIn() throws Exception {
        Path providers = child.stateDirectory().resolve("providers");
        // it gives its agent a secret, and logs it
        Path jar = DropInJar.parrot(
                providers.resolve("parrot.jar"),
                "2.1.0",
                source -> source.replace("Map.of(), List.of()", "Map.of(\"A_TOKEN\", \"swordfish-42\"), List.of()")
                        .replace(
                                "sink.ready();",
                                "System.getLogger(\"acme\").log(System.Logger.Level.ERROR, \"it is swordfish-42\");"
                                        + " sink.ready();"));
        Path broken = Files.writeString(providers.resolve("broken.jar"), "no jar");

        Result doctor = child.hotplex("doctor");
        Result answer = child.hotplex("run", "--provider", "parrot", "pieces of eight");

        assertThat(doctor.out())
                .contains("✓ provider claude: ", ", built in\n")
                .contains("✓ provider parrot: 2.1.0, " + jar + "\n")
                .contains("✓ agent parrot: 7, /bin/sh, good day\n")
                .contains("! provider " + broken + ": broken.jar cannot be read as a jar")
                .endsWith("Sessions can run.\n");
        assertThat(answer.exitCode()).as(answer.err()).isZero();
        assertThat(answer.out()).isEqualTo("good day, said pieces of eight\n");
        assertThat(answer.err())
                .contains(broken + " is not used: ", "it is [redacted]")
                .doesNotContain("swordfish");
    }

    @Test
    void doctorSaysInJsonWhyNothingCanRun() throws Exception {
        Files.writeString(home.resolve("a-file"), "");

        Result result = child.hotplex("doctor", "--json", "--set", "state-directory=" + home.resolve("a-file"));

        assertThat(result.exitCode()).isEqualTo(3);
        Map<String, Object> report = new ObjectMapper().readValue(result.out(), new TypeReference<>() {});
        assertThat(report).containsEntry("able", false);
        assertThat(report).extractingByKey("checks").asString().contains("check=state directory, status=fail");
    }

    @Test
    void tellsItsVersion() throws Exception {
        Result result = child.hotplex("--version");

        assertThat(result.exitCode()).isZero();
        assertThat(result.out()).matches("hotplex \\d+\\.\\d+\\.\\d+\\S* \\(Java .*\\)\n");
    }

    @Test
    void helpNamesEveryExitCode() throws Exception {
        assertThat(child.hotplex("--help").out()).contains("0 done", "1 ", "2 ", "3 ", "130 interrupted");
    }

    private static List<EventRecord> records(String lines) throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        List<EventRecord> records = new ArrayList<>();
        for (String line : lines.lines().toList()) {
            Map<String, Object> map = mapper.readValue(line, new TypeReference<>() {});
            records.add(EventSchema.fromMap(map));
        }
        return records;
    }

    private static void interrupt(Process process) throws Exception {
        Process kill = new ProcessBuilder("kill", "-INT", Long.toString(process.pid())).start();
        assertThat(kill.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }

    /** A build that runs in the background of a script ignores SIGINT, and children inherit that. */
    private static boolean interruptsAreIgnored() throws IOException {
        Path status = Path.of("/proc/self/status");
        return Files.exists(status)
                && Files.readAllLines(status).stream()
                        .filter(line -> line.startsWith("SigIgn:"))
                        .anyMatch(line ->
                                (Long.parseUnsignedLong(line.substring(7).strip(), 16) & 0b10) != 0);
    }
}
