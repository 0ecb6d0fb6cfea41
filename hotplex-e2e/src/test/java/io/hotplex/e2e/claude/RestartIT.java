package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.first;
import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.pid;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static io.hotplex.e2e.claude.ClaudeRig.until;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a durable journal makes of Claude Code when the JVM is killed with SIGKILL: the next engine goes on. */
class RestartIT extends RealClaude {
    private static final String SECRET = "zanzibar";
    private static final String LONG = "SAY 5000 PACE 20";
    private static final Map<String, String> SETTINGS = Map.of("model", "claude-sonnet-4-5", "mode", "acceptEdits");

    RestartIT(ClaudeVersion version) {
        super(version);
    }

    /** One turn is done, one runs, one waits; then the JVM dies. */
    private List<String> runAndKill(String... settings) throws Exception {
        Map<String, String> engine = new LinkedHashMap<>(Map.of("journal", "sqlite"));
        for (int i = 0; i < settings.length; i += 2) {
            engine.put(settings[i], settings[i + 1]);
        }
        Process jvm = rig.otherJvm(engine, SETTINGS, "remember " + SECRET, LONG, "SAY 2");
        try {
            until("the first turn is written down", () -> rig.writtenDown(SECRET));
            until(
                    "the second turn speaks: " + rig.otherJvmSaid(),
                    () -> said("turn_completed") == 1
                            && said("turn_started") == 2
                            && rig.otherJvmSaid()
                                    .get(rig.otherJvmSaid().size() - 1)
                                    .contains("text_delta"));
            assertThat(rig.otherJvmSaid())
                    .filteredOn(line -> line.startsWith("accepted"))
                    .hasSize(3);
        } finally {
            jvm.destroyForcibly().waitFor();
        }
        return rig.otherJvmSaid();
    }

    /** The agent asks, the JVM dies; somebody answers the next engine, and the agent asks for the same again. */
    @Test
    void whatWaitedForAPersonIsOfferedAgainAndAnsweredForTheNextTime() throws Exception {
        String call = "TOOL Bash touch made && git push --force";
        Process jvm = rig.otherJvm(Map.of("journal", "sqlite"), SETTINGS, call);
        try {
            until("it asks: " + rig.otherJvmSaid(), () -> said("permission_requested") == 1);
        } finally {
            jvm.destroyForcibly().waitFor();
        }
        try (Engine engine = rig.engine("journal", "sqlite")) {
            Session session = engine.session("s1").orElseThrow();
            List<EventRecord> records = read(session);
            AgentEvent.PermissionRequested asked = first(records, AgentEvent.PermissionRequested.class);
            assertThat(session.pendingRequests()).containsExactly(asked);
            session.answer(asked.requestId(), PermissionAnswer.allow(), "alice");

            assertThat(run(session, call).completed()).isTrue();

            assertThat(rig.file("made")).exists();
            assertThat(only(records, AgentEvent.PermissionRequested.class))
                    .extracting(AgentEvent.PermissionRequested::requestId)
                    .startsWith(asked.requestId());
            assertThat(only(records, AgentEvent.PermissionResolved.class))
                    .extracting(AgentEvent.PermissionResolved::by)
                    .containsExactly("alice");
        }
    }

    private long said(String type) {
        return rig.otherJvmSaid().stream()
                .filter(line -> line.contains(" " + type + " "))
                .count();
    }

    @Test
    void theNextEngineGoesOnWithItsHistoryAndEveryPromptEndsOnce() throws Exception {
        List<String> seen = runAndKill();
        try (Engine engine = rig.engine("journal", "sqlite")) {
            Session session = engine.session("s1").orElseThrow();
            List<EventRecord> records = read(session);
            until(
                    "what waited ran",
                    () -> only(records, AgentEvent.TurnCompleted.class).size() == 2);

            assertThat(only(records, AgentEvent.TurnCompleted.class)
                            .get(1)
                            .text()
                            .strip())
                    .isEqualTo("w1 w2");
            assertThat(rig.remembers(SECRET)).as("the history").isTrue();
            assertThat(session.info().generation()).isEqualTo(2);
            AgentEvent.SessionStarted before = first(records, AgentEvent.SessionStarted.class);
            AgentEvent.SessionResumed after = first(records, AgentEvent.SessionResumed.class);
            assertThat(after.agentSessionId()).isEqualTo(before.agentSessionId());
            assertThat(after.workDir()).isEqualTo(before.workDir());
            assertThat(rig.lastBody()).contains(Objects.requireNonNull(SETTINGS.get("model")));
            assertThat(commandLine(pid(session)))
                    .contains(SETTINGS.get("model"), SETTINGS.get("mode"), before.agentSessionId());
            assertThat(Files.readSymbolicLink(Path.of("/proc", "" + pid(session), "cwd")))
                    .isEqualTo(rig.work);
            verify(records, seen);
            assertThat(run(session, "SAY 3").text().strip()).isEqualTo("w1 w2 w3");
        }
    }

    /** Neither a guardian nor the run's file helps: the journal alone knows the agent. */
    @Test
    void anAgentThatOutlivedItsJvmIsEndedBeforeAnotherResumesItsConversation() throws Exception {
        runAndKill("guardian", "off");
        try (Stream<Path> runs = Files.list(rig.state.resolve("runs"))) {
            for (Path file : runs.toList()) {
                Files.delete(file);
            }
        }
        List<Long> left = rig.processes();
        assertThat(left).as("Claude goes on").isNotEmpty();
        try (Engine engine = rig.engine("journal", "sqlite")) {
            Session session = engine.session("s1").orElseThrow();
            List<EventRecord> records = read(session);
            first(records, AgentEvent.SessionResumed.class);

            assertThat(rig.processes()).doesNotContainAnyElementsOf(left).contains(pid(session));
            until(
                    "what waited ran",
                    () -> only(records, AgentEvent.TurnCompleted.class).size() == 2);
            assertThat(rig.remembers(SECRET)).isTrue();
        }
    }

    /** Nothing that the killed JVM showed or accepted is missing, and each of its turns has one end. */
    private static void verify(List<EventRecord> records, List<String> seen) {
        long last = 0;
        Map<Long, EventRecord> byOffset = new HashMap<>();
        for (EventRecord record : records) {
            assertThat(record.firstOffset()).isEqualTo(last + 1);
            last = record.offset();
            byOffset.put(record.offset(), record);
        }
        Set<String> accepted = new LinkedHashSet<>();
        for (String line : seen) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("accepted")) {
                accepted.add(words[1]);
            } else if (words[0].equals("seen")) {
                EventRecord record = byOffset.get(Long.parseLong(words[1]));
                if (record != null) { // else a reader got it in a merged one
                    assertThat(record.event().type() + " " + record.turnId()).isEqualTo(words[2] + " " + words[3]);
                }
            }
        }
        List<EventRecord> ends = records.stream()
                .filter(r -> r.event() instanceof AgentEvent.Terminal)
                .toList();
        assertThat(ends.stream().map(EventRecord::turnId).collect(Collectors.toList()))
                .as("each once")
                .containsExactlyInAnyOrderElementsOf(accepted);
        assertThat(((AgentEvent.TurnFailed) ends.get(1).event()).code()).isEqualTo(ErrorCode.ENGINE_RESTARTED);
    }

    private static List<String> commandLine(long pid) throws IOException {
        String all = Files.readString(Path.of("/proc", "" + pid, "cmdline"), StandardCharsets.UTF_8);
        return List.of(all.split("[\0=]"));
    }

    @Test
    void aConversationThatIsGoneBeginsAnewAndNoPromptIsSentBeforeThatIsKnown() throws Exception {
        runAndKill();
        long asked = rig.asked().size();
        for (Path file : rig.conversations()) {
            Files.delete(file);
        }
        try (Engine engine = rig.engine("journal", "sqlite")) {
            SessionSpec spec = KilledEngine.spec(rig.work, SETTINGS.get("model"), SETTINGS.get("mode"));
            Session session = engine.open(spec);
            List<EventRecord> records = read(session);
            until(
                    "what waited ran",
                    () -> only(records, AgentEvent.TurnCompleted.class).size() == 2);

            AgentEvent.AgentSessionChanged changed = first(records, AgentEvent.AgentSessionChanged.class);
            assertThat(changed.reason()).isEqualTo("resume_failed");
            assertThat(changed.previous())
                    .isEqualTo(first(records, AgentEvent.SessionStarted.class).agentSessionId());
            assertThat(session.info().agentSessionId()).isEqualTo(changed.agentSessionId());
            assertThat(rig.remembers(SECRET)).isFalse();
            List<String> types = records.stream().map(r -> r.event().type()).toList();
            List<String> after = types.subList(types.indexOf("turn_failed"), types.size());
            assertThat(after)
                    .filteredOn(type -> type.matches("session_.*|agent_session_changed|turn_started"))
                    .containsExactly("agent_session_changed", "session_started", "turn_started");
            assertThat(rig.asked()).as("the prompt was sent once").hasSize((int) asked + 1);
        }
    }
}
