package io.hotplex.journal.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Session;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JVM is killed with SIGKILL while its engine works, at random, again and again on the same journal, now with one
 * promise, now with the other, and now and then on a disk that is full: what it promised holds.
 * {@code -Dhotplex.crash.rounds} says how often, {@code -Dhotplex.seed} after how long.
 */
class CrashTest {
    private static final int ROUNDS = Integer.getInteger("hotplex.crash.rounds", 10);
    private static final int FULL_DISK_ROUNDS = Math.max(1, ROUNDS / 10);
    private static final long SEED = Long.getLong("hotplex.seed", 20260101L);

    @TempDir
    Path dir;

    /** What the killed JVMs said, per session. */
    private final Map<String, Set<String>> accepted = new HashMap<>();

    private final Map<String, Map<Long, String>> seen = new HashMap<>();
    private final Map<String, Map<String, Long>> ended = new HashMap<>();

    @Test
    void whatWasPromisedOutlivesTheJvm() throws Exception {
        Random random = new Random(SEED);
        for (int round = 0; round < ROUNDS - FULL_DISK_ROUNDS; round++) {
            String acknowledgement = round % 2 == 0 ? "written" : "synced";
            String what = acknowledgement + ", seed " + SEED + ", round " + round;
            runAndKill(dir, acknowledgement, 200 + random.nextInt(2000));
            try (Engine engine = CrashLoad.engine(dir, acknowledgement)) {
                verify(engine, what);
            }
        }
        assertThat(accepted.values().stream().mapToInt(Set::size).sum()).isPositive();
        try (Stream<Path> unpacked = Files.list(dir.resolve("journal/native"))) {
            assertThat(unpacked.filter(file -> file.toString().endsWith(".so")))
                    .as("what killed JVMs leave is cleared away")
                    .hasSizeLessThanOrEqualTo(1);
        }
    }

    @Test
    void whatWasPromisedOutlivesTheJvmOnAFullDisk() throws Exception {
        for (int round = 0; round < FULL_DISK_ROUNDS; round++) {
            try (SmallDisk disk = SmallDisk.mount(dir.resolve("disk"), 12)) {
                accepted.clear();
                seen.clear();
                ended.clear();
                List<String> said = runAndKill(disk.root(), "synced", Integer.MAX_VALUE);
                assertThat(said).contains("full");
                disk.grow(64);
                try (Engine engine = CrashLoad.engine(disk.root(), "synced")) {
                    verify(engine, "full disk, round " + round);
                }
            }
        }
    }

    /** Starts a JVM, and kills it after so many lines, or when its journal refuses prompts. Returns what it said. */
    private List<String> runAndKill(Path state, String acknowledgement, int lines)
            throws IOException, InterruptedException {
        Path output = Files.createTempFile(dir, "load", ".txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrashLoad.class.getName(),
                        state.toString(),
                        acknowledgement)
                .redirectError(output.toFile())
                .start();
        List<String> said = new ArrayList<>();
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            String line = reader.readLine();
            while (line != null) {
                said.add(line);
                if (said.size() == lines || line.equals("full")) {
                    process.destroyForcibly();
                }
                line = reader.readLine();
            }
        } catch (IOException e) {
            // the pipe of a killed process may break
        }
        process.destroyForcibly();
        assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
        boolean full = said.contains("full");
        assertThat(full || said.size() >= lines).as(Files.readString(output)).isTrue();
        said.subList(0, said.size() - 1).stream() // the last may be half a line
                .filter(line -> !line.equals("full"))
                .forEach(this::note);
        return said;
    }

    private void note(String line) {
        String[] words = line.split(" ", -1);
        switch (words[0]) {
            case "accepted" ->
                accepted.computeIfAbsent(words[1], s -> new HashSet<>()).add(words[2]);
            case "seen" -> seen.computeIfAbsent(words[1], s -> new HashMap<>()).put(Long.parseLong(words[2]), words[3]);
            case "ended" ->
                ended.computeIfAbsent(words[1], s -> new HashMap<>()).put(words[2], Long.parseLong(words[3]));
            default -> throw new AssertionError(line);
        }
    }

    private void verify(Engine engine, String what) {
        for (int i = 0; i < CrashLoad.SESSIONS; i++) {
            String id = "s" + i;
            Session session = engine.session(id).orElseThrow();
            await().atMost(Duration.ofSeconds(30))
                    .until(() ->
                            session.info().queuedTurns() == 0 && session.info().runningTurn() == null);
            List<EventRecord> records = new CopyOnWriteArrayList<>();
            long newest = session.info().newestOffset();
            session.subscribe(0, records::add);
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> !records.isEmpty()
                            && records.get(records.size() - 1).offset() >= newest);
            // the last ends may be decided and not written yet, so that nobody can read them
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> assertThat(ends(records))
                            .as(what + ", " + id)
                            .containsAll(accepted.getOrDefault(id, Set.of())));
            verify(id, records, what);
        }
    }

    private static List<String> ends(List<EventRecord> records) {
        return records.stream()
                .filter(record -> record.event() instanceof AgentEvent.Terminal)
                .map(record -> String.valueOf(record.turnId()))
                .toList();
    }

    private void verify(String id, List<EventRecord> records, String what) {
        Map<Long, String> types = new HashMap<>();
        Map<String, Long> ends = new HashMap<>();
        Set<String> twice = new HashSet<>();
        long last = 0;
        for (EventRecord record : records) {
            assertThat(record.firstOffset()).as(what + ", " + id).isEqualTo(last + 1);
            last = record.offset();
            types.put(record.offset(), record.event().type());
            if (record.event() instanceof AgentEvent.Terminal
                    && ends.put(String.valueOf(record.turnId()), record.offset()) != null) {
                twice.add(String.valueOf(record.turnId()));
            }
            assertThat(record.event()).as(what + ", " + id).isNotInstanceOf(AgentEvent.Raw.class);
        }
        assertThat(twice).as(what + ", " + id).isEmpty();
        assertThat(ends.keySet()).as(what + ", " + id).containsAll(accepted.getOrDefault(id, Set.of()));
        assertThat(ends).as(what + ", " + id).containsAllEntriesOf(ended.getOrDefault(id, Map.of()));
        seen.getOrDefault(id, Map.of()).forEach((offset, type) -> {
            if (types.containsKey(offset)) { // else it is in the middle of a merged record
                assertThat(types.get(offset))
                        .as(what + ", " + id + " " + offset)
                        .isEqualTo(type);
            }
        });
    }
}
