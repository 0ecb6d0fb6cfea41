package io.hotplex.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.ToolGuard;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MetricsTest {
    private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    private static final Path ROOT = root();

    private static Rig rig() {
        return new Rig(Telemetry.builder()
                .clock(Clock.fixed(Rig.BEGIN, ZoneOffset.UTC))
                .build());
    }

    private static void story(Rig rig) {
        Telemetry telemetry = rig.telemetry;
        SessionLog log = rig.open("secret-session", "claude");
        telemetry.listener().onProcessReady("secret-session", "claude", 1, Duration.ofSeconds(2));
        telemetry.listener().onTurnAccepted("secret-session", "claude", "t1");
        telemetry
                .listener()
                .onGuardDecision(
                        "secret-session", ToolGuard.Action.DENY, new GuardFinding("r", "file_delete", "high", "no"));
        telemetry.listener().onRedacted("secret-session", 3);
        telemetry.listener().onLogRedacted(2);
        telemetry.listener().onPoolExhausted(new PoolSnapshot(1, 1, 0, 1, 0, 1, 1));
        telemetry.listener().onProcessExited("secret-session", "claude", 1, false);
        telemetry.request("GET", "/v1/sessions", 200, 123, Duration.ofMillis(3));
        telemetry.connectionRefused();
        telemetry.watchConnections(() -> Map.of("http", 1, "sse", 2, "websocket", 3));
        telemetry.watchHooks(() -> List.of(new HookStatus(
                "ops", "webhook", HookStatus.State.RETRYING, 7, Duration.ofMillis(1500), 11, 2, 3, 4, "e", null)));
        rig.append(log, null, 1, new AgentEvent.SessionStarted("claude", "a", 1, 5, "/w", "posix", "none"));
        rig.append(log, null, 1, new AgentEvent.AgentInfo("2", "opus", null, List.of(), Map.of()));
        rig.append(log, "t1", 2, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "secret-prompt", TRACE));
        rig.append(log, "t1", 3, new AgentEvent.TextDelta("m", 0, "secret-text", null));
        rig.append(log, "t1", 4, new AgentEvent.Usage("m", null, new TokenUsage(1, 2, 3, 4), null));
        rig.append(
                log,
                "t1",
                5,
                new AgentEvent.ToolStarted(
                        "tool", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", Map.of(), List.of(), null));
        rig.append(log, "t1", 5, new AgentEvent.PermissionRequested("p", "tool", "Bash", Map.of(), "", List.of()));
        rig.append(log, "t1", 25, new AgentEvent.PermissionResolved("p", AgentEvent.Resolution.ALLOWED, "ann", null));
        rig.append(log, "t1", 27, new AgentEvent.ToolCompleted("tool", "Bash", true, "", List.of(), null));
        rig.append(
                log,
                "t1",
                30,
                new AgentEvent.TurnFailed(
                        ErrorCode.RATE_LIMITED, "m", true, TokenUsage.ZERO, 0.5, Duration.ofSeconds(28)));
        rig.append(
                log,
                null,
                31,
                new AgentEvent.ProcessExited(1, 5, null, 9, false, "", 3, 1, Duration.ofMillis(70), false));
        await().until(() -> rig.metrics().contains("hotplex_events_total{type=\"process_exited\",} 1.0"));
    }

    @Test
    void everythingThatHappensIsCounted() {
        try (Rig rig = rig()) {
            story(rig);

            assertThat(rig.metrics())
                    .contains(
                            "hotplex_sessions_opened_total{provider=\"claude\",} 1.0",
                            "hotplex_process_start_seconds_sum{provider=\"claude\",} 2.0",
                            "hotplex_process_exits_total{provider=\"claude\",expected=\"false\",} 1.0",
                            "hotplex_process_kills_total{provider=\"claude\",} 1.0",
                            "hotplex_survivors_total{provider=\"claude\",outcome=\"killed\",} 2.0",
                            "hotplex_survivors_total{provider=\"claude\",outcome=\"left\",} 1.0",
                            "hotplex_process_cleanup_seconds_sum{provider=\"claude\",} 0.07",
                            "hotplex_turns_accepted_total{provider=\"claude\",} 1.0",
                            "hotplex_turn_starts_total{provider=\"claude\",start=\"cold\",} 1.0",
                            "hotplex_turns_total{provider=\"claude\",outcome=\"failed\",} 1.0",
                            "hotplex_turn_failures_total{provider=\"claude\",code=\"RATE_LIMITED\",} 1.0",
                            "hotplex_turn_duration_seconds_sum{provider=\"claude\",outcome=\"failed\",} 28.0",
                            "hotplex_turn_first_event_seconds_sum{provider=\"claude\",} 1.0",
                            "hotplex_turn_queue_seconds_sum{provider=\"claude\",} 2.0",
                            "hotplex_events_total{type=\"text_delta\",} 1.0",
                            "hotplex_event_bytes_total{type=\"text_delta\",} 108.0",
                            "hotplex_tokens_total{provider=\"claude\",model=\"opus\",kind=\"input\",} 1.0",
                            "hotplex_tokens_total{provider=\"claude\",model=\"opus\",kind=\"output\",} 2.0",
                            "hotplex_tokens_total{provider=\"claude\",model=\"opus\",kind=\"cache_write\",} 3.0",
                            "hotplex_tokens_total{provider=\"claude\",model=\"opus\",kind=\"cache_read\",} 4.0",
                            "hotplex_cost_usd_total{provider=\"claude\",model=\"opus\",} 0.5",
                            "hotplex_tool_calls_total{kind=\"execute\",outcome=\"error\",} 1.0",
                            "hotplex_tool_duration_seconds_sum{kind=\"execute\",} 22.0",
                            "hotplex_guard_decisions_total{action=\"deny\",category=\"file_delete\",} 1.0",
                            "hotplex_redactions_total 3.0",
                            "hotplex_log_redactions_total 2.0",
                            "hotplex_permission_wait_seconds_sum{resolution=\"allowed\",} 20.0",
                            "hotplex_pool_exhausted_total 1.0",
                            "hotplex_http_requests_total{method=\"GET\",route=\"/v1/sessions\",status=\"200\",} 1.0",
                            "hotplex_http_request_seconds_sum{route=\"/v1/sessions\",} 0.003",
                            "hotplex_http_response_bytes_total{route=\"/v1/sessions\",} 123.0",
                            "hotplex_http_connections_refused_total 1.0",
                            "hotplex_http_connections{kind=\"sse\",} 2.0",
                            "hotplex_http_connections{kind=\"websocket\",} 3.0",
                            "hotplex_hook_events_total{hook=\"ops\",} 11.0",
                            "hotplex_hook_failures_total{hook=\"ops\",} 2.0",
                            "hotplex_hook_dead_letters_total{hook=\"ops\",} 3.0",
                            "hotplex_hook_lost_records_total{hook=\"ops\",} 4.0",
                            "hotplex_hook_behind_records{hook=\"ops\",} 7.0",
                            "hotplex_hook_lag_seconds{hook=\"ops\",} 1.5",
                            "hotplex_hook_enabled{hook=\"ops\",} 1.0",
                            "hotplex_telemetry_behind_records ",
                            "hotplex_telemetry_lost_records_total 0.0",
                            "hotplex_sessions_total 1.0",
                            "hotplex_sessions_errors 1.0",
                            "hotplex_tools_invoked 1.0",
                            "hotplex_dangers_blocked 1.0",
                            "hotplex_start_time_seconds ",
                            "jvm_memory_pool_bytes_used",
                            "process_cpu_seconds_total");
            rig.telemetry.listener().onSessionClosed("secret-session", "claude");
            assertThat(rig.metrics()).contains("hotplex_sessions_closed_total{provider=\"claude\",} 1.0");
        }
    }

    /** An increase from nothing to 1 is none to Prometheus. */
    @Test
    void whatAlertsCountIsThereBeforeItHappens() {
        try (Rig rig = rig()) {
            rig.telemetry.listener().onSessionOpened("s", "claude");

            assertThat(rig.metrics())
                    .contains(
                            "hotplex_survivors_total{provider=\"claude\",outcome=\"left\",} 0.0",
                            "hotplex_process_exits_total{provider=\"claude\",expected=\"false\",} 0.0",
                            "hotplex_turns_total{provider=\"claude\",outcome=\"failed\",} 0.0",
                            "hotplex_turns_total{provider=\"claude\",outcome=\"timed_out\",} 0.0",
                            "hotplex_pool_exhausted_total 0.0",
                            "hotplex_telemetry_lost_records_total 0.0");
        }
    }

    @Test
    void nothingOfWhatWasSaidAndNoIdIsALabel() {
        try (Rig rig = rig()) {
            story(rig);

            assertThat(rig.metrics()).doesNotContain("secret", "t1\"", "0af7651916cd43dd8448eb211c80319c");
        }
    }

    @Test
    void openMetricsHasExemplarsWithTheTrace() {
        try (Rig rig = rig()) {
            story(rig);

            String type = rig.telemetry.contentType("application/openmetrics-text; version=1.0.0");
            assertThat(type).startsWith("application/openmetrics-text");
            assertThat(rig.telemetry.metrics(type))
                    .containsPattern(
                            "hotplex_turn_duration_seconds_bucket\\{.*} 1.0 # \\{trace_id=\"0af7651916cd43dd8448eb211c80319c\"}")
                    .endsWith("# EOF\n");
        }
    }

    @Test
    void turnsThatFollowAreHotAndThoseOfAResumedProcessAreSaid() {
        try (Rig rig = rig()) {
            SessionLog log = rig.open("s", "claude");
            for (int i = 0; i < 3; i++) {
                if (i == 2) {
                    rig.append(log, null, i, new AgentEvent.SessionResumed("claude", "a", 2, 5, "/w", "posix", "none"));
                }
                rig.append(log, "t" + i, i, new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "p"));
                rig.append(
                        log,
                        "t" + i,
                        i,
                        new AgentEvent.TurnCompleted("", TokenUsage.ZERO, null, Duration.ofSeconds(1), null, null));
            }

            await().untilAsserted(() -> assertThat(rig.metrics())
                    .contains(
                            "hotplex_turn_starts_total{provider=\"claude\",start=\"hot\",} 2.0",
                            "hotplex_turn_starts_total{provider=\"claude\",start=\"resume\",} 1.0"));
        }
    }

    @Test
    void howManySeriesThereAreIsBoundedWhateverAgentsAndClientsSay() {
        try (Rig rig = rig()) {
            for (int i = 0; i < 500; i++) {
                rig.telemetry.request("M" + i, "-", 404, 0, Duration.ZERO);
                rig.telemetry.request("GET", "/route/" + i, 200, 0, Duration.ZERO);
                rig.telemetry
                        .listener()
                        .onGuardDecision(
                                "s", ToolGuard.Action.ASK, new GuardFinding("r" + i, "category-" + i, "l" + i, "m"));
                SessionLog log = rig.open("s" + i, "provider-" + i);
                rig.append(log, null, i, new AgentEvent.ModelChanged(null, "model-" + i));
                rig.append(log, "t" + i, i, new AgentEvent.Usage("m" + i, null, new TokenUsage(1, 1, 1, 1), null));
                rig.append(
                        log,
                        "t" + i,
                        i,
                        new AgentEvent.ToolStarted(
                                "x" + i, "tool-" + i, AgentEvent.ToolKind.OTHER, "", Map.of(), List.of(), null));
                rig.append(log, "t" + i, i, new AgentEvent.Raw("kind-" + i, "", false));
            }
            await().until(() -> rig.metrics().contains("hotplex_events_total{type=\"raw\",} 500.0"));

            Map<String, Long> series = rig.metrics()
                    .lines()
                    .filter(line -> line.startsWith("hotplex_") && !line.contains("_bucket{"))
                    .collect(Collectors.groupingBy(line -> line.replaceAll("[{ ].*", ""), Collectors.counting()));
            // 64 values and "other" of each label; the two that have provider and model come to 65 x 4 at most here
            assertThat(series)
                    .allSatisfy((name, count) -> assertThat(count).as(name).isLessThanOrEqualTo(65L * 4));
            assertThat(rig.metrics()).contains("model=\"other\"", "provider=\"other\"", "category=\"other\"");
        }
    }

    // ---- a journal that cannot be read

    /** A log whose first reads fail. */
    private record Failing(SessionLog log, AtomicInteger failures) implements SessionLog {
        @Override
        public EventRecord append(@Nullable String turnId, Instant time, AgentEvent event) {
            return log.append(turnId, time, event);
        }

        @Override
        public List<EventRecord> read(long after, int max) {
            if (failures.getAndDecrement() > 0) {
                throw new HotPlexException(ErrorCode.JOURNAL_UNAVAILABLE, "away");
            }
            return log.read(after, max);
        }

        @Override
        public long oldest() {
            return log.oldest();
        }

        @Override
        public long newest() {
            return log.newest();
        }

        @Override
        public void close() {
            log.close();
        }
    }

    @Test
    void aSessionThatCannotBeReadIsCountedWhenItCanAgain() {
        try (Rig rig = rig()) {
            AtomicInteger failures = new AtomicInteger(1);
            SessionLog away = rig.open("s1", "claude", log -> new Failing(log, failures));
            SessionLog other = rig.open("s2", "other");
            rig.append(away, "t1", 1, completed());
            await().until(() -> failures.get() <= 0);
            rig.append(other, "t2", 1, completed());

            await().untilAsserted(() -> assertThat(rig.metrics())
                    .contains(
                            "hotplex_turns_total{provider=\"other\",outcome=\"completed\",} 1.0",
                            "hotplex_turns_total{provider=\"claude\",outcome=\"completed\",} 1.0",
                            "hotplex_telemetry_behind_records 0.0"));
        }
    }

    @Test
    void endsAlthoughASessionCannotBeRead() {
        AtomicInteger failures = new AtomicInteger(Integer.MAX_VALUE);
        try (Rig rig = rig()) {
            rig.append(rig.open("s", "claude", log -> new Failing(log, failures)), "t", 1, completed());
            await().until(() -> failures.get() < Integer.MAX_VALUE);
        }

        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("hotplex-telemetry");
    }

    private static AgentEvent completed() {
        return new AgentEvent.TurnCompleted("", TokenUsage.ZERO, null, Duration.ofSeconds(1), null, null);
    }

    // ---- documents

    @Test
    void theDocumentNamesEveryMetricAndNoOther() throws IOException {
        try (Rig rig = rig()) {
            story(rig);
            List<String> lines = Files.readAllLines(ROOT.resolve("docs/metrics.md"));
            List<String> documented = new ArrayList<>();
            for (String line : lines) {
                if (line.startsWith("| `hotplex_")) {
                    String[] cells = line.split("\\|", -1);
                    documented.add(cells[1].strip() + " " + cells[2].strip() + " " + cells[4].strip());
                }
            }

            Set<String> engine = Set.of(
                    "hotplex_processes",
                    "hotplex_processes_max",
                    "hotplex_sessions_open",
                    "hotplex_turns_queued",
                    "hotplex_turns_waiting",
                    "hotplex_journal_records",
                    "hotplex_journal_writable",
                    "hotplex_journal_backlog_bytes",
                    "hotplex_journal_bytes",
                    "hotplex_journal_lag_seconds",
                    "hotplex_subscriber_behind_records",
                    "hotplex_subscriber_furthest_behind_records",
                    "hotplex_subscriber_merged_records_total",
                    "hotplex_subscriber_resets_total",
                    "hotplex_subscriptions"); // told when an engine is watched: OperationTest
            List<String> told = rig.telemetry.describe().stream()
                    .filter(metric -> metric.name().startsWith("hotplex_"))
                    .map(metric -> "`" + metric.name() + "` " + metric.type() + " " + metric.help())
                    .toList();
            assertThat(documented.stream()
                            .filter(row -> engine.stream().noneMatch(name -> row.startsWith("`" + name + "`"))))
                    .containsExactlyInAnyOrderElementsOf(told);
            assertThat(documented).hasSize(told.size() + engine.size());
        }
    }

    @Test
    void theDocumentTellsTheLabelsThatTheyHave() throws IOException {
        Map<String, String> documented = new TreeMap<>();
        try (Stream<String> lines = Files.lines(ROOT.resolve("docs/metrics.md"))) {
            lines.filter(line -> line.startsWith("| `hotplex_")).forEach(line -> {
                String[] cells = line.split("\\|", -1);
                documented.put(
                        cells[1].strip().replace("`", ""), cells[3].strip().replace("`", ""));
            });
        }
        try (Rig rig = rig()) {
            story(rig);
            rig.telemetry.listener().onSessionClosed("secret-session", "claude");
            Map<String, String> told = labels(rig.metrics());

            assertThat(told).hasSizeGreaterThan(40);
            assertThat(documented).containsAllEntriesOf(told);
        }
    }

    /** The names of labels of every metric that has samples, as the document lists them. */
    private static Map<String, String> labels(String scrape) {
        Pattern sample = Pattern.compile("(?m)^(hotplex_[a-z_]+?)(?:_bucket|_sum|_count)?(?:\\{(.*)})? ");
        Map<String, String> labels = new TreeMap<>();
        for (Matcher found = sample.matcher(scrape); found.find(); ) {
            String names = found.group(2) == null
                    ? ""
                    : Pattern.compile("([a-z_]+)=\"")
                            .matcher(found.group(2))
                            .results()
                            .map(label -> label.group(1))
                            .filter(label -> !label.equals("le"))
                            .collect(Collectors.joining(", "));
            if (!found.group(1).endsWith("_created")) { // when a series began
                labels.put(found.group(1), names);
            }
        }
        return labels;
    }

    @Test
    void dashboardAndAlertsUseOnlyMetricsThatThereAre() throws IOException {
        Set<String> known = new TreeSet<>();
        try (Stream<String> lines = Files.lines(ROOT.resolve("docs/metrics.md"))) {
            lines.filter(line -> line.startsWith("| `hotplex_")).forEach(line -> {
                String name = line.split("`", -1)[1];
                known.addAll(List.of(name, name + "_bucket", name + "_sum", name + "_count"));
            });
        }
        for (String file : List.of("packaging/grafana/hotplex.json", "packaging/prometheus/alerts.yml")) {
            Matcher used = Pattern.compile("hotplex_[a-z_]+").matcher(Files.readString(ROOT.resolve(file)));
            Set<String> unknown = new TreeSet<>();
            int count = 0;
            while (used.find()) {
                count++;
                if (!known.contains(used.group())) {
                    unknown.add(used.group());
                }
            }
            assertThat(unknown).as(file).isEmpty();
            assertThat(count).as(file).isGreaterThan(5);
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
