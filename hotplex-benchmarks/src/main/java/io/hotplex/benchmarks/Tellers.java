package io.hotplex.benchmarks;

import io.hotplex.api.Engine;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.hooks.Hooks;
import io.hotplex.telemetry.Telemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * All that may tell what happens, at once: a webhook with batches, Slack, an audit trail that syncs, a log in a file, a
 * webhook whose receiver never answers, metrics that are scraped every second, and spans that are exported. Receivers
 * are on this machine. Whether readers are told that there is something to read can be switched, for comparison.
 *
 * <p>Thread-safe.
 */
final class Tellers implements AutoCloseable {
    private static final String STALLED = "stalled";
    private static final String LOGGER = "org.slf4j.simpleLogger.log.io.hotplex.hook.log";
    private static final long QUIET_LIMIT_NANOS = TimeUnit.MINUTES.toNanos(5);
    private static final long LOOK_MILLIS = 10;

    /** Hooks and telemetry gather for 20 ms after each look; who saw nothing new after that looks no more. */
    private static final long REST_MILLIS = 100;

    private final Receiver receiver;
    private final ServerSocket silent;
    private final Hooks hooks;
    private final Telemetry telemetry;
    private final OpenTelemetrySdk sdk;
    private final Switch reader;
    private final ScheduledExecutorService scraper = Executors.newSingleThreadScheduledExecutor();
    private final PrintStream log;
    private final PrintStream errors = System.err;

    private Tellers(Receiver receiver, ServerSocket silent, Path directory) throws IOException {
        this.receiver = receiver;
        this.silent = silent;
        log = new PrintStream(directory.resolve("log").toString(), StandardCharsets.UTF_8);
        System.setProperty(LOGGER, "info");
        System.setErr(log); // where the log goes
        sdk = AutoConfiguredOpenTelemetrySdk.builder()
                .disableShutdownHook()
                .addPropertiesSupplier(() -> Map.of(
                        "otel.metrics.exporter", "none",
                        "otel.logs.exporter", "none",
                        "otel.exporter.otlp.protocol", "http/protobuf",
                        "otel.exporter.otlp.endpoint", receiver.url("")))
                .build()
                .getOpenTelemetrySdk();
        telemetry = Telemetry.builder().openTelemetry(sdk).build();
        Map<String, String> everything =
                Map.of("events", "*", "batch-max-events", "100", "allow-networks", "127.0.0.1");
        hooks = Hooks.builder(directory.resolve("hooks"))
                .environment(Map.of("TOKEN", "xoxb-benchmark"))
                .hook(hook("webhook", "webhook", everything, "url", receiver.url("/in")))
                .hook(hook(
                        "slack",
                        "slack",
                        Map.of("allow-networks", "127.0.0.1"),
                        "api-url",
                        receiver.url("/slack/"),
                        "token-env",
                        "TOKEN",
                        "channel",
                        "C1"))
                .hook(hook("audit", "audit", Map.of()))
                .hook(hook("log", "log", Map.of("events", "*")))
                .hook(hook(
                        STALLED,
                        "webhook",
                        everything,
                        "url",
                        "http://127.0.0.1:" + silent.getLocalPort() + "/",
                        "timeout",
                        "1h"))
                .drainTimeout(Duration.ofSeconds(1))
                .open();
        hooks.traces(telemetry::traceparent);
        telemetry.watchHooks(hooks::status);
        reader = new Switch(List.of(telemetry.reader(), hooks));
        var unused = scraper.scheduleAtFixedRate(
                () -> telemetry.metrics(telemetry.contentType(null)), 1, 1, TimeUnit.SECONDS);
    }

    private static HookConfig hook(String name, String type, Map<String, String> settings, String... more) {
        Map<String, String> all = new HashMap<>(settings);
        for (int i = 0; i < more.length; i += 2) {
            all.put(more[i], more[i + 1]);
        }
        return HookConfig.of(name, type, all);
    }

    static Tellers open(Path directory) throws IOException {
        return new Tellers(new Receiver(), new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), directory);
    }

    EngineListener listener() {
        return telemetry.listener();
    }

    JournalReader reader() {
        return reader;
    }

    void watch(Engine engine) {
        telemetry.watch(engine);
    }

    /** Whether readers are told from now on; then they are told of what came in between as well. */
    void tell(boolean on) {
        reader.tell(on);
    }

    /** Waits until everybody but the one that is stalled has read everything, and rests. */
    void awaitQuiet() throws InterruptedException {
        long deadline = System.nanoTime() + QUIET_LIMIT_NANOS;
        while (behind() > 0) {
            if (System.nanoTime() - deadline > 0) {
                throw new IllegalStateException("after minutes there is still something to tell: " + hooks.status());
            }
            pause(LOOK_MILLIS);
        }
        pause(REST_MILLIS);
    }

    private static void pause(long millis) throws InterruptedException {
        var unused = new CountDownLatch(1).await(millis, TimeUnit.MILLISECONDS);
    }

    private long behind() {
        return hooks.status().stream()
                .filter(hook -> !hook.name().equals(STALLED))
                .mapToLong(HookStatus::lagRecords)
                .sum();
    }

    /** What hooks delivered, by name. */
    Map<String, Long> delivered() {
        Map<String, Long> delivered = new TreeMap<>();
        hooks.status().forEach(hook -> delivered.put(hook.name(), hook.delivered()));
        return delivered;
    }

    /** How many requests came to a path. */
    long requests(String path) {
        return receiver.requests(path);
    }

    /** After the engine, which has closed the hooks. */
    @Override
    public void close() throws IOException {
        scraper.shutdownNow();
        sdk.close();
        silent.close();
        receiver.close();
        System.setErr(errors);
        System.clearProperty(LOGGER);
        log.close();
    }

    /** Tells readers of what may be read, or does not. */
    private static final class Switch implements JournalReader {
        private final List<JournalReader> readers;
        private final Map<String, SessionLog> logs = new ConcurrentHashMap<>();
        private volatile boolean on;

        Switch(List<JournalReader> readers) {
            this.readers = readers;
        }

        void tell(boolean value) {
            on = value;
            logs.forEach((session, open) -> readable(session, open.newest()));
        }

        @Override
        public void start(Journal journal) {
            readers.forEach(reader -> reader.start(journal));
        }

        @Override
        public void opened(SessionSpec spec, SessionLog open) {
            logs.put(spec.id(), open);
            readers.forEach(reader -> reader.opened(spec, open));
        }

        @Override
        public void readable(String sessionId, long newest) {
            if (on) {
                for (JournalReader reader : readers) {
                    reader.readable(sessionId, newest);
                }
            }
        }

        @Override
        public void completed(String sessionId) {
            readers.forEach(reader -> reader.completed(sessionId));
        }

        @Override
        public void close() {
            readers.forEach(JournalReader::close);
        }
    }
}
