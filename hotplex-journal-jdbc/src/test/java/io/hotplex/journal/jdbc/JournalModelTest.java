package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.JournalConfig.Retention;
import io.hotplex.api.spi.SessionLog;
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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Appends, reads, accepted prompts, retention, deletions, orderly ends and crashes in any order agree with lists in
 * memory. {@code -Dhotplex.journal.steps} says how many, {@code -Dhotplex.seed} which.
 */
class JournalModelTest {
    private static final int STEPS = Integer.getInteger("hotplex.journal.steps", 250);
    private static final int KEPT = 60;
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    @TempDir
    Path dir;

    private final long seed = Long.getLong("hotplex.seed", 20260101L);
    private final Random random = new Random(seed);
    private final Map<String, Model> models = new HashMap<>();
    private Acknowledgement level = Acknowledgement.WRITTEN;
    private int lives;
    private @Nullable Journal journal;
    private String what = "";

    /** A session as it should be. */
    private static final class Model {
        /** All that were appended, also what is not kept any more; the one with offset n is at n - 1. */
        final List<AgentEvent> events = new ArrayList<>();

        /** Turns that were accepted, with the offset of their end, or 0. */
        final Map<String, Long> turns = new LinkedHashMap<>();

        /** Turns whose acceptance was told to be safe. */
        final Set<String> safe = ConcurrentHashMap.newKeySet();

        @Nullable
        SessionLog log;

        /** The turn that runs, and where it began. */
        @Nullable
        String running;

        long began = Long.MAX_VALUE;
        /** What was acknowledged when it crashed. */
        long acknowledged;

        Set<String> acknowledgedTurns = Set.of();
        /** No record from here on may have been given up. */
        long mustKeep() {
            return Math.max(1, Math.min(events.size() - KEPT + 1, began));
        }
    }

    @AfterEach
    void close() {
        if (journal != null) {
            journal.close();
        }
    }

    private Path home() {
        return dir.resolve("life" + lives);
    }

    private Journal journal() {
        if (journal == null) {
            Retention retention = new Retention(Duration.ofDays(36_500), 1L << 40, 1L << 40, KEPT);
            journal =
                    Journals.open(new JournalConfig("sqlite", home(), null, false, level, 1 << 20, 1 << 14, retention));
        }
        return journal;
    }

    private SessionLog log(String id, Model model) {
        if (model.log == null) {
            model.log = journal().open(id);
        }
        return model.log;
    }

    @ParameterizedTest
    @EnumSource(Acknowledgement.class)
    void agreesWithListsInMemoryWhateverIsDone(Acknowledgement promise) throws Exception {
        level = promise;
        for (int step = 0; step < STEPS; step++) {
            String id = "s" + random.nextInt(4);
            what = promise + ", seed " + seed + ", step " + step + ", session " + id;
            int kind = random.nextInt(20);
            if (kind == 0) {
                crash();
            } else if (kind == 1) {
                end();
            } else if (kind == 2) {
                delete(id);
            } else if (kind < 6) {
                read(id);
            } else if (kind < 9) {
                turn(id);
            } else {
                append(id);
            }
        }
        end();
        models.forEach(this::settle);
    }

    private void append(String id) {
        Model model = models.computeIfAbsent(id, name -> new Model());
        SessionLog log = log(id, model);
        for (int i = random.nextInt(25); i >= 0; i--) {
            add(log, model, model.running, new AgentEvent.TextDelta("m", 0, "text " + random.nextLong(), null));
        }
    }

    private void add(SessionLog log, Model model, @Nullable String turn, AgentEvent event) {
        model.events.add(event);
        assertThat(log.append(turn, NOW, event).offset()).as(what).isEqualTo(model.events.size());
    }

    /** A prompt is accepted, and begins; or the one that runs ends. */
    private void turn(String id) {
        Model model = models.computeIfAbsent(id, name -> new Model());
        SessionLog log = log(id, model);
        String running = model.running;
        if (running != null) {
            add(log, model, running, new AgentEvent.TurnCancelled("enough", TokenUsage.ZERO, null, Duration.ZERO));
            model.turns.put(running, (long) model.events.size());
            model.running = null;
            model.began = Long.MAX_VALUE;
            return;
        }
        String turn = "t" + random.nextLong();
        model.turns.put(turn, 0L);
        log.accept(StoredTurn.accepted(turn, Prompt.of("do it"), NOW), () -> model.safe.add(turn));
        if (random.nextBoolean()) {
            add(log, model, turn, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"));
            model.running = turn;
            model.began = model.events.size();
        }
    }

    private void read(String id) {
        Model model = models.get(id);
        if (model == null) {
            assertThat(journal().read(id, 0, 10)).as(what).isEmpty();
            return;
        }
        long after = model.events.isEmpty() ? 0 : random.nextInt(model.events.size());
        long mustKeep = model.mustKeep();
        long next = 0;
        for (EventRecord record : journal().read(id, after, 1 + random.nextInt(50))) {
            if (next == 0) {
                assertThat(record.offset()).as(what).isBetween(after + 1, Math.max(after + 1, mustKeep));
            } else {
                assertThat(record.offset()).as(what).isEqualTo(next);
            }
            assertThat(record.event()).as(what).isEqualTo(model.events.get((int) record.offset() - 1));
            next = record.offset() + 1;
        }
    }

    private void delete(String id) {
        Model model = models.remove(id);
        if (model != null && model.log != null) {
            model.log.close();
        }
        boolean something = model != null && !(model.events.isEmpty() && model.turns.isEmpty());
        assertThat(journal().delete(id)).as(what).isEqualTo(something);
        assertThat(journal().read(id, 0, 10)).as(what).isEmpty();
    }

    /** An orderly end loses nothing, whatever was promised. */
    private void end() {
        journal().close();
        journal = null;
        models.forEach((id, model) -> {
            model.log = null;
            model.acknowledged = model.events.size();
            model.acknowledgedTurns = Set.copyOf(model.turns.keySet());
        });
        verify();
    }

    /** The process dies at this moment, and the end of what it wrote may be torn. */
    private void crash() throws Exception {
        Path before = home();
        Journal dying = journal();
        lives++;
        Snapshot.copy(before, home(), this::acknowledge, random);
        dying.close();
        journal = null;
        models.values().forEach(model -> model.log = null);
        verify();
    }

    private void acknowledge() {
        boolean promised = level != Acknowledgement.MEMORY;
        models.values().forEach(model -> {
            model.acknowledged = !promised ? 0 : model.log == null ? model.acknowledged : model.log.newest();
            model.acknowledgedTurns = promised ? Set.copyOf(model.safe) : Set.of();
        });
    }

    /** After an end: what was acknowledged is there; what was not may be, as far as nothing is missing before it. */
    private void verify() {
        models.forEach((id, model) -> {
            SessionLog log = log(id, model);
            long newest = log.newest();
            assertThat(newest).as(what + " of " + id).isBetween(model.acknowledged, (long) model.events.size());
            model.events.subList((int) newest, model.events.size()).clear();
            model.turns.replaceAll((turn, end) -> end > newest ? 0 : end);
            Map<String, StoredTurn> stored =
                    journal().turns(id).stream().collect(Collectors.toMap(StoredTurn::turnId, turn -> turn));
            assertThat(stored.keySet()).as(what + " of " + id).isSubsetOf(model.turns.keySet());
            model.turns.forEach((turn, end) -> {
                boolean trimmed = end > 0 && end < log.oldest();
                if (model.acknowledgedTurns.contains(turn) && !trimmed) {
                    StoredTurn kept = stored.get(turn);
                    assertThat(kept).as(what + " of " + id + ", " + turn).isNotNull();
                    assertThat(kept != null && kept.result() == null).as(what).isEqualTo(end == 0);
                }
            });
            model.turns.keySet().retainAll(stored.keySet());
            model.safe.retainAll(stored.keySet());
            model.safe.addAll(stored.keySet());
            model.acknowledged = newest;
            model.running = null; // the next engine ends it
            model.began = Long.MAX_VALUE;
            for (StoredTurn turn : stored.values()) {
                if (turn.started() && turn.result() == null) {
                    add(
                            log,
                            model,
                            turn.turnId(),
                            new AgentEvent.TurnCancelled("lost", TokenUsage.ZERO, null, Duration.ZERO));
                    model.turns.put(turn.turnId(), (long) model.events.size());
                }
            }
        });
    }

    /** In the end exactly what is to be kept is there. */
    private void settle(String id, Model model) {
        SessionLog log = log(id, model);
        long oldest = Math.max(1, model.events.size() - KEPT + 1);
        await(what)
                .atMost(Duration.ofSeconds(20))
                .until(() -> log.newest() == model.events.size() && log.oldest() >= oldest);
        assertThat(log.oldest()).as(what).isEqualTo(oldest);
        List<EventRecord> all = journal().read(id, 0, 10_000);
        assertThat(all)
                .as(what)
                .extracting(EventRecord::event)
                .containsExactlyElementsOf(model.events.subList((int) oldest - 1, model.events.size()));
    }
}
