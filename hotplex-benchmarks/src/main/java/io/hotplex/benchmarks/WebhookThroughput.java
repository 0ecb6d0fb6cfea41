package io.hotplex.benchmarks;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.hooks.Hooks;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** How many events a second one webhook takes. */
final class WebhookThroughput {
    private static final int SESSIONS = 8;
    private static final int BATCH = 256;
    private static final long LIMIT_NANOS = TimeUnit.MINUTES.toNanos(2);

    private WebhookThroughput() {}

    static Result measure(Path directory, boolean quick, double goal) throws Exception {
        int rounds = quick ? 1 : 7;
        int each = quick ? 500 : 10_000;
        List<Double> ours = new ArrayList<>();
        List<Double> bare = new ArrayList<>();
        EngineConfig config = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, directory.resolve("state"))
                .build();
        try (Receiver receiver = new Receiver()) {
            Hooks hooks = Hooks.builder(directory.resolve("hooks"))
                    .environment(Map.of("SECRET", "whsec_" + "QUJD".repeat(10)))
                    .hook(HookConfig.of(
                            "w",
                            "webhook",
                            Map.of(
                                    "url", receiver.url("/in"),
                                    "secret-env", "SECRET",
                                    "events", "text_delta",
                                    "content", "true",
                                    "batch-max-events", Integer.toString(BATCH),
                                    "concurrency", "2",
                                    "allow-networks", "127.0.0.1")))
                    .open();
            try (Engine engine = HotPlex.builder()
                    .config(config)
                    .provider(new BurstProvider())
                    .reader(hooks)
                    .build()) {
                for (int round = 0; round < rounds; round++) {
                    double told = told(engine, receiver, directory, round, each);
                    double posted = posted(receiver, quick ? 10 : 200);
                    if (round > 0 || quick) { // the first warms up
                        ours.add(told);
                        bare.add(posted);
                    }
                }
            }
            long lost = hooks.status().get(0).lost();
            double median = median(ours);
            return new Result(
                    "webhook, batches of " + BATCH,
                    "ev/s",
                    median,
                    median(bare),
                    new Result.Goal(">= 10,000 events/s, none lost", median >= goal && lost == 0),
                    Map.of("sessions", SESSIONS, "events", each * SESSIONS, "rounds", ours.size(), "lost", lost));
        }
    }

    /** Events a second from the first prompt until the receiver has the last of them. */
    private static double told(Engine engine, Receiver receiver, Path directory, int round, int each)
            throws InterruptedException {
        long expected = receiver.events() + (long) each * SESSIONS;
        List<Turn> turns = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < SESSIONS; i++) {
            turns.add(engine.open(SessionSpec.builder("r" + round + "-" + i, directory)
                            .build())
                    .submit(Prompt.of(Integer.toString(each))));
        }
        turns.forEach(turn -> turn.result().toCompletableFuture().join());
        while (receiver.events() < expected) {
            if (System.nanoTime() - start > LIMIT_NANOS) {
                throw new IllegalStateException((expected - receiver.events()) + " events did not come");
            }
            var unused = new CountDownLatch(1).await(1, TimeUnit.MILLISECONDS);
        }
        return (double) each * SESSIONS / (System.nanoTime() - start) * TimeUnit.SECONDS.toNanos(1);
    }

    /** Events a second of a client that has nothing to do but to post. */
    private static double posted(Receiver receiver, int times) throws IOException, InterruptedException {
        EventRecord record = new EventRecord(
                "r1-1", 1000, 1000, "0123456789abcdef", Instant.EPOCH, new AgentEvent.TextDelta("m", 0, "word ", null));
        String event = EventSchema.toMap(record) + ",\"severity\":\"debug\",\"owner\":\"local\",\"provider\":\"burst\"";
        HttpRequest request = HttpRequest.newBuilder(URI.create(receiver.url("/bare")))
                .POST(HttpRequest.BodyPublishers.ofByteArray(event.repeat(BATCH).getBytes(StandardCharsets.UTF_8)))
                .build();
        HttpClient client = HttpClient.newHttpClient();
        long start = System.nanoTime();
        for (int i = 0; i < times; i++) {
            client.send(request, HttpResponse.BodyHandlers.discarding());
        }
        return (double) BATCH * times / (System.nanoTime() - start) * TimeUnit.SECONDS.toNanos(1);
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().skip(values.size() / 2).findFirst().orElseThrow();
    }
}
