package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.EventRecord;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Subscription;
import io.hotplex.api.TokenUsage;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MirrorTest {
    private final List<EventRecord> turn =
            new Journal().prompt("go").say("m1", "a", "b").completed("ab").records();
    private final List<String> heard = new ArrayList<>();
    private @Nullable CompletionStage<Void> room;
    private final Mirror.Listener listener = new Mirror.Listener() {
        @Override
        public boolean isNews(Mirror mirror, long offset, long millis) {
            return mirror.isNew(offset);
        }

        @Override
        public @Nullable CompletionStage<Void> onEvents(Mirror mirror, long millis, List<ClientEvent> events) {
            heard.add(events.size() + " events, busy " + mirror.isBusy());
            return room;
        }

        @Override
        public void onIdle() {
            heard.add("idle");
        }

        @Override
        public void onOver(Mirror mirror) {
            heard.add("over after " + mirror.told());
        }
    };

    /** A session that can say what it is, and nothing else. */
    private static Session session(long newest) {
        return session(newest, null, () -> {});
    }

    /** The same, of which somebody asks what it is: that is told first. */
    static Session session(long newest, @Nullable String runningTurn, Runnable asked) {
        SessionInfo info = new SessionInfo(
                Journal.SESSION,
                "owner",
                "puppet",
                "agent-1",
                ProcessState.NONE,
                null,
                0,
                runningTurn,
                0,
                newest,
                Journal.BEGIN,
                false,
                1,
                false,
                Path.of("/srv/p1"),
                null,
                null,
                TokenUsage.ZERO,
                0);
        SessionSpec spec =
                SessionSpec.builder(Journal.SESSION, Path.of("/srv/p1")).build();
        return (Session) Proxy.newProxyInstance(
                MirrorTest.class.getClassLoader(),
                new Class<?>[] {Session.class},
                (proxy, method, arguments) -> switch (method.getName()) {
                    case "info" -> {
                        asked.run();
                        yield info;
                    }
                    case "subscribe" ->
                        Proxy.newProxyInstance(
                                MirrorTest.class.getClassLoader(),
                                new Class<?>[] {Subscription.class},
                                (p, m, a) -> null);
                    case "spec" -> spec;
                    case "id" -> Journal.SESSION;
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private static void read(Mirror mirror, List<EventRecord> records) {
        records.forEach(mirror::onEvent);
        mirror.onBatchEnd();
    }

    @Test
    void aTurnIsOverWhenAllOfItWasToldAndThatIsToldAsWell() {
        Mirror mirror = new Mirror(session(0), listener, 0);

        read(mirror, turn.subList(0, 2));
        read(mirror, turn.subList(2, turn.size()));

        assertThat(heard).hasSize(3).last().isEqualTo("idle");
        assertThat(heard).filteredOn(said -> said.contains("events")).allMatch(said -> said.endsWith("busy true"));
        assertThat(mirror.isBusy()).isFalse();
    }

    @Test
    void oneThatSaysMuchWaitsUntilThereIsRoom() {
        Mirror mirror = new Mirror(session(0), listener, 0);
        mirror.onSubscribe(reading());
        CompletableFuture<Void> emptied = new CompletableFuture<>();
        room = emptied;

        Journal much = new Journal().prompt("go");
        for (int i = 0; i < 300; i++) {
            much.say("m1", "a");
        }
        much.records().forEach(mirror::onEvent); // all of it in one batch
        assertThat(heard).first().asString().contains("events");
        assertThat(heard).last().isEqualTo("pause");

        emptied.complete(null);

        assertThat(heard).last().isEqualTo("resume");
    }

    private Subscription reading() {
        return (Subscription) Proxy.newProxyInstance(
                MirrorTest.class.getClassLoader(), new Class<?>[] {Subscription.class}, (proxy, method, arguments) -> {
                    heard.add(method.getName());
                    return null;
                });
    }

    @Test
    void oneThatReadsAgainTellsWhatNoOtherTold() {
        Mirror first = new Mirror(session(0), listener, 0);
        read(first, turn.subList(0, 2));
        first.close();
        read(first, turn.subList(2, 3)); // it was on the way
        assertThat(heard).hasSize(2).last().isEqualTo("over after 2");

        Mirror second = new Mirror(session(turn.size()), listener, first.told());

        assertThat(second.isNew(2)).isFalse();
        assertThat(second.isNew(3)).isTrue();
        second.silent(true);
        assertThat(second.isNew(3)).isFalse();
    }

    @Test
    void anotherJournalUnderTheSameIdIsAllNew() {
        Mirror mirror = new Mirror(session(1), listener, 5);

        assertThat(mirror.isNew(1)).isTrue();
    }

    @Test
    void aTurnThatEndedIsToldAsIdleThoughItsSessionSaysThatItRuns() {
        String id = turn.get(0).turnId();
        Mirror mirror = new Mirror(session(0, id, () -> {}), listener, 0);

        read(mirror, turn.subList(0, 2));
        assertThat(Mirrors.frames(mirror, known -> List.of())).isEmpty();
        read(mirror, turn.subList(2, turn.size()));
        assertThat(Mirrors.frames(mirror, known -> List.of()))
                .singleElement()
                .satisfies(frame -> assertThat(frame.payload()).contains("session.idle"));

        Mirror next = new Mirror(session(0, "another", () -> {}), listener, 0);
        read(next, turn);
        assertThat(Mirrors.frames(next, known -> List.of())).isEmpty();
    }

    @Test
    void oneThatSomebodyWaitsForIsNotLetGoOf() {
        Mirror mirror = new Mirror(session(turn.size()), listener, 0);
        var known = mirror.upToDate().toCompletableFuture();
        assertThat(mirror.isAwaited()).isTrue();

        read(mirror, turn);

        assertThat(known).isCompleted();
        assertThat(mirror.isAwaited()).isFalse();
    }
}
