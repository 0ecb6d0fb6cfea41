package io.hotplex.testkit.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.Confinement;
import io.hotplex.api.Delivery;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Journal} does. A subclass opens one; it has to keep all that these tests write, which is less than
 * 16 MiB, and whose events are years old. Those that need a durable journal are skipped for others.
 */
public abstract class JournalContract {
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05.678901Z");
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    private @Nullable Journal journal;

    /** For subclasses. */
    protected JournalContract() {}

    /** Opens the journal; a durable one again on what the last one left. */
    protected abstract Journal open();

    /** Ends the journal without closing it, as far as that can be done in one JVM; by default closes it. */
    protected void abandon(Journal open) {
        open.close();
    }

    @AfterEach
    void close() {
        if (journal != null) {
            journal.close();
        }
    }

    /** The journal, opened with the first use. */
    protected final Journal journal() {
        if (journal == null) {
            journal = open();
        }
        return journal;
    }

    /** Closes the journal and opens it again. */
    protected final Journal reopened() {
        journal().close();
        journal = open();
        return journal;
    }

    private void needsDurability() {
        Assumptions.assumeTrue(journal().durable(), "this journal is not durable");
    }

    private static AgentEvent text(String text) {
        return new AgentEvent.TextDelta("m1", 0, text, null);
    }

    /** Waits for a condition. */
    protected static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        CountDownLatch never = new CountDownLatch(1);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for %s", PATIENCE).isLessThan(deadline);
            try {
                assertThat(never.await(2, TimeUnit.MILLISECONDS)).isFalse();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }
    }

    private static List<EventRecord> all(SessionLog log) {
        List<EventRecord> found = new ArrayList<>();
        List<EventRecord> batch = log.read(0, 100);
        while (!batch.isEmpty()) {
            found.addAll(batch);
            batch = log.read(found.get(found.size() - 1).offset(), 100);
        }
        return found;
    }

    private static void awaitReadable(SessionLog log, long offset) {
        await(() -> log.newest() >= offset);
    }

    @Test
    void numbersRecordsFromOneAndReadsThemInOrder() {
        SessionLog log = journal().open("s");
        assertThat(log.newest()).isZero();
        assertThat(log.read(0, 10)).isEmpty();

        EventRecord first = log.append("t1", NOW, text("a"));
        log.append(null, NOW, text("b"));
        awaitReadable(log, 2);

        assertThat(first.offset()).isEqualTo(1);
        assertThat(log.oldest()).isEqualTo(1);
        assertThat(log.read(0, 10)).extracting(EventRecord::offset).containsExactly(1L, 2L);
        assertThat(log.read(1, 10)).extracting(EventRecord::turnId).containsExactly((String) null);
        assertThat(log.read(0, 1)).containsExactly(first);
        assertThat(log.read(2, 10)).isEmpty();
        assertThat(log.read(0, 0)).isEmpty();
    }

    @Test
    void sessionsHaveOffsetsOfTheirOwn() {
        SessionLog one = journal().open("one");
        SessionLog two = journal().open("two");
        one.append(null, NOW, text("a"));
        one.append(null, NOW, text("b"));

        assertThat(two.append(null, NOW, text("c")).offset()).isEqualTo(1);
        awaitReadable(two, 1);
        assertThat(two.read(0, 10)).hasSize(1);
    }

    @Test
    void aReaderWhoIsToldSeesWhatItIsToldOf() {
        List<Long> told = new CopyOnWriteArrayList<>();
        AtomicLong missing = new AtomicLong();
        SessionLog[] log = new SessionLog[1];
        log[0] = journal().open("s", newest -> {
            told.add(newest);
            missing.addAndGet(newest - log[0].newest());
        });

        for (int i = 0; i < 500; i++) {
            log[0].append(null, NOW, text("x" + i));
        }

        await(() -> !told.isEmpty() && told.get(told.size() - 1) == 500);
        assertThat(told).isSorted();
        assertThat(missing).hasNonPositiveValue();
    }

    @Test
    void concurrentReadersSeeNoHole() {
        SessionLog log = journal().open("s");
        int records = 5_000;
        List<CompletableFuture<Long>> readers = new ArrayList<>();
        for (int reader = 0; reader < 3; reader++) {
            int max = 1 + 40 * reader;
            readers.add(CompletableFuture.supplyAsync(() -> follow(log, records, max)));
        }

        for (int i = 1; i <= records; i++) {
            log.append(i % 3 == 0 ? null : "t", NOW, text("text " + i));
        }

        assertThat(readers)
                .allSatisfy(
                        reader -> assertThat(reader.get(60, TimeUnit.SECONDS)).isEqualTo(records));
    }

    private static long follow(SessionLog log, int records, int max) {
        long last = 0;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(50);
        while (last < records && System.nanoTime() < deadline) {
            for (EventRecord record : log.read(last, max)) {
                if (record.offset() != last + 1
                        || !((AgentEvent.TextDelta) record.event()).text().equals("text " + record.offset())) {
                    throw new AssertionError(record.offset() + " after " + last);
                }
                last = record.offset();
            }
            Thread.onSpinWait();
        }
        return last;
    }

    @Test
    void aClosedLogTakesNothingAndCanBeRead() {
        SessionLog log = journal().open("s");
        log.append(null, NOW, text("a"));
        log.close();

        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> log.append(null, NOW, text("b"))))
                .isInstanceOf(IllegalStateException.class);
        awaitReadable(log, 1);
        assertThat(log.read(0, 10)).hasSize(1);
    }

    // ---- durable

    @Test
    void offsetsGoOnWhenItIsOpenedAgain() {
        needsDurability();
        SessionLog log = journal().open("s");
        for (int i = 1; i <= 300; i++) {
            log.append("t", NOW, text("text " + i));
        }

        SessionLog again = reopened().open("s");

        assertThat(again.newest()).isEqualTo(300);
        assertThat(again.append(null, NOW, text("more")).offset()).isEqualTo(301);
        awaitReadable(again, 301);
        List<EventRecord> records = all(again);
        assertThat(records).hasSize(301);
        for (int i = 0; i < 300; i++) {
            assertThat(records.get(i).offset()).isEqualTo(i + 1);
            assertThat(records.get(i).time()).isEqualTo(NOW);
            assertThat(records.get(i).event()).isEqualTo(text("text " + (i + 1)));
        }
        assertThat(journal().read("s", 299, 10)).extracting(EventRecord::offset).containsExactly(300L, 301L);
    }

    @Test
    void whateverAnAgentSaysComesBackAsItWas() {
        needsDurability();
        Map<String, @Nullable Object> input = new LinkedHashMap<>();
        input.put("text", "Zeichen \u00e4 \u4e2d \ud83d\ude00 \u0000 \" \\ \n");
        input.put("nothing", null);
        input.put("flags", List.of(true, false));
        input.put("number", 1.5);
        input.put("deep", Map.of("list", List.of(Map.of("a", "b"))));
        List<AgentEvent> events = List.of(
                text("\u00e4\u4e2d\ud83d\ude00\u0000"),
                text("half of a pair: \ud83d"),
                new AgentEvent.ToolStarted("c1", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", input, List.of("/a"), null),
                new AgentEvent.TurnCompleted(
                        "done", new TokenUsage(1, 2, 3, 4), 0.25, Duration.ofMillis(1234), "end_turn", null),
                new AgentEvent.Raw("unknown", "{\"a\":1}", true));
        SessionLog log = journal().open("s");
        events.forEach(event -> log.append("t", NOW, event));

        SessionLog again = reopened().open("s");

        assertThat(all(again)).extracting(EventRecord::event).containsExactlyElementsOf(events);
    }

    @Test
    void keepsWhatANewEngineNeeds() {
        needsDurability();
        SessionState state = state("s", 2, false);
        SessionLog log = journal().open("s");
        log.append("t1", NOW, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
        log.save(state("s", 1, false));
        log.append("t1", NOW, text("a"));
        log.save(state);

        Journal again = reopened();

        assertThat(again.sessions()).hasSize(1);
        assertThat(again.session("s")).hasValueSatisfying(stored -> {
            assertThat(stored.state()).isEqualTo(state);
            assertThat(stored.state().spec().environment()).containsEntry("KEY", "value");
            assertThat(stored.oldest()).isEqualTo(1);
            assertThat(stored.newest()).isEqualTo(2);
            assertThat(stored.openTurns()).isEqualTo(1);
        });
        assertThat(again.session("other")).isEmpty();
    }

    @Test
    void keepsPromptsUntilTheirTurnsEnd() {
        needsDurability();
        Prompt prompt = Prompt.builder("what was asked \ud83d\ude00")
                .instructions("be short")
                .attach(new Attachment("a.png", "image/png", new byte[] {1, 2, 3}))
                .inline(new AgentEvent.Attached("n.md", "text/markdown", 8))
                .delivery(Delivery.STEER)
                .clientId("mine \u0000")
                .timeout(Duration.ofSeconds(7))
                .build();
        AtomicInteger safe = new AtomicInteger();
        SessionLog log = journal().open("s");
        log.save(state("s", 0, false));
        log.accept(StoredTurn.accepted("t1", prompt, NOW), safe::incrementAndGet);
        log.accept(StoredTurn.accepted("t2", Prompt.of("second"), NOW.plusNanos(1)), safe::incrementAndGet);
        log.accept(StoredTurn.accepted("t3", Prompt.of("third"), NOW.plusNanos(2)), safe::incrementAndGet);
        log.append("t2", NOW, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
        log.append("t4", NOW, new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null));
        await(() -> safe.get() == 3);

        List<StoredTurn> open = reopened().turns("s");

        assertThat(open).extracting(StoredTurn::turnId).containsExactly("t1", "t4", "t2", "t3");
        StoredTurn first = open.get(0);
        assertThat(first.prompt()).isEqualTo(prompt);
        assertThat(first.waits()).isTrue();
        assertThat(open.get(2).started()).isTrue();
        assertThat(open.get(1).prompt()).isNull();

        SessionLog again = journal().open("s");
        AgentEvent.Terminal end = new AgentEvent.TurnCancelled("enough", TokenUsage.ZERO, null, Duration.ZERO);
        for (String turn : List.of("t1", "t2", "t3", "t4")) {
            again.append(turn, NOW, end);
        }
        List<StoredTurn> ended = reopened().turns("s");

        assertThat(ended).extracting(StoredTurn::turnId).containsExactly("t1", "t2", "t3");
        assertThat(ended.get(0).clientId()).isEqualTo("mine \u0000");
        assertThat(ended.get(0).prompt()).isNull();
        assertThat(ended.get(0).result()).satisfies(result -> {
            assertThat(result).isNotNull();
            assertThat(result.end()).isEqualTo(end);
            assertThat(result.offset()).isEqualTo(3);
        });
    }

    @Test
    void aDeletedSessionIsGoneAndItsNameIsFree() {
        needsDurability();
        SessionLog log = journal().open("s");
        log.append(null, NOW, text("a"));
        log.save(state("s", 1, true));
        log.close();

        assertThat(journal().delete("s")).isTrue();
        assertThat(journal().delete("s")).isFalse();
        assertThat(journal().sessions()).isEmpty();
        assertThat(journal().read("s", 0, 10)).isEmpty();
        assertThat(reopened().sessions()).isEmpty();
        assertThat(journal().open("s").append(null, NOW, text("b")).offset()).isEqualTo(1);
    }

    /** Appends, reads, deletions, ends and crashes in any order agree with lists in memory. */
    @Test
    void agreesWithAModelWhateverIsDone() {
        needsDurability();
        long seed = Long.getLong("hotplex.seed", 20260101L);
        int steps = Integer.getInteger("hotplex.journal.steps", 400);
        Random random = new Random(seed);
        Map<String, List<AgentEvent>> model = new HashMap<>();
        Map<String, SessionLog> open = new HashMap<>();
        for (int step = 0; step < steps; step++) {
            String id = "s" + random.nextInt(5);
            String what = "seed " + seed + ", step " + step + ", session " + id;
            switch (random.nextInt(12)) {
                case 0 -> {
                    open.clear();
                    if (random.nextBoolean()) {
                        Journal ended = journal();
                        model.forEach((name, events) -> await(() -> newest(ended, name) == events.size()));
                        abandon(ended);
                        journal = open();
                    } else {
                        reopened();
                    }
                }
                case 1 -> {
                    SessionLog log = open.remove(id);
                    if (log != null) {
                        log.close();
                    }
                    assertThat(journal().delete(id)).as(what).isEqualTo(model.remove(id) != null);
                }
                case 2, 3, 4 -> {
                    List<AgentEvent> expected = model.getOrDefault(id, List.of());
                    await(() -> newest(journal(), id) == expected.size());
                    int after = expected.isEmpty() ? 0 : random.nextInt(expected.size());
                    int max = 1 + random.nextInt(50);
                    assertThat(journal().read(id, after, max))
                            .as(what)
                            .extracting(EventRecord::event)
                            .containsExactlyElementsOf(expected.subList(after, Math.min(expected.size(), after + max)));
                }
                default -> {
                    SessionLog log = open.computeIfAbsent(id, name -> journal().open(name, LogListener.NONE));
                    List<AgentEvent> events = model.computeIfAbsent(id, name -> new ArrayList<>());
                    for (int i = random.nextInt(20); i >= 0; i--) {
                        AgentEvent event = text("x".repeat(random.nextInt(300)) + step);
                        events.add(event);
                        assertThat(log.append("t", NOW, event).offset())
                                .as(what)
                                .isEqualTo(events.size());
                    }
                }
            }
        }
    }

    private static long newest(Journal journal, String id) {
        List<EventRecord> records = journal.read(id, 0, Integer.MAX_VALUE);
        return records.isEmpty() ? 0 : records.get(records.size() - 1).offset();
    }

    /** A state with every part set. */
    protected static SessionState state(String id, long offset, boolean closed) {
        SessionSpec spec = SessionSpec.builder(id, Path.of("/work"))
                .owner("me")
                .provider("p")
                .model("m")
                .tools(new ToolRules(List.of("A"), List.of("B"), List.of("C")))
                .appendSystemPrompt("more")
                .mcpConfig("{}")
                .strictMcpConfig(true)
                .environment("KEY", "value")
                .confinement(Confinement.of(Confinement.Kind.BUBBLEWRAP)
                        .withNetwork(false)
                        .withWritable(List.of(Path.of("/w"))))
                .limits(ResourceLimits.builder()
                        .cpus(1.5)
                        .processes(7)
                        .memoryBytes(1L << 33)
                        .build())
                .build();
        return new SessionState(
                spec,
                spec.toBuilder().model("other").permissionMode("plan").build(),
                "agent-" + id,
                true,
                3,
                4711L,
                List.of(new AgentEvent.PermissionRequested("r1", "c1", "Bash", Map.of("a", "b"), "why", List.of())),
                new SessionStats(
                        id,
                        5,
                        1,
                        Duration.ofMillis(10),
                        Duration.ofMillis(11),
                        Duration.ofMillis(12),
                        Duration.ofMillis(13),
                        new TokenUsage(1, 2, 3, 4),
                        0.5,
                        6,
                        List.of("Bash"),
                        List.of("/f"),
                        "what it is about"),
                offset,
                NOW,
                closed,
                "linux this one");
    }
}
