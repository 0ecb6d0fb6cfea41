package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.TokenUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The orders here are those that were recorded of OpenCode 1.18.33, without what it says twice. */
class ProjectionTest {
    private static final String[] TEXT_TURN = {
        "message.updated user",
        "message.part.updated text 'SAY 3'",
        "busy",
        "message.updated assistant",
        "session.updated",
        "message.part.updated step-start",
        "message.part.updated text ''",
        "message.part.delta",
        "message.part.delta",
        "message.part.delta",
        "message.part.updated text 'w1 w2 w3 ' end",
        "message.part.updated step-finish stop",
        "message.updated assistant stop completed",
        "busy",
        "idle",
        "session.idle",
        "session.updated"
    };

    @Test
    void aTurnOfTextComesInTheOrderOfTheOriginal() {
        List<JsonNode> told = new Journal()
                .prompt("SAY 3")
                .say("m1", "w1 ", "w2 ", "w3 ")
                .completed("w1 w2 w3 ")
                .told();

        assertThat(Journal.brief(told)).containsExactly(TEXT_TURN);
    }

    @Test
    void eachAnswerOfTheModelIsAMessageAndAToolBelongsToTheOneThatCalledIt() {
        List<JsonNode> told = new Journal()
                .prompt("TOOL")
                .tool("t1", "echo hi")
                .used("m1", 11, 1)
                .output("t1", "hi\n", false)
                .say("m2", "RESULT: hi")
                .used("m2", 12, 2)
                .completed("RESULT: hi")
                .told();

        assertThat(Journal.brief(told).subList(5, told.size()))
                .containsExactly(
                        "message.part.updated step-start",
                        "message.part.updated tool pending",
                        "message.part.updated tool running",
                        "message.part.updated tool completed",
                        "message.part.updated step-finish tool-calls",
                        "message.updated assistant tool-calls completed",
                        "message.updated assistant",
                        "message.part.updated step-start",
                        "message.part.updated text ''",
                        "message.part.delta",
                        "message.part.updated text 'RESULT: hi' end",
                        "message.part.updated step-finish stop",
                        "message.updated assistant stop completed",
                        "busy",
                        "idle",
                        "session.idle",
                        "session.updated");
        JsonNode tool = find(told, "message.part.updated tool completed").path("part");
        assertThat(tool.path("tool").asText()).isEqualTo("bash");
        assertThat(tool.path("callID").asText()).isEqualTo("t1");
        assertThat(tool.path("state").path("output").asText()).isEqualTo("hi\n");
        JsonNode first =
                find(told, "message.updated assistant tool-calls completed").path("info");
        assertThat(first.path("tokens").path("input").asInt()).isEqualTo(11);
        assertThat(first.path("modelID").asText()).isEqualTo("model-1");
        JsonNode user = find(told, "message.updated user").path("info");
        assertThat(first.path("parentID")).isEqualTo(user.path("id"));
    }

    @Test
    void reasoningIsAPartOfItsOwn() {
        List<JsonNode> told = new Journal()
                .prompt("THINK")
                .add(new AgentEvent.ThinkingDelta("m1", 0, "t1 ", null))
                .add(new AgentEvent.Thinking("m1", 0, "t1 t2 ", null))
                .add(new AgentEvent.Text("m1", 1, "hey", null))
                .completed("hey")
                .told();

        assertThat(Journal.brief(told))
                .containsSubsequence(
                        "message.part.updated reasoning ''",
                        "message.part.delta",
                        "message.part.updated reasoning 't1 t2 ' end",
                        "message.part.updated text ''",
                        "message.part.delta",
                        "message.part.updated text 'hey' end");
    }

    @Test
    void aFailureIsToldTwiceAsTheOriginalDoes() {
        List<JsonNode> told = new Journal()
                .prompt("ERROR")
                .add(new AgentEvent.TurnFailed(
                        ErrorCode.VENDOR_REJECTED, "bad thing", false, TokenUsage.ZERO, null, Duration.ZERO))
                .told();

        assertThat(Journal.brief(told).subList(3, told.size()))
                .containsExactly(
                        "message.updated assistant",
                        "session.updated",
                        "session.error APIError",
                        "idle",
                        "session.idle",
                        "message.updated assistant APIError completed",
                        "idle",
                        "session.idle",
                        "session.updated");
        assertThat(find(told, "session.error APIError")
                        .path("error")
                        .path("data")
                        .path("message")
                        .asText())
                .isEqualTo("bad thing (VENDOR_REJECTED)");
    }

    @Test
    void whatWasSaidBeforeAnAbortStays() {
        Journal journal = new Journal()
                .prompt("HANG")
                .add(new AgentEvent.TextDelta("m1", 0, "w1 ", null))
                .tool("t1", "sleep 9")
                .cancelled();

        assertThat(Journal.brief(journal.told()))
                .containsSubsequence(
                        "session.error MessageAbortedError",
                        "idle",
                        "session.idle",
                        "message.part.updated text 'w1 ' end",
                        "message.part.updated tool error",
                        "message.updated assistant MessageAbortedError completed",
                        "idle",
                        "session.idle");
    }

    @Test
    void aPermissionIsAskedAndAnswered() {
        Projection projection = Journal.projection();
        Journal journal = new Journal()
                .prompt("TOOL")
                .tool("t1", "echo hi")
                .add(new AgentEvent.PermissionRequested(
                        "p1",
                        "t1",
                        "Bash",
                        Map.of("command", "echo hi"),
                        "",
                        List.of(Map.of("rules", List.of(Map.of("toolName", "Bash", "ruleContent", "echo:*"))))));
        List<JsonNode> told = Journal.told(projection, journal.records());
        JsonNode asked = told.get(told.size() - 1).path("properties");
        List<JsonNode> after = Journal.told(
                projection,
                List.of(new EventRecord(
                        Journal.SESSION,
                        9,
                        9,
                        null,
                        Journal.BEGIN,
                        new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.ALLOWED, "me", null))));

        assertThat(asked.path("permission").asText()).isEqualTo("bash");
        assertThat(asked.path("patterns").get(0).asText()).isEqualTo("echo hi");
        assertThat(asked.path("always").get(0).asText()).isEqualTo("echo:*");
        assertThat(asked.path("tool").path("callID").asText()).isEqualTo("t1");
        assertThat(asked.path("tool").path("messageID").asText()).startsWith("msg_");
        assertThat(Journal.brief(after)).containsExactly("permission.replied once");
        assertThat(after.get(0).path("properties").path("requestID")).isEqualTo(asked.path("id"));
        assertThat(projection.pending()).isEmpty();
    }

    @Test
    void aTurnThatEndsBecauseSomebodySaidNoIsNoError() {
        List<JsonNode> told = new Journal()
                .prompt("TOOL")
                .tool("t1", "echo hi")
                .add(new AgentEvent.PermissionRequested("p1", "t1", "Bash", Map.of(), "", List.of()))
                .add(new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.DENIED, "me", null))
                .output("t1", "rejected", true)
                .cancelled()
                .told();

        assertThat(Journal.brief(told))
                .containsSubsequence(
                        "permission.replied reject",
                        "message.part.updated tool error",
                        "message.part.updated step-finish tool-calls",
                        "message.updated assistant tool-calls completed",
                        "idle",
                        "session.idle")
                .noneMatch(event -> event.startsWith("session.error"));
    }

    @Test
    void questionsAreAnsweredInTheirOrderOrDeclined() {
        AgentEvent.Question which =
                new AgentEvent.Question("Which?", "Pick", List.of(new AgentEvent.Option("A", "first")), false);
        AgentEvent.Question more = new AgentEvent.Question("More?", "More", List.of(), true);
        List<JsonNode> told = new Journal()
                .prompt("ASK")
                .add(new AgentEvent.QuestionAsked("q1", null, List.of(which, more)))
                .add(new AgentEvent.QuestionAnswered(
                        "q1", Map.of("More?", List.of("x", "y"), "Which?", List.of("A")), "me"))
                .add(new AgentEvent.QuestionAsked("q2", null, List.of(which)))
                .add(new AgentEvent.QuestionAnswered("q2", Map.of(), "agent"))
                .told();

        JsonNode replied = find(told, "question.replied");
        assertThat(replied.path("answers").toString()).isEqualTo("[[\"A\"],[\"x\",\"y\"]]");
        assertThat(Journal.brief(told)).containsSubsequence("question.asked", "question.rejected");
    }

    @Test
    void aSubagentSpeaksInASessionOfItsOwn() {
        Projection projection = Journal.projection();
        Journal journal = new Journal()
                .prompt("delegate")
                .add(new AgentEvent.ToolStarted(
                        "t1", "Task", AgentEvent.ToolKind.OTHER, "sub", Map.of("prompt", "do it"), List.of(), null))
                .add(new AgentEvent.Text("s1", 0, "done", "t1"))
                .add(new AgentEvent.ToolStarted(
                        "t2", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", Map.of("command", "ls"), List.of(), "t1"))
                .add(new AgentEvent.PermissionRequested("p1", "t2", "Bash", Map.of("command", "ls"), "", List.of()))
                .add(new AgentEvent.PermissionResolved("p1", AgentEvent.Resolution.ALLOWED, "me", null))
                .add(new AgentEvent.ToolCompleted("t2", "Bash", false, "a", List.of(), "t1"))
                .add(new AgentEvent.ToolCompleted("t1", "Task", false, "done", List.of(), null))
                .completed("");
        List<JsonNode> told = Journal.told(projection, journal.records());

        JsonNode created = find(told, "session.created").path("info");
        String sub = created.path("id").asText();
        assertThat(created.path("parentID").asText()).isEqualTo(Journal.SESSION);
        assertThat(find(told, "permission.asked").path("sessionID").asText()).isEqualTo(sub);
        assertThat(projection.subagent(sub)).isNotNull();
        assertThat(told.stream()
                        .filter(event -> event.path("properties")
                                .path("sessionID")
                                .asText()
                                .equals(sub))
                        .map(event -> Journal.brief(List.of(event)).get(0)))
                .contains("message.part.updated text 'do it'", "message.part.updated text 'done' end", "session.idle");
        JsonNode task = find(told, "message.part.updated tool completed", "t1").path("part");
        assertThat(task.path("state").path("metadata").path("sessionId").asText())
                .isEqualTo(sub);
    }

    @Test
    void whatIsToBeDoneAndWhichFilesChangedIsTold() {
        Projection projection = Journal.projection();
        Map<String, Object> todo = Map.of("content", "do it", "status", "pending", "activeForm", "doing it");
        Journal journal = new Journal()
                .prompt("x")
                .add(new AgentEvent.ToolStarted(
                        "t1",
                        "TodoWrite",
                        AgentEvent.ToolKind.THINK,
                        "",
                        Map.of("todos", List.of(todo)),
                        List.of(),
                        null))
                .add(new AgentEvent.ToolStarted(
                        "t2", "Edit", AgentEvent.ToolKind.EDIT, "", Map.of(), List.of("/srv/p1/a.txt"), null))
                .add(new AgentEvent.ToolCompleted("t2", "Edit", false, "ok", List.of(), null));
        List<JsonNode> told = Journal.told(projection, journal.records());

        assertThat(find(told, "todo.updated")
                        .path("todos")
                        .get(0)
                        .path("priority")
                        .asText())
                .isEqualTo("medium");
        assertThat(projection.todos()).hasSize(1);
        assertThat(find(told, "file.edited").path("file").asText()).isEqualTo("/srv/p1/a.txt");
    }

    @Test
    void whenATryGoesWellTheSessionIsBusyAsBefore() {
        List<JsonNode> told = new Journal()
                .prompt("x")
                .add(new AgentEvent.Retrying(2, 5, Duration.ofSeconds(3), 529, "overloaded"))
                .say("m1", "a", "b")
                .told();

        assertThat(Journal.brief(told))
                .containsSubsequence("busy", "retry", "busy", "message.part.delta", "message.part.delta")
                .filteredOn("busy"::equals)
                .hasSize(2);
    }

    @Test
    void noticesBecomeStates() {
        List<JsonNode> told = new Journal()
                .prompt("x")
                .add(new AgentEvent.Retrying(2, 5, Duration.ofSeconds(3), 529, "overloaded"))
                .add(new AgentEvent.ToolProgress("none", "lost", null))
                .add(new AgentEvent.Compacted("auto", 100L))
                .add(new AgentEvent.ModelChanged(null, "model-2"))
                .add(new AgentEvent.Raw("new", "{}", false))
                .add(new AgentEvent.SessionClosed("asked"))
                .told();

        assertThat(Journal.brief(told))
                .containsSubsequence("retry", "session.compacted", "session.updated", "session.deleted");
        JsonNode status = find(told, "retry").path("status");
        assertThat(status.path("attempt").asInt()).isEqualTo(2);
        assertThat(status.path("next").asLong()).isGreaterThan(Journal.BEGIN.toEpochMilli() + 3000);
    }

    @Test
    void aPromptThatNoAgentSawIsAnErrorAndNoMessage() {
        List<JsonNode> told = new Journal()
                .add(new AgentEvent.TurnBlocked("r1", "danger", "high", "not that", List.of()))
                .told();

        assertThat(Journal.brief(told)).containsExactly("session.error UnknownError", "idle", "session.idle");
    }

    @Test
    void idsThatAClientGaveAreKeptAndEveryOtherComesAfterThem() {
        String given = Ids.of("msg", Journal.BEGIN.plusSeconds(60).toEpochMilli() * Ids.PER_MILLI, "theirs");
        List<JsonNode> told = new Journal()
                .prompt(new ClientPrompt(given, "prt_theirs").text(), "hi")
                .say("m1", "ho")
                .completed("ho")
                .told();

        assertThat(find(told, "message.updated user").path("info").path("id").asText())
                .isEqualTo(given);
        assertThat(find(told, "message.part.updated text 'hi'")
                        .path("part")
                        .path("id")
                        .asText())
                .isEqualTo("prt_theirs");
        JsonNode answer = find(told, "message.updated assistant stop completed").path("info");
        assertThat(answer.path("parentID").asText()).isEqualTo(given);
        assertThat(answer.path("id").asText()).isGreaterThan(given);
    }

    @Test
    void aTurnThatTheAgentBeganHasAMessageOfNobody() {
        List<JsonNode> told = new Journal()
                .add(new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null))
                .say("m1", "by the way")
                .completed("by the way")
                .told();

        JsonNode part = find(told, "message.part.updated text ''").path("part");
        assertThat(part.path("synthetic").asBoolean()).isTrue();
    }

    @Test
    void everyReplayTellsTheSameHoweverDeltasWereMerged() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        Journal journal = conversation(random);
        List<EventRecord> records = journal.records();
        String plain = transcript(records);
        for (int round = 0; round < 20; round++) {
            assertThat(transcript(merged(records, random)).equals(plain))
                    .as("seed %d", seed)
                    .isTrue();
        }
    }

    private static Journal conversation(Random random) {
        Journal journal = new Journal();
        for (int turn = 0; turn < 20; turn++) {
            journal.prompt("turn " + turn);
            for (int step = 0; step < 1 + random.nextInt(4); step++) {
                String[] pieces = new String[1 + random.nextInt(8)];
                for (int i = 0; i < pieces.length; i++) {
                    pieces[i] = "piece " + i + " ";
                }
                journal.say("m" + turn + "-" + step, pieces);
                if (random.nextBoolean()) {
                    journal.tool("t" + turn + "-" + step, "ls")
                            .output("t" + turn + "-" + step, "a", random.nextBoolean());
                }
            }
            if (random.nextInt(5) == 0) {
                journal.cancelled();
            } else {
                journal.completed("");
            }
        }
        return journal;
    }

    /** Joins neighbouring deltas, as a slow reader gets them. */
    private static List<EventRecord> merged(List<EventRecord> records, Random random) {
        List<EventRecord> merged = new ArrayList<>();
        for (EventRecord record : records) {
            EventRecord last = merged.isEmpty() ? null : merged.get(merged.size() - 1);
            if (last != null
                    && record.event() instanceof AgentEvent.TextDelta next
                    && last.event() instanceof AgentEvent.TextDelta before
                    && random.nextBoolean()) {
                merged.set(
                        merged.size() - 1,
                        new EventRecord(
                                record.sessionId(),
                                last.firstOffset(),
                                record.offset(),
                                record.turnId(),
                                record.time(),
                                new AgentEvent.TextDelta(next.messageId(), 0, before.text() + next.text(), null)));
            } else {
                merged.add(record);
            }
        }
        return merged;
    }

    private static String transcript(List<EventRecord> records) {
        Projection projection = Journal.projection();
        records.forEach(projection::apply);
        Map<String, Object> sorted = new LinkedHashMap<>();
        projection
                .transcript()
                .newest(Journal.SESSION, 1_000, null)
                .forEach(message -> sorted.put(String.valueOf(sorted.size()), String.valueOf(ordered(message))));
        return sorted.toString();
    }

    private static Object ordered(Object value) {
        if (value instanceof Map<?, ?> map) {
            Map<String, Object> sorted = new java.util.TreeMap<>();
            map.forEach((name, inner) -> sorted.put(String.valueOf(name), ordered(inner)));
            return sorted;
        }
        return value instanceof List<?> list
                ? list.stream().map(ProjectionTest::ordered).toList()
                : String.valueOf(value);
    }

    @Test
    void messagesAndPartsAreInTheOrderOfTheirIds() {
        Projection projection = Journal.projection();
        conversation(new Random(1)).records().forEach(projection::apply);

        List<String> messages = new ArrayList<>();
        for (Object message : projection.transcript().newest(Journal.SESSION, 1_000, null)) {
            Map<?, ?> whole = (Map<?, ?>) message;
            messages.add(String.valueOf(java.util.Objects.requireNonNull((Map<?, ?>) whole.get("info"))
                    .get("id")));
            assertThat((List<?>) whole.get("parts"))
                    .extracting(part -> String.valueOf(((Map<?, ?>) part).get("id")))
                    .isSorted();
        }
        assertThat(messages).isSorted().doesNotHaveDuplicates();
    }

    private static JsonNode find(List<JsonNode> told, String brief) {
        return find(told, brief, "");
    }

    private static JsonNode find(List<JsonNode> told, String brief, String within) {
        return told.stream()
                .filter(event -> Journal.brief(List.of(event)).get(0).equals(brief))
                .filter(event -> event.toString().contains(within))
                .findFirst()
                .orElseThrow(() -> new AssertionError(brief + " is not among " + Journal.brief(told)))
                .path("properties");
    }

    @Test
    void whatToolsAreGivenAndSubagentsSayCountsForWhatIsHeld() {
        Projection known = Journal.projection();
        new Journal()
                .prompt("go")
                .add(new AgentEvent.ToolStarted(
                        "t1",
                        "Task",
                        AgentEvent.ToolKind.OTHER,
                        "",
                        Map.of("prompt", "p".repeat(1_000), "list", List.of("l".repeat(500))),
                        List.of(),
                        null))
                .add(new AgentEvent.Text("m2", 0, "s".repeat(2_000), "t1"))
                .records()
                .forEach(known::apply);

        assertThat(known.weight()).isBetween(3_500L, 5_000L);
    }

    @Test
    void whatWentWithAPromptIsAPartOfItsMessage() {
        Journal journal = new Journal()
                .add(new AgentEvent.TurnStarted(
                        AgentEvent.Origin.PROMPT,
                        null,
                        "look",
                        null,
                        List.of(new AgentEvent.Attached("a.png", "image/png", 68))));

        List<JsonNode> parts = journal.told().stream()
                .filter(event -> event.path("type").asText().equals("message.part.updated"))
                .map(event -> event.path("properties").path("part"))
                .toList();

        assertThat(parts).extracting(part -> part.path("type").asText()).containsExactly("text", "file");
        assertThat(parts.get(1).path("filename").asText()).isEqualTo("a.png");
        assertThat(parts.get(1).path("mime").asText()).isEqualTo("image/png");
        assertThat(parts.get(1).path("url").asText()).startsWith("data:image/png");
    }

    @Test
    void aNameThatASessionGetsIsToldAndStays() {
        Projection projection = Journal.projection();
        List<JsonNode> told = Journal.told(
                projection,
                new Journal()
                        .add(new AgentEvent.SessionRenamed("named", "ann"))
                        .prompt("say something")
                        .records());

        assertThat(told.get(0).path("type").asText()).isEqualTo("session.updated");
        assertThat(told.get(0).path("properties").path("info").path("title").asText())
                .isEqualTo("named");
        assertThat(projection.session()).containsEntry("title", "named");
    }
}
