package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.agent.Fault;
import io.hotplex.testkit.agent.FaultPoint;
import io.hotplex.testkit.agent.ScriptedAgent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that an agent can do wrong, at every point of its life: each accepted prompt ends exactly once, offsets
 * have no hole, and nothing is left behind. Real processes, through the real launcher and the Claude provider.
 */
class FaultMatrixTest {
    /** After these the agent goes on, so both turns complete. */
    private static final Set<Fault> SURVIVED = EnumSet.of(
            Fault.NONE,
            Fault.FLOOD_STDOUT,
            Fault.FLOOD_STDERR,
            Fault.BAD_UTF8,
            Fault.OVERSIZE_LINE,
            Fault.GARBAGE,
            Fault.IGNORE_TERM,
            Fault.GRANDCHILD,
            Fault.SETSID_GRANDCHILD,
            Fault.SLOW_START,
            Fault.RESUME_FAILS,
            Fault.IGNORE_INTERRUPT,
            Fault.UNASKED_TURNS);

    /** After these the agent brings the running turn to its end. */
    private static final Set<Fault> DEAF = EnumSet.of(Fault.CLOSE_STDIN, Fault.NEVER_READ);

    /** After these only a timeout helps. */
    private static final Set<Fault> SILENT =
            EnumSet.of(Fault.HANG, Fault.HALF_LINE_THEN_SILENCE, Fault.NEVER_READ, Fault.CLOSE_STDIN);

    private static final String ORPHAN = "hotplex-fault-matrix-orphan";

    @TempDir
    Path dir;

    static Stream<Arguments> faults() {
        List<Arguments> rows = new ArrayList<>();
        for (Fault fault : Fault.values()) {
            for (FaultPoint point : List.of(FaultPoint.STARTING, FaultPoint.READY, FaultPoint.BUSY)) {
                rows.add(Arguments.of(fault, point));
            }
        }
        return rows.stream();
    }

    @ParameterizedTest(name = "{0} at {1}")
    @MethodSource("faults")
    void everyPromptEndsOnceAndNothingIsLeft(Fault fault, FaultPoint point) {
        LeakChecks.Snapshot before = LeakChecks.snapshot();
        List<EventRecord> records = new CopyOnWriteArrayList<>();
        List<TurnResult> ends = new ArrayList<>();
        try (Engine engine = engine(fault, point)) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            session.subscribe(0, records::add);

            for (String text : List.of("SAY 5 PACE 1", "SAY 2")) {
                ends.add(end(session.submit(Prompt.of(text))));
            }
            await().until(() ->
                    ends(records).size() == 2 && last(records) >= ends.get(1).offset());
        }

        assertThat(ends(records))
                .extracting(EventRecord::turnId)
                .containsExactly(ends.get(0).turnId(), ends.get(1).turnId());
        long offset = 0;
        for (EventRecord record : records) {
            assertThat(record.firstOffset()).isEqualTo(offset + 1);
            offset = record.offset();
        }
        if (SURVIVED.contains(fault)) {
            assertThat(ends).as("%s", records).allMatch(TurnResult::completed);
        } else if (point == FaultPoint.STARTING || point == FaultPoint.BUSY && !DEAF.contains(fault)) {
            assertThat(ends.get(0).end())
                    .as("a fault is never a success")
                    .isInstanceOfAny(AgentEvent.TurnFailed.class, AgentEvent.TurnTimedOut.class);
        }
        LeakChecks.assertNoProcessMarked(ORPHAN);
        before.assertNothingLeft();
    }

    @Test
    void anAgentThatIgnoresInterruptsIsKilledAndTheSessionGoesOn() {
        try (Engine engine = engine(Fault.IGNORE_INTERRUPT, FaultPoint.STARTING)) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            Turn turn = speaking(session);

            turn.cancel();

            assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(end(session.submit(Prompt.of("SAY 1"))).completed()).isTrue();
            assertThat(session.info().generation()).isEqualTo(2);
        }
    }

    @Test
    void anInterruptLeavesTheProcessHot() {
        try (Engine engine = engine(Fault.NONE, FaultPoint.STARTING)) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            Turn turn = speaking(session);

            session.interrupt();

            assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
            assertThat(end(session.submit(Prompt.of("PID"))).text())
                    .contains(String.valueOf(session.info().pid()));
            assertThat(session.info().generation()).isEqualTo(1);
        }
    }

    @Test
    void aKilledAgentIsResumedWithItsHistory() {
        try (Engine engine = engine(Fault.NONE, FaultPoint.STARTING)) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            end(session.submit(Prompt.of("remember the word zanzibar")));
            TurnResult killed = end(session.submit(Prompt.of("FAULT signal KILL")));
            assertThat(killed.code()).isEqualTo(ErrorCode.AGENT_CRASHED);

            TurnResult resumed = end(session.submit(Prompt.of("HISTORY")));

            assertThat(resumed.text()).contains("zanzibar");
            assertThat(session.info().generation()).isEqualTo(2);
        }
    }

    @Test
    void aTakenSessionIdIsResumedByAnEngineThatKnowsNothing() {
        for (int life = 1; life <= 2; life++) {
            try (Engine engine = engine(Fault.NONE, FaultPoint.STARTING)) {
                Session session = engine.open(SessionSpec.builder("s1", dir).build());
                String text = end(session.submit(Prompt.of(life == 1 ? "zanzibar" : "HISTORY")))
                        .text();
                assertThat(text).contains("zanzibar");
            }
        }
    }

    /** A long turn that has begun to answer. */
    private static Turn speaking(Session session) {
        Turn turn = session.submit(Prompt.of("SAY 10000 PACE 10"));
        List<EventRecord> records = new CopyOnWriteArrayList<>();
        session.subscribe(0, records::add);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> records.stream().anyMatch(r -> r.event() instanceof AgentEvent.TextDelta));
        return turn;
    }

    private Engine engine(Fault fault, FaultPoint point) {
        ScriptedAgent.Builder agent =
                ScriptedAgent.command().fault(fault, point).stateDirectory(dir.resolve("agent"));
        switch (fault) {
            case OVERSIZE_LINE -> agent.argument(String.valueOf(3 << 20));
            case FLOOD_STDOUT, FLOOD_STDERR -> agent.argument(String.valueOf(8 << 20));
            case GRANDCHILD, SETSID_GRANDCHILD -> agent.argument(ORPHAN);
            case SLOW_START -> agent.argument("300");
            default -> {
                // its own default
            }
        }
        List<String> command = agent.build();
        boolean silent = SILENT.contains(fault);
        return HotPlex.builder()
                .config(EngineConfig.fromProperties(Map.ofEntries(
                        Map.entry("state-directory", dir.resolve("state").toString()),
                        Map.entry("start-timeout", silent && point == FaultPoint.STARTING ? "2s" : "30s"),
                        Map.entry("first-output-timeout", silent ? "1s" : "20s"),
                        Map.entry("turn-timeout", silent ? "2s" : "30s"),
                        Map.entry("interrupt-grace", "200ms"),
                        Map.entry("eof-grace", "200ms"),
                        Map.entry("term-grace", "200ms"),
                        Map.entry("drain-timeout", "200ms"),
                        Map.entry("max-line-bytes", "1MiB"))))
                .provider(EngineFixture.claude(command))
                .build();
    }

    private static List<EventRecord> ends(List<EventRecord> records) {
        List<String> prompts = records.stream()
                .filter(r -> r.event() instanceof AgentEvent.TurnStarted s && s.origin() == AgentEvent.Origin.AGENT)
                .map(EventRecord::turnId)
                .toList();
        return records.stream()
                .filter(r -> r.event() instanceof AgentEvent.Terminal && !prompts.contains(r.turnId()))
                .toList();
    }

    private static long last(List<EventRecord> records) {
        return records.get(records.size() - 1).offset();
    }

    private static TurnResult end(Turn turn) {
        try {
            return turn.result().toCompletableFuture().get(50, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("the turn did not end", e);
        }
    }
}
