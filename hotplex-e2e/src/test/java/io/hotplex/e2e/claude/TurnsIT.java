package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.end;
import static io.hotplex.e2e.claude.ClaudeRig.first;
import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.pid;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.testkit.model.ModelRequest;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Turns in a hot process: answers, costs, content of all kinds. */
class TurnsIT extends RealClaude {
    TurnsIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void threeTurnsRunHotInOneProcess() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Set<Long> pids = new HashSet<>();
        List<AgentEvent.TurnCompleted> ends = new ArrayList<>();

        for (int turn = 1; turn <= 3; turn++) {
            TurnResult result = run(session, "SAY 5 in turn " + turn);
            assertThat(result.text().strip()).isEqualTo("w1 w2 w3 w4 w5");
            ends.add((AgentEvent.TurnCompleted) result.end());
            pids.add(pid(session));
        }

        assertThat(pids).hasSize(1);
        assertThat(session.info().generation()).isEqualTo(1);
        assertThat(only(records, AgentEvent.SessionStarted.class)).hasSize(1);
        assertThat(first(records, AgentEvent.AgentInfo.class).version()).isEqualTo(version.number);
        assertThat(ends)
                .allSatisfy(end -> assertThat(end.usage().outputTokens())
                        .as("each turn counts its own tokens")
                        .isEqualTo(5));
        List<Double> costs =
                ends.stream().map(AgentEvent.TurnCompleted::costUsd).toList();
        assertThat(costs).doesNotContainNull().allMatch(cost -> cost > 0);
        assertThat(costs.get(2)).as("a turn's own cost, no running total").isLessThan(costs.get(0) + costs.get(1));
        assertThat(session.stats().costUsd())
                .isCloseTo(costs.stream().mapToDouble(cost -> cost).sum(), Offset.offset(1e-9));
        assertThat(session.stats().usage().outputTokens()).isEqualTo(15);
        assertThat(rig.asked()).as("one request per turn").hasSize(3);
    }

    @Test
    void promptsThatComeTogetherAreAnsweredOneByOne() {
        Session session = rig.open(rig.engine(), "s1");

        List<Turn> turns = IntStream.rangeClosed(1, 4)
                .mapToObj(words -> session.submit(Prompt.of("SAY " + words)))
                .toList();

        assertThat(turns.stream().map(turn -> end(turn).text().strip()).toList())
                .containsExactly(words(1), words(2), words(3), words(4));
        assertThat(rig.asked()).as("none was merged with another").hasSize(4);
    }

    @Test
    void aPromptThatInterruptsReplacesWhatRunsAndWaits() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn running = session.submit(Prompt.of("SAY 5000 PACE 20"));
        Turn waiting = session.submit(Prompt.of("SAY 1"));
        first(records, AgentEvent.TextDelta.class);

        Turn urgent = session.submit(
                Prompt.builder("SAY 3").delivery(Delivery.INTERRUPT).build());

        assertThat(end(running).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(end(waiting).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(end(urgent).text().strip()).isEqualTo(words(3));
        assertThat(session.info().generation()).isEqualTo(1);
    }

    @Test
    void anInterruptStopsTheStreamAndLeavesTheProcessHot() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        Turn turn = session.submit(Prompt.of("SAY 5000 PACE 20"));
        first(records, AgentEvent.TextDelta.class);
        long pid = pid(session);

        session.interrupt();

        assertThat(end(turn).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(run(session, "SAY 2").text().strip()).isEqualTo("w1 w2");
        assertThat(pid(session)).isEqualTo(pid);
        assertThat(session.info().generation()).isEqualTo(1);
    }

    @Test
    void twoSessionsRunAtTheSameTimeWithoutMixing() {
        var engine = rig.engine();
        List<Session> sessions = List.of(rig.open(engine, "a"), rig.open(engine, "b"));
        List<List<EventRecord>> journals =
                sessions.stream().map(ClaudeRig::read).toList();
        List<Turn> turns = List.of(
                sessions.get(0).submit(Prompt.of("SAY 40 PACE 15")),
                sessions.get(1).submit(Prompt.of("SAY 60 PACE 15")));

        List<TurnResult> results = turns.stream().map(ClaudeRig::end).toList();
        journals.forEach(journal -> first(journal, AgentEvent.TurnCompleted.class));

        assertThat(pid(sessions.get(0))).isNotEqualTo(pid(sessions.get(1)));
        assertThat(results.get(0).text().strip()).isEqualTo(words(40));
        assertThat(results.get(1).text().strip()).isEqualTo(words(60));
        for (int i = 0; i < 2; i++) {
            assertThat(journals.get(i))
                    .extracting(EventRecord::sessionId)
                    .containsOnly(sessions.get(i).id());
            assertThat(only(journals.get(i), AgentEvent.TextDelta.class).stream()
                            .map(AgentEvent.TextDelta::text)
                            .collect(Collectors.joining())
                            .strip())
                    .isEqualTo(results.get(i).text().strip());
        }
        assertThat(overlap(journals)).as("both ran at the same time").isTrue();
    }

    /** Whether each turn began before the other one ended. */
    private static boolean overlap(List<List<EventRecord>> journals) {
        return IntStream.range(0, 2)
                .allMatch(i -> journals.get(i).stream()
                        .filter(r -> r.event() instanceof AgentEvent.TextDelta)
                        .findFirst()
                        .orElseThrow()
                        .time()
                        .isBefore(journals.get(1 - i).stream()
                                .filter(r -> r.event() instanceof AgentEvent.Terminal)
                                .findFirst()
                                .orElseThrow()
                                .time()));
    }

    private static String words(int count) {
        return IntStream.rangeClosed(1, count).mapToObj(i -> "w" + i).collect(Collectors.joining(" "));
    }

    @Test
    void aLineOfOneMegabyteComesWhole() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);

        TurnResult result = run(session, "BIG 1000000");

        assertThat(result.text()).hasSize(1_000_000).containsOnlyOnce("x".repeat(1_000_000));
        assertThat(first(records, AgentEvent.Text.class).text()).isEqualTo(result.text());
        assertThat(only(records, AgentEvent.Raw.class)).noneMatch(AgentEvent.Raw::truncated);
    }

    @Test
    void thinkingComesBeforeTheAnswer() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);

        TurnResult result = run(session, "THINK 3 SAY 2");

        assertThat(result.text().strip()).isEqualTo("w1 w2");
        assertThat(first(records, AgentEvent.Thinking.class).text().strip()).isEqualTo("think1 think2 think3");
        assertThat(only(records, AgentEvent.ThinkingDelta.class)).isNotEmpty();
        List<String> types = records.stream().map(r -> r.event().type()).toList();
        assertThat(types.indexOf("thinking")).isLessThan(types.indexOf("text"));
    }

    @Test
    void anImageReachesTheModel() throws IOException {
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB), "png", png);
        Session session = rig.open(rig.engine(), "s1");

        TurnResult result = end(session.submit(Prompt.builder("what is this")
                .attach(new Attachment("square.png", "image/png", png.toByteArray()))
                .build()));

        assertThat(result.text()).contains("what is this").endsWith("[1 image(s)]");
    }

    @Test
    void theModelChangesInTheRunningProcess() throws Exception {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);
        run(session, "SAY 1");
        long pid = pid(session);
        String before = last(rig.asked()).model();

        session.setModel("claude-haiku-4-5").toCompletableFuture().get(30, TimeUnit.SECONDS);
        run(session, "SAY 2");

        assertThat(before).doesNotContain("haiku");
        assertThat(last(rig.asked()).model()).contains("claude-haiku-4-5");
        assertThat(first(records, AgentEvent.ModelChanged.class).model()).contains("claude-haiku-4-5");
        assertThat(pid(session)).isEqualTo(pid);
    }

    private static ModelRequest last(List<ModelRequest> requests) {
        return requests.get(requests.size() - 1);
    }
}
