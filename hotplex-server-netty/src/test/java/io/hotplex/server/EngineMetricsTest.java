package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.JournalStats;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Subscriber;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.core.MemoryJournal;
import io.hotplex.telemetry.Telemetry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Metrics of an engine that an application built, without any server. */
@Timeout(60)
class EngineMetricsTest {
    @TempDir
    Path directory;

    private final Puppets puppets = new Puppets();
    private final Telemetry telemetry = Telemetry.builder().build();

    private HotPlex parts(String... settings) {
        EngineConfig.Builder config = EngineConfig.builder().set(EngineConfig.STATE_DIRECTORY, directory);
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        return HotPlex.builder()
                .config(config.build())
                .provider(puppets)
                .launcher(puppets)
                .listener(telemetry.listener())
                .reader(telemetry.reader());
    }

    private String metrics() {
        return telemetry.metrics(telemetry.contentType(null));
    }

    /** Three sentences of a journal. */
    private static final class ToldJournal implements Journal {
        private final MemoryJournal memory = new MemoryJournal(1 << 20, 1 << 20);

        @Override
        public SessionLog open(String sessionId, LogListener listener) {
            return memory.open(sessionId, listener);
        }

        @Override
        public JournalStats stats() {
            return new JournalStats(11, 22, Duration.ofMillis(1500));
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    @Test
    void tellsHowTheJournalAndThoseWhoFollowSessionsAreDoing() throws Exception {
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch open = new CountDownLatch(1);
        try (Engine engine =
                parts("merge-backlog", "10").journal(new ToldJournal()).build()) {
            telemetry.watch(engine);
            Session session = engine.open(SessionSpec.builder("s", directory).build());
            session.subscribe(0, new Subscriber() {
                @Override
                public void onEvent(EventRecord record) {
                    entered.countDown();
                    try {
                        assertThat(open.await(30, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                }
            });
            session.submit(Prompt.of("burst 100"))
                    .result()
                    .toCompletableFuture()
                    .join();
            assertThat(entered.await(30, TimeUnit.SECONDS)).isTrue();
            long written = engine.info("s").orElseThrow().newestOffset();

            assertThat(metrics())
                    .contains(
                            "hotplex_journal_bytes 11.0",
                            "hotplex_journal_backlog_bytes 22.0",
                            "hotplex_journal_lag_seconds 1.5",
                            "hotplex_subscriptions 1.0",
                            "hotplex_subscriber_behind_records " + (double) written,
                            "hotplex_subscriber_furthest_behind_records " + (double) written,
                            "hotplex_subscriber_merged_records_total 0.0",
                            "hotplex_subscriber_resets_total 0.0");
            open.countDown();
            await().untilAsserted(() -> assertThat(metrics())
                    .contains("hotplex_subscriber_behind_records 0.0")
                    .containsPattern("hotplex_subscriber_merged_records_total [1-9]"));
        }
    }

    /** What an engine tells; the other metrics are compared with the document where they are counted. */
    @Test
    void theDocumentHasTheMetricsOfAnEngineAsTheyAre() throws IOException {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("hotplex-api"))) {
            root = Objects.requireNonNull(root.getParent());
        }
        List<String> told;
        try (Engine engine = parts().build()) {
            Set<String> before = names(telemetry.describe());
            telemetry.watch(engine);
            told = telemetry.describe().stream()
                    .filter(metric -> !before.contains(metric.name()))
                    .map(metric -> "`" + metric.name() + "` " + metric.type() + " " + metric.help())
                    .toList();
        }
        List<String> documented = Files.readAllLines(root.resolve("docs/metrics.md")).stream()
                .filter(line -> line.startsWith("| `hotplex_"))
                .map(line -> line.split("\\|", -1))
                .map(cells -> cells[1].strip() + " " + cells[2].strip() + " " + cells[4].strip())
                .toList();

        assertThat(told).hasSizeGreaterThan(10).isSubsetOf(documented);
    }

    private static Set<String> names(List<Telemetry.Metric> metrics) {
        return metrics.stream().map(Telemetry.Metric::name).collect(Collectors.toSet());
    }

    @Test
    void tellsOfASubscriberThatComesForWhatIsNotKeptAnyMore() {
        try (Engine engine = parts("journal-max-bytes-per-session", "64KiB").build()) {
            telemetry.watch(engine);
            Session session = engine.open(SessionSpec.builder("s", directory).build());
            session.submit(Prompt.of("burst 5000"))
                    .result()
                    .toCompletableFuture()
                    .join();

            session.subscribe(0, record -> {});

            await().untilAsserted(() -> assertThat(metrics()).contains("hotplex_subscriber_resets_total 1.0"));
        }
    }
}
