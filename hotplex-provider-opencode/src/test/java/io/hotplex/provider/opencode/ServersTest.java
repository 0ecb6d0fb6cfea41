package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Confinement;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.provider.opencode.FakeServers.Server;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sessions and the servers that they share, with the engine above and {@link FakeServers} below. */
@Timeout(60)
class ServersTest {
    @TempDir
    Path directory;

    private final FakeServers fakes = new FakeServers();
    private @Nullable Engine engine;
    private @Nullable ServerLimits limits;

    @AfterEach
    void close() {
        if (engine != null) {
            engine.close();
        }
    }

    @Test
    void sessionsOfOneOwnerShareAServer() {
        Session one = open("one");
        Session two = open("two");

        assertThat(run(one, "a").text()).isEqualTo("a");
        assertThat(run(two, "b").text()).isEqualTo("b");

        assertThat(fakes.servers).hasSize(1);
        assertThat(one.info().pid()).isEqualTo(two.info().pid()).isEqualTo(100L);
        assertThat(fakes.server(1).refused).hasValue(0);
    }

    @Test
    void whatSetsSessionsApartSetsTheirServersApart() {
        run(open("plain"), "a");
        run(open(spec("owner").owner("somebody")), "a");
        run(open(spec("environment").environment("A", "b")), "a");
        run(open(spec("permissions").tools(new ToolRules(null, List.of("bash"), List.of()))), "a");
        run(open(spec("confined").confinement(Confinement.of(Confinement.Kind.CGROUP))), "a");
        run(open("plain-again"), "a");

        assertThat(fakes.servers).hasSize(5);
        assertThat(fakes.server(5).spec.label()).startsWith("confined");
        assertThat(fakes.server(1).spec.label()).isEqualTo("opencode-opencode");
    }

    @Test
    void thePasswordIsInTheEnvironmentAlone() {
        run(open("one"), "a");
        run(open(spec("two").owner("somebody")), "a");

        String password = fakes.server(1).spec.environment().get("OPENCODE_SERVER_PASSWORD");
        assertThat(password).hasSizeGreaterThan(40);
        assertThat(fakes.server(1).spec.command()).noneMatch(argument -> argument.contains(password));
        assertThat(fakes.server(2).spec.environment()).doesNotContainValue(password);
    }

    @Test
    void aPromptWaitsForItsServer() {
        fakes.slow = true;
        Turn turn = open("one").submit(Prompt.of("a"));
        Server server = fakes.server(1);
        assertThat(server.requests).isEmpty();

        server.answerInitialize();

        assertThat(end(turn).text()).isEqualTo("a");
        assertThat(server.requests.subList(0, 3)).containsExactly("GET /global/event", "GET /config", "POST /session");
    }

    @Test
    void aPortThatSomebodyTookIsReplaced() {
        fakes.portsTaken.set(2);

        assertThat(run(open("one"), "a").text()).isEqualTo("a");

        assertThat(fakes.servers).hasSize(3);
    }

    @Test
    void aServerThatEndsWhileItStartsFailsTheStart() {
        fakes.portsTaken.set(3);

        assertThat(run(open("one"), "a").code()).isEqualTo(ErrorCode.AGENT_START_FAILED);
    }

    @Test
    void whenAServerDiesItsSessionsGoOnInAnother() {
        Session one = open("one");
        Session two = open("two");
        run(one, "a");
        run(two, "a");
        String conversation = String.valueOf(one.info().agentSessionId());
        Turn busy = one.submit(Prompt.of("hang"));
        await().until(() -> one.info().state() == io.hotplex.api.ProcessState.BUSY);

        fakes.server(1).exit(new ExitStatus(null, 9), "Segmentation fault");

        assertThat(end(busy).code()).isEqualTo(ErrorCode.AGENT_CRASHED);
        assertThat(run(one, "b").text()).isEqualTo("b");
        assertThat(run(two, "c").text()).isEqualTo("c");
        assertThat(fakes.servers).hasSize(2);
        assertThat(fakes.server(2).requests).contains("GET /session/" + conversation);
        assertThat(one.info().agentSessionId()).isEqualTo(conversation);
    }

    @Test
    void aTurnThatEndsWhileTheStreamIsCutEndsAllTheSame() {
        Session session = open("one");
        List<EventRecord> records = read(session);
        run(session, "first");
        Turn turn = session.submit(Prompt.of("hang"));
        Server server = fakes.server(1);
        String conversation = String.valueOf(session.info().agentSessionId());
        await().until(() -> server.requests.contains("POST /session/" + conversation + "/prompt_async")
                && session.info().state() == io.hotplex.api.ProcessState.BUSY);
        await().until(() -> server.requests.stream()
                        .filter(r -> r.endsWith("/prompt_async"))
                        .count()
                == 2);

        server.cutStream();
        server.answerTurn(conversation, "in the gap");

        assertThat(end(turn).text()).isEqualTo("in the gap");
        assertThat(server.streams.get()).isGreaterThan(1);
        assertThat(only(records, AgentEvent.Text.class))
                .extracting(AgentEvent.Text::text)
                .containsExactly("first", "in the gap");
        assertThat(run(session, "after").text()).isEqualTo("after");
    }

    @Test
    void aStreamThatSaysNothingAnyMoreIsOpenedAgain() {
        limits = new ServerLimits(Duration.ofMinutes(1), 0, 0, Duration.ofMillis(200), Duration.ofMillis(1));
        Session session = open("one");
        run(session, "first");
        Server server = fakes.server(1);

        await().until(() -> server.streams.get() > 1); // nobody says that the server lives

        assertThat(run(session, "after").text()).isEqualTo("after");
        assertThat(server.gone).isFalse();
    }

    @Test
    void aStreamWhoseAnswerDoesNotBeginIsGivenUp() {
        limits = new ServerLimits(Duration.ofMinutes(1), 0, 0, Duration.ofMillis(200), Duration.ofMillis(1));
        Session session = open("one");
        run(session, "first");
        Server server = fakes.server(1);
        server.silentStreams.set(1);

        server.cutStream();
        await().until(() -> server.streamTimes.size() > 2);

        assertThat(run(session, "after").text()).isEqualTo("after");
    }

    @Test
    void aStreamThatEndsWhenItHasBegunIsOpenedAgainWithPauses() {
        Session session = open("one");
        run(session, "first");
        Server server = fakes.server(1);
        server.shortStreams.set(3);

        server.cutStream();
        await().until(() -> server.streams.get() == 5);

        List<Long> times = server.streamTimes;
        assertThat(times).hasSize(5);
        assertThat(times.get(3) - times.get(2)).as("the second pause").isGreaterThan(190_000_000L);
        assertThat(times.get(4) - times.get(3)).as("the third pause").isGreaterThan(390_000_000L);
        assertThat(run(session, "after").text()).isEqualTo("after");
    }

    @Test
    void aServerWhoseStreamAlwaysEndsIsReplaced() {
        Session session = open("one");
        run(session, "first");
        Server server = fakes.server(1);
        server.shortStreams.set(Integer.MAX_VALUE);

        server.cutStream();
        await().atMost(Duration.ofSeconds(30)).until(server.gone::get);

        assertThat(server.ends).containsExactly("terminate 0");
        assertThat(server.streams.get()).as("no hot loop").isBetween(6, 8);
        assertThat(run(session, "after").text()).isEqualTo("after");
    }

    @Test
    void aServerThatNeverAbortsIsKilledAndItsSessionsGoOn() {
        limits = new ServerLimits(Duration.ofMinutes(1), 0, 0, Duration.ofMinutes(1), Duration.ofMillis(1));
        Session one = open("one");
        Session two = open("two");
        run(two, "a");
        Turn hanging = one.submit(Prompt.of("hang"));
        Server server = fakes.server(1);
        await().until(() -> server.requests.stream()
                        .filter(r -> r.endsWith("/prompt_async"))
                        .count()
                == 2);
        server.deafAborts.set(Integer.MAX_VALUE);

        one.close().toCompletableFuture().join();

        assertThat(end(hanging).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(server.gone).isTrue();
        assertThat(server.requests.stream().filter(r -> r.endsWith("/abort")).count())
                .as("tried often, not for ever")
                .isBetween(10L, 60L);
        assertThat(run(two, "b").text()).isEqualTo("b");
        assertThat(fakes.servers).hasSize(2);
    }

    @Test
    void aSessionThatDoesNotReadLosesEventsAndIsToldSoAndAnswersStay() {
        List<String> lines = new CopyOnWriteArrayList<>();
        SessionView view = new SessionView(idleServer(), new Heard(lines), "/work");
        view.reading(false);
        byte[] large = new byte[1 << 20];
        Arrays.fill(large, (byte) 'e');
        view.resync(); // stands for what is no event
        for (int i = 0; i < 2 * (SessionView.MAX_INBOX_BYTES >> 20); i++) {
            view.event("message.updated", new AgentLine(large, 0, large.length, false));
        }

        view.reading(true);

        assertThat(lines.stream().filter(line -> line.startsWith("eee")).count())
                .isPositive()
                .isLessThan(SessionView.MAX_INBOX_BYTES >> 20);
        assertThat(lines.subList(0, 2)).containsExactly("{\"notice\":\"resync\"}", "{\"notice\":\"resync\"}");
        view.event("session.status", AgentLine.of("{\"after\":1}"));
        assertThat(lines).last().isEqualTo("{\"after\":1}");
    }

    private OpenCodeServer idleServer() {
        ServerLimits none = new ServerLimits(Duration.ofMinutes(1), 0, 0, Duration.ofMinutes(1), Duration.ofMillis(1));
        ProcessSpec spec = new ProcessSpec("test", List.of("none"), directory, List.of(), Map.of(), Isolation.NONE);
        return new OpenCodeServer(
                new Servers("test", none),
                new ServerKey(List.of("none"), List.of(), Map.of(), Isolation.NONE, "owner", null),
                none,
                fakes,
                spec,
                new ScheduledThreadPoolExecutor(0));
    }

    private record Heard(List<String> lines) implements ProcessListener {
        @Override
        public void onLine(AgentLine line) {
            lines.add(line.text());
        }

        @Override
        public void onOutputEnd() {}

        @Override
        public void onExit(Exit exit) {}
    }

    @Test
    void endingASessionAbortsItsTurnAndNoOther() {
        Session one = open("one");
        Session two = open("two");
        Turn first = one.submit(Prompt.of("hang"));
        Turn second = two.submit(Prompt.of("hang"));
        Server server = fakes.server(1);
        await().until(() -> server.requests.stream()
                        .filter(r -> r.endsWith("/prompt_async"))
                        .count()
                == 2);
        server.deafAborts.set(2);

        one.close().toCompletableFuture().join();

        assertThat(end(first).end()).isInstanceOf(AgentEvent.TurnCancelled.class);
        assertThat(server.requests.stream().filter(r -> r.endsWith("/abort"))).hasSize(3);
        server.answerTurn(String.valueOf(two.info().agentSessionId()), "still here");
        assertThat(end(second).text()).isEqualTo("still here");
        assertThat(server.gone).isFalse();
    }

    @Test
    void aServerIsReplacedAfterSoManyTurnsWhenItsSessionsDoNothing() {
        Session one = open("one", "provider.recycle-turns", "2");
        Session busy = open("busy");
        List<EventRecord> records = read(one);
        run(one, "a");
        Turn hanging = busy.submit(Prompt.of("hang"));
        Server first = fakes.server(1);
        await().until(() ->
                first.requests.stream().filter(r -> r.endsWith("/prompt_async")).count() == 2);
        run(one, "b");
        await().until(() -> !only(records, AgentEvent.ProcessExited.class).isEmpty());

        assertThat(run(one, "c").text()).isEqualTo("c");

        assertThat(only(records, AgentEvent.ProcessExited.class))
                .singleElement()
                .satisfies(exited -> {
                    assertThat(exited.expected()).isTrue();
                    assertThat(exited.reason()).contains("recycle-turns");
                });
        assertThat(fakes.servers).hasSize(2);
        assertThat(first.gone).as("a turn runs in it").isFalse();
        first.answerTurn(String.valueOf(busy.info().agentSessionId()), "done");
        assertThat(end(hanging).text()).isEqualTo("done");
        await().until(first.gone::get);
        assertThat(first.requests).contains("POST /global/dispose");
    }

    @Test
    void aServerThatGrewIsReplaced() {
        Session session = open("one", "provider.recycle-memory-mb", "10");
        run(session, "a");
        fakes.server(1).rssBytes = 11L << 20;
        run(session, "b");
        await().until(fakes.server(1).gone::get);

        assertThat(run(session, "c").text()).isEqualTo("c");
        assertThat(fakes.servers).hasSize(2);
    }

    @Test
    void aServerThatNobodyUsesEnds() {
        Session session = open("one", "provider.server-idle", "20ms");
        run(session, "a");
        assertThat(fakes.server(1).gone).isFalse();

        session.close().toCompletableFuture().join();

        await().until(fakes.server(1).gone::get);
        assertThat(fakes.server(1).requests).contains("POST /global/dispose");
        assertThat(fakes.server(1).ends).containsExactly("terminate 500");
    }

    @Test
    void aServerThatIsWantedAgainInTimeLivesOn() {
        Session session = open("one", "provider.server-idle", "1h");
        run(session, "a");
        session.close().toCompletableFuture().join();

        run(open("two"), "b");

        assertThat(fakes.servers).hasSize(1);
    }

    @Test
    void theEngineEndsItsServersPolitely() {
        run(open("one"), "a");
        Server server = fakes.server(1);

        close();

        assertThat(server.requests).contains("POST /global/dispose");
        assertThat(server.ends).containsExactly("terminate 500");
        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().equals("hotplex-opencode-opencode")));
    }

    @Test
    void aSessionMayHaveAServerForItself() {
        Session one = open("one", "provider.process", "per-session");
        run(one, "a");
        run(open("two"), "b");

        one.close().toCompletableFuture().join();

        assertThat(fakes.servers).hasSize(2);
        assertThat(fakes.server(1).gone).isTrue();
        assertThat(fakes.server(1).spec.workDir()).isEqualTo(one.spec().workDir());
        assertThat(fakes.server(2).gone).isFalse();
    }

    @Test
    void whatIsConfiguredIsSaidWithEveryPrompt() {
        Session session = open(
                "one",
                "provider.model",
                "acme/m2",
                "provider.agent",
                "plan",
                "provider.append-system-prompt",
                "Be brief.");
        run(session, "a");
        run(session, "b");

        assertThat(fakes.server(1).prompts).hasSize(2).allSatisfy(prompt -> {
            assertThat(prompt.path("agent").asText()).isEqualTo("plan");
            assertThat(prompt.path("system").asText()).isEqualTo("Be brief.");
            assertThat(prompt.path("model").toString()).contains("\"acme\"", "\"m2\"");
        });
    }

    // ---- shorthand

    private Session open(String id, String... settings) {
        return open(spec(id), settings);
    }

    private SessionSpec.Builder spec(String id) {
        return SessionSpec.builder(id, directory);
    }

    /** @param settings of the provider, for the first session */
    private Session open(SessionSpec.Builder spec, String... settings) {
        if (engine == null) {
            Map<String, String> provider = new LinkedHashMap<>();
            provider.put(
                    "command",
                    Path.of(System.getProperty("java.home"), "bin", "java").toString());
            for (int i = 0; i < settings.length; i += 2) {
                provider.put(settings[i].substring("provider.".length()), settings[i + 1]);
            }
            OpenCodeSettings read = OpenCodeSettings.of(ProviderConfig.of("opencode", "opencode", provider));
            engine = HotPlex.builder()
                    .config(EngineConfig.fromProperties(Map.of(
                            "state-directory", directory.resolve("state").toString(), "interrupt-grace", "100ms")))
                    .provider(new OpenCodeProvider(
                            "opencode",
                            read,
                            limits == null ? read.limits() : limits,
                            System::getenv,
                            System::currentTimeMillis))
                    .launcher(fakes)
                    .build();
        }
        return engine.open(spec.build());
    }

    private static TurnResult run(Session session, String text) {
        return end(session.submit(Prompt.of(text)));
    }

    private static TurnResult end(Turn turn) {
        try {
            return turn.result().toCompletableFuture().get(20, TimeUnit.SECONDS);
        } catch (InterruptedException | java.util.concurrent.ExecutionException | TimeoutException e) {
            throw new AssertionError("the turn did not end", e);
        }
    }

    private static List<EventRecord> read(Session session) {
        List<EventRecord> records = new CopyOnWriteArrayList<>();
        session.subscribe(0, records::add);
        return records;
    }

    private static <T extends AgentEvent> List<T> only(List<EventRecord> records, Class<T> type) {
        return records.stream()
                .map(EventRecord::event)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }
}
