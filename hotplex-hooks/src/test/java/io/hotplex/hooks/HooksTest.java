package io.hotplex.hooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.api.spi.HookStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class HooksTest {
    private static final AgentEvent TICK = new AgentEvent.SessionClosed("x");
    private static final AgentEvent DONE =
            new AgentEvent.TurnCompleted("secret", TokenUsage.ZERO, 0.5, Duration.ofSeconds(1), "end_turn", null);

    @TempDir
    Path directory;

    private final RecordingHook hook = new RecordingHook();
    private KeptJournal journal = new KeptJournal(true);

    @AfterEach
    void end() {
        journal.disconnect();
    }

    private static HookConfig config(String name, String... settings) {
        Map<String, String> all = new HashMap<>(Map.of("retry-delay", "5ms", "retry-max-delay", "20ms"));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return HookConfig.of(name, "recording", all);
    }

    private Hooks start(String... settings) {
        return start(Hooks.builder(directory).factory(hook).hook(config("h", settings)));
    }

    private Hooks start(Hooks.Builder builder) {
        Hooks hooks = builder.drainTimeout(Duration.ofSeconds(2)).open();
        journal.connect(hooks);
        return hooks;
    }

    private void append(String session, int count) {
        for (int i = 0; i < count; i++) {
            journal.append(session, null, TICK);
        }
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void deliversEachSessionsEventsInOrderAndOnce() {
        start("concurrency", "3");
        for (int s = 0; s < 5; s++) {
            journal.awake("s" + s);
        }

        for (int i = 0; i < 400; i++) {
            append("s" + i % 5, 1);
        }

        await().untilAsserted(() -> assertThat(hook.events).hasSize(400));
        for (int s = 0; s < 5; s++) {
            assertThat(hook.offsets("s" + s)).isEqualTo(upTo(80));
        }
        assertThat(hook.events.stream().map(HookEvent::id)).doesNotHaveDuplicates();
    }

    @Test
    void goesOnWhereItWasAfterARestart() {
        start();
        journal.awake("s");
        append("s", 3);
        await().until(() -> hook.events.size() == 3);
        journal.disconnect();

        append("s", 2); // by an engine without hooks
        start();
        await().until(() -> hook.events.size() == 5);
        journal.awake("s");
        append("s", 1);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(6)));
    }

    @Test
    void losesNothingWhileTheReceiverIsAwayAndTheGatewayIsRestarted() {
        hook.answer = batch -> Delivery.retry("away");
        start("retry-attempts", "1000000");
        journal.awake("s");
        append("s", 10);
        await().until(() -> hook.calls.size() > 2);
        journal.disconnect();
        start("retry-attempts", "1000000");
        append("s", 5);
        await().until(() -> hook.calls.size() > 4);
        journal.disconnect();

        hook.answer = batch -> Delivery.DONE;
        start();

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(15)));
    }

    @Test
    void triesAgainWithTheSameIdsAlthoughMoreCame() {
        AtomicInteger failures = new AtomicInteger(3);
        hook.answer = batch -> failures.getAndDecrement() > 0 ? Delivery.retry("500") : Delivery.DONE;
        start("batch-max-events", "50");
        journal.awake("s");

        append("s", 2);
        await().until(() -> !hook.calls.isEmpty());
        append("s", 7);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(9)));
        assertThat(hook.calls.subList(0, 4)).containsOnly(hook.calls.get(0));
    }

    @Test
    void batchesWhatIsThere() {
        journal.awake("s");
        append("s", 95);
        start("batch-max-events", "10", "from", "oldest");

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(95)));
        assertThat(hook.calls).extracting(List::size).containsExactly(10, 10, 10, 10, 10, 10, 10, 10, 10, 5);
    }

    @Test
    void aNewHookBeginsWithWhatComesUnlessAskedOtherwise() {
        journal.awake("s");
        append("s", 4);
        start();
        append("s", 1);
        journal.awake("s");
        journal.awake("t");
        append("t", 1);

        await().untilAsserted(() -> {
            assertThat(hook.offsets("s")).containsExactly(5L);
            assertThat(hook.offsets("t")).containsExactly(1L);
        });
        hook.events.clear();
        start(Hooks.builder(directory).factory(hook).hook(config("other", "from", "oldest")));
        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(5)));
    }

    @Test
    void filtersByEventSessionProviderOwnerAndSeverity() {
        List<RecordingHook> hooks = List.of(
                new RecordingHook(),
                new RecordingHook(),
                new RecordingHook(),
                new RecordingHook(),
                new RecordingHook());
        List<String[]> settings = List.of(
                new String[] {"events", "turn_*"},
                new String[] {"sessions", "a*"},
                new String[] {"providers", "none"},
                new String[] {"owners", "an*"},
                new String[] {"severity", "error"});
        KeptJournal shared = journal;
        for (int i = 0; i < hooks.size(); i++) {
            Hooks opened = Hooks.builder(directory)
                    .factory(hooks.get(i))
                    .hook(config("h" + i, settings.get(i)))
                    .open();
            opened.start(shared);
            shared.append("abc", null, TICK);
            opened.opened(KeptJournal.spec("abc"), shared.open("abc"));
            opened.opened(KeptJournal.spec("xyz"), shared.open("xyz"));
            shared.append("abc", "t", DONE);
            shared.append(
                    "abc",
                    "t",
                    new AgentEvent.TurnFailed(ErrorCode.AGENT_ERROR, "no", true, TokenUsage.ZERO, null, Duration.ZERO));
            shared.append("xyz", null, TICK);
            opened.readable("abc", 0);
            opened.readable("xyz", 0);
            opened.close();
        }

        assertThat(hooks.get(0).events)
                .extracting(e -> e.record().event().type())
                .containsOnly("turn_completed", "turn_failed");
        assertThat(hooks.get(1).events)
                .isNotEmpty()
                .allMatch(e -> e.record().sessionId().equals("abc"));
        assertThat(hooks.get(2).events).isEmpty();
        assertThat(hooks.get(3).events).extracting(e -> e.record().sessionId()).contains("abc", "xyz");
        assertThat(hooks.get(4).events)
                .extracting(e -> e.record().event().type())
                .containsOnly("turn_failed");
    }

    @Test
    void tellsNoContentUnlessAsked() {
        start(Hooks.builder(directory).factory(hook).hook(config("without")).hook(config("with", "content", "true")));
        journal.awake("s");
        journal.append("s", "t", DONE);

        await().until(() -> hook.events.size() == 2);
        assertThat(hook.events)
                .extracting(event -> ((AgentEvent.TurnCompleted) event.record().event()).text())
                .containsExactlyInAnyOrder("", "secret");
    }

    @Test
    void knowsTheTraceOfATurn() {
        String trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        start();
        journal.awake("s");
        journal.append("s", "t", new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "p", trace));
        journal.append("s", "t", DONE);
        journal.append("s", null, TICK);

        await().until(() -> hook.events.size() == 3);
        assertThat(hook.events).extracting(HookEvent::traceparent).containsExactly(trace, trace, null);
    }

    @Test
    void putsAsideWhatIsRefusedOrFailsTooOften() throws IOException {
        hook.answer = batch -> batch.get(0).record().offset() == 2
                ? new EventHook.Refused("never")
                : batch.get(0).record().offset() == 3 ? Delivery.retry("no") : Delivery.DONE;
        Hooks hooks = start("retry-attempts", "3");
        journal.awake("s");
        append("s", 5);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).containsExactly(1L, 4L, 5L));
        assertThat(hook.calls.stream().filter(ids -> ids.equals(hook.calls.get(2))))
                .hasSize(3);
        assertThat(Files.readAllLines(directory.resolve("h/dead-letters.ndjson")))
                .hasSize(2)
                .anyMatch(line -> line.contains("\"reason\":\"never\"") && line.contains("\"offset\":2"))
                .anyMatch(line -> line.contains("\"reason\":\"no\"") && line.contains("\"attempts\":3"));
        HookStatus status = hooks.status().get(0);
        assertThat(status.deadLetters()).isEqualTo(2);
        assertThat(status.failedAttempts()).isEqualTo(2);
        assertThat(status.delivered()).isEqualTo(3);
        assertThat(status.lastError()).isEqualTo("no");
    }

    @Test
    void oneSessionThatFailsHoldsBackOnlyItself() {
        hook.answer = batch -> batch.get(0).record().sessionId().equals("bad") ? Delivery.retry("bad") : Delivery.DONE;
        Hooks hooks = start("retry-max-delay", "1h", "retry-attempts", "1000");
        journal.awake("bad");
        journal.awake("good");
        append("bad", 3);
        append("good", 20);

        await().untilAsserted(() -> assertThat(hook.offsets("good")).isEqualTo(upTo(20)));
        assertThat(hook.offsets("bad")).isEmpty();
        assertThat(hooks.status().get(0).lagRecords()).isEqualTo(3);
    }

    @Test
    void aHookThatHangsHoldsBackOnlyItselfAndShowsItsLag() {
        CountDownLatch hangs = new CountDownLatch(1);
        RecordingHook stalled = new RecordingHook();
        stalled.answer = batch -> {
            try {
                assertThat(hangs.await(60, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return Delivery.retry("interrupted");
        };
        Hooks slow = Hooks.builder(directory)
                .factory(stalled)
                .hook(config("slow"))
                .drainTimeout(Duration.ofMillis(10))
                .open();
        Hooks fast = Hooks.builder(directory).factory(hook).hook(config("fast")).open();
        for (Hooks hooks : List.of(slow, fast)) {
            hooks.start(journal);
            hooks.opened(KeptJournal.spec("s"), journal.open("s"));
        }
        append("s", 100);
        slow.readable("s", 100);
        fast.readable("s", 100);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(100)));
        await().until(() -> !stalled.calls.isEmpty());
        assertThat(slow.status().get(0).lagRecords()).isEqualTo(100);
        assertThat(slow.status().get(0).lag()).isPositive();
        assertThat(fast.status().get(0).lagRecords()).isZero();
        slow.close();
        fast.close();
        assertThat(stalled.events).isEmpty();
    }

    @Test
    void aReceiverThatIsGoneDisablesTheHookAlsoAfterARestart() throws IOException {
        hook.answer = batch -> new EventHook.Gone("410");
        Hooks hooks = start();
        journal.awake("s");
        append("s", 2);
        await().until(() -> hooks.status().get(0).state() == HookStatus.State.DISABLED);
        journal.disconnect();

        hook.answer = batch -> Delivery.DONE;
        Hooks again = start();
        append("s", 1);
        assertThat(again.status().get(0).state()).isEqualTo(HookStatus.State.DISABLED);
        journal.disconnect();
        assertThat(hook.events).isEmpty();

        Files.delete(directory.resolve("h/disabled"));
        start();
        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(3)));
    }

    @Test
    void waitsAsLongAsTheReceiverAsks() {
        AtomicInteger calls = new AtomicInteger();
        hook.answer =
                batch -> calls.incrementAndGet() == 1 ? new EventHook.Retry("429", Duration.ofHours(1)) : Delivery.DONE;
        Hooks hooks = start();
        journal.awake("s");
        journal.awake("t");
        append("s", 1);
        await().until(() -> hooks.status().get(0).state() == HookStatus.State.RETRYING);
        append("t", 1);

        await().during(Duration.ofMillis(150)).until(() -> calls.get() == 1);
        assertThat(hooks.status().get(0).lagRecords()).isEqualTo(2);
    }

    @Test
    void saysHowManyRecordsTheJournalDidNotKeep() {
        hook.answer = batch -> Delivery.retry("away");
        Hooks hooks = start();
        journal.awake("s");
        append("s", 10);
        await().until(() -> !hook.calls.isEmpty());
        journal.forgetBefore("s", 8);
        hook.answer = batch -> Delivery.DONE;

        await().untilAsserted(() -> assertThat(hook.offsets("s")).containsExactly(8L, 9L, 10L));
        assertThat(hooks.status().get(0).lost()).isEqualTo(7);
    }

    @Test
    void aSessionThatIsDeletedAndMadeAgainBeginsAnew() {
        start();
        journal.awake("s");
        append("s", 3);
        await().until(() -> hook.events.size() == 3);
        journal.delete("s");
        journal.awake("s");
        append("s", 2);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).containsExactly(1L, 2L, 3L, 1L, 2L));
    }

    @Test
    void aSessionIsDeletedWhenItsLastEventsAreDelivered() {
        start();
        for (int i = 0; i < 20; i++) {
            journal.awake("s" + i);
            append("s" + i, 3);
            journal.delete("s" + i);
        }

        assertThat(hook.events).hasSize(60);
    }

    @Test
    void whatIsNotDeliveredOfASessionThatIsDeletedIsCounted() {
        hook.answer = batch -> Delivery.retry("away");
        Hooks hooks = start();
        journal.awake("s");
        append("s", 4);
        await().until(() -> !hook.calls.isEmpty());

        journal.delete("s");

        assertThat(hooks.status().get(0).lost()).isEqualTo(4);
        assertThat(hooks.status().get(0).lagRecords()).isZero();
    }

    @Test
    void withAJournalInMemoryAHookThatHangsHoldsNotEverySessionThereEverWas() {
        journal = new KeptJournal(false);
        hook.answer = batch -> Delivery.retry("away");
        Hooks hooks = start("retry-delay", "1h", "retry-max-delay", "1h");
        for (int i = 0; i < 1_200; i++) {
            journal.awake("s" + i);
            append("s" + i, 2);
            journal.over("s" + i);
        }

        assertThat(hooks.status().get(0).lost()).isEqualTo(2 * 200);
        assertThat(hooks.status().get(0).lagRecords()).isEqualTo(2 * 1_000);
    }

    @Test
    void aHookWhosePlaceCannotBeReadKeepsTheEngineFromOpening() throws IOException {
        Files.createDirectories(directory.resolve("h/cursors"));

        assertThatThrownBy(this::start)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.JOURNAL_UNAVAILABLE))
                .hasMessageContaining("hook 'h' cannot read how far it is");
    }

    @Test
    void readsWhatWasWrittenToASessionThatSleeps() {
        start();
        journal.awake("s");
        append("s", 1);
        await().until(() -> hook.events.size() == 1);
        journal.disconnect();
        start();
        append("s", 1); // without waking it

        await().untilAsserted(() -> assertThat(hook.offsets("s")).isEqualTo(upTo(2)));
    }

    @Test
    void withAJournalInMemoryDeliversUntilTheEndAndKeepsNoPlace() {
        journal = new KeptJournal(false);
        start();
        journal.awake("s");
        append("s", 50);
        journal.disconnect();

        assertThat(hook.offsets("s")).isEqualTo(upTo(50));
        assertThat(directory.resolve("h/cursors")).doesNotExist();
    }

    @Test
    void aHookThatThrowsIsTriedAgain() {
        AtomicInteger calls = new AtomicInteger();
        hook.answer = batch -> {
            if (calls.incrementAndGet() < 3) {
                throw new IllegalStateException("a defect of the hook");
            }
            return Delivery.DONE;
        };
        Hooks hooks = start();
        journal.awake("s");
        append("s", 1);

        await().untilAsserted(() -> assertThat(hook.offsets("s")).containsExactly(1L));
        assertThat(hooks.status().get(0).lastError()).isEqualTo("java.lang.IllegalStateException");
    }

    @Test
    void deliversEverythingInOrderWhateverFails() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        hook.answer = batch -> {
            int dice;
            synchronized (random) {
                dice = random.nextInt(4);
            }
            if (dice == 0) {
                throw new IllegalStateException("seed " + seed);
            }
            return dice == 1 ? Delivery.retry("seed " + seed) : Delivery.DONE;
        };
        String[] settings = {
            "concurrency",
            "4",
            "batch-max-events",
            "7",
            "retry-delay",
            "1ms",
            "retry-max-delay",
            "2ms",
            "retry-attempts",
            "1000"
        };
        start(settings);
        for (int round = 0; round < 3; round++) {
            for (int s = 0; s < 8; s++) {
                journal.awake("s" + s);
                append("s" + s, 40);
            }
            journal.disconnect();
            start(settings);
        }

        for (int s = 0; s < 8; s++) {
            String session = "s" + s;
            await().untilAsserted(
                            () -> assertThat(hook.offsets(session).stream().distinct())
                                    .as("seed %d", seed)
                                    .containsExactlyElementsOf(upTo(120)));
        }
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertInvalid(config("h", "events", "no_such_event"), "hook.h.events");
        assertInvalid(config("h", "severity", "loud"), "hook.h.severity");
        assertInvalid(config("h", "unknown", "x"), "hook.h.unknown is not a setting");
        assertInvalid(config("h", "concurrency", "0"), "hook.h.concurrency");
        assertInvalid(config("h", "batch-max-events", "x"), "hook.h.batch-max-events");
        assertInvalid(config("h", "batch-max-events", "257"), "hook.h.batch-max-events");
        assertInvalid(config("h", "retry-delay", "2h", "retry-max-delay", "1h"), "hook.h.retry-delay");
        assertInvalid(config("h", "retry-attempts", "0"), "hook.h.retry-attempts");
        assertInvalid(config("h", "dead-letter-max-bytes", "1"), "hook.h.dead-letter-max-bytes");
        assertInvalid(config("h", "content", "maybe"), "hook.h.content");
        assertInvalid(config("h", "from", "now"), "hook.h.from");
        assertInvalid(HookConfig.of("h", "nothing", Map.of()), "no hook of type 'nothing'");
    }

    private void assertInvalid(HookConfig config, String message) {
        assertThatThrownBy(() ->
                        Hooks.builder(directory).factory(hook).hook(config).open())
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .hasMessageContaining(message);
    }

    @Test
    void deliversSessionsSideBySideIfConfigured() {
        CountDownLatch together = new CountDownLatch(2);
        hook.answer = batch -> {
            together.countDown();
            try {
                return together.await(30, TimeUnit.SECONDS) ? Delivery.DONE : Delivery.retry("alone");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return Delivery.retry("interrupted");
            }
        };
        start("concurrency", "2");
        journal.awake("a");
        journal.awake("b");
        append("a", 1);
        append("b", 1);

        await().untilAsserted(() -> assertThat(hook.events).hasSize(2));
    }

    @Test
    void theFileOfWhatIsPutAsideIsBounded() throws IOException {
        hook.answer = batch -> new EventHook.Refused("never");
        Hooks hooks = start("dead-letter-max-bytes", "2000");
        journal.awake("s");
        append("s", 30);
        await().until(() -> hooks.status().get(0).deadLetters() == 30);

        assertThat(Files.size(directory.resolve("h/dead-letters.ndjson"))).isLessThan(2_000);
        assertThat(Files.size(directory.resolve("h/dead-letters.ndjson.1"))).isLessThan(2_000);
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void whereItIsIsForItsOwnerAloneToRead() throws IOException {
        start();

        assertThat(Files.getPosixFilePermissions(directory.resolve("h")))
                .isEqualTo(PosixFilePermissions.fromString("rwx------"));
        assertThat(Files.getPosixFilePermissions(directory.resolve("h/cursors")))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void twoGatewaysDoNotRunOneHook() {
        start();
        assertThatThrownBy(() ->
                        Hooks.builder(directory).factory(hook).hook(config("h")).open())
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.STATE_IN_USE));
        assertThat(hook.closed).as("the second one").hasValue(1);
    }
}
