package io.hotplex.server.internal.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.server.internal.http.EventSource;
import io.hotplex.server.internal.http.EventStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class TapTest {
    private static final Duration NEVER = Duration.ofHours(1);

    /** A busy machine takes its time. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private static final Pattern ID = Pattern.compile("\nid: ([^\n]+)\n");

    private Feed feed = new Feed(1_000, NEVER);
    private final Stream stream = new Stream();
    private final AtomicInteger followed = new AtomicInteger();
    private volatile boolean busy;
    private volatile CompletionStage<List<Feed.Frame>> state = CompletableFuture.completedStage(List.of());

    /** Takes frames, and says only when it is told to that they are written. Everything runs at once. */
    private static final class Stream implements EventStream {
        private final StringBuilder text = new StringBuilder("\n");
        private final List<Runnable> unwritten = new ArrayList<>();
        private volatile boolean writable = true;
        private volatile boolean ended;

        @Override
        public synchronized void send(String frames) {
            text.append(frames);
        }

        @Override
        public synchronized void send(String frames, Runnable written) {
            text.append(frames);
            unwritten.add(written);
        }

        void write() {
            while (!unwritten.isEmpty()) {
                writeOne();
            }
        }

        void writeOne() {
            unwritten.remove(0).run();
        }

        synchronized String seen() {
            return text.toString();
        }

        @Override
        public boolean isWritable() {
            return writable;
        }

        @Override
        public void end() {
            ended = true;
        }

        @Override
        public Executor eventLoop() {
            return Runnable::run;
        }
    }

    /** A stream that takes frames, or none. */
    static EventStream stream(boolean writable) {
        Stream stream = new Stream();
        stream.writable = writable;
        return stream;
    }

    /** A client of a feed, that hears of all directories and knows of no session. */
    static EventSource.Listener connect(Feed feed, EventStream stream) {
        Tap.Follower nothing = new Tap.Follower() {
            @Override
            public CompletionStage<List<Feed.Frame>> state(long sinceMillis) {
                return CompletableFuture.completedStage(List.of());
            }

            @Override
            public Runnable follow(String session) {
                return () -> {};
            }

            @Override
            public boolean isBusy() {
                return false;
            }

            @Override
            public void look() {}
        };
        return new Tap(feed, null, NEVER, nothing, null).open(stream);
    }

    private static ConditionFactory await() {
        return Awaitility.await().atMost(LIMIT);
    }

    private EventSource.Listener open(@Nullable String directory, @Nullable EventId last) {
        Tap.Follower follower = new Tap.Follower() {
            @Override
            public CompletionStage<List<Feed.Frame>> state(long sinceMillis) {
                return state;
            }

            @Override
            public Runnable follow(String session) {
                followed.incrementAndGet();
                return followed::decrementAndGet;
            }

            @Override
            public boolean isBusy() {
                return busy;
            }

            @Override
            public void look() {}
        };
        return new Tap(feed, directory, NEVER, follower, last).open(stream);
    }

    private void happens(String session, String directory, String what) {
        happens(session, directory, what, 0);
    }

    private void happens(String session, String directory, String what, long offset) {
        feed.publish(
                session,
                directory,
                2_000,
                List.of(new ClientEvent(session, "evt_" + what, "session.idle", Map.of("what", what), offset)));
    }

    /** How things are in the first session, up to an offset of its journal. */
    private static Feed.Frame things(long offset) {
        return new Feed.Frame(0, offset, "s1", "/a", 1, "{\"how\":\"things are\"}");
    }

    @Test
    void aStreamGetsItsDirectoryAlone() {
        open("/a", null);
        happens("s1", "/a", "one");
        happens("s2", "/b", "two");

        assertThat(stream.seen()).contains("server.connected", "evt_one").doesNotContain("evt_two");
        assertThat(followed).hasValue(1);
    }

    @Test
    void anAnswerWaitsForStreamsThatHaveNotGotAll() {
        open("/a", null);
        happens("s1", "/a", "one");
        CompletableFuture<Void> flushed = feed.flushed(60_000).toCompletableFuture();
        happens("s2", "/b", "two"); // of no concern here
        assertThat(flushed).isNotDone();

        stream.write();

        assertThat(flushed).isCompleted();
        assertThat(feed.flushed(60_000).toCompletableFuture()).isCompleted();
    }

    @Test
    void anAnswerDoesNotWaitForWhatComesBehindIt() {
        open("/a", null);
        happens("s1", "/a", "one");
        CompletableFuture<Void> flushed = feed.flushed(60_000).toCompletableFuture();
        happens("s2", "/a", "two");

        stream.writeOne();

        assertThat(flushed).isCompleted();
    }

    @Test
    void nobodyWaitsForAStreamThatIsOverOrForOneThatTakesNothingForEver() {
        EventSource.Listener listener = open("/a", null);
        happens("s1", "/a", "one");
        CompletableFuture<Void> over = feed.flushed(60_000).toCompletableFuture();
        listener.onClosed();
        assertThat(over).isCompleted();
        assertThat(followed).hasValue(0);
        assertThat(feed.isFollowed()).isFalse();

        stream.writable = false;
        open("/a", null);
        happens("s1", "/a", "two");
        CompletableFuture<Void> stuck = feed.flushed(1).toCompletableFuture();
        await().until(stuck::isDone);
        assertThat(stuck).isCompleted();
    }

    @Test
    void aSlowStreamGoesOnWhereItWas() {
        EventSource.Listener listener = open("/a", null);
        stream.writable = false;
        happens("s1", "/a", "one");
        assertThat(stream.seen()).doesNotContain("evt_one");

        stream.writable = true;
        listener.onWritable();

        assertThat(stream.seen()).contains("evt_one");
    }

    @Test
    void whoPublishesWaitsForAStreamThatReadsAndNotForOneThatLostSomething() {
        EventSource.Listener listener = open("/a", null);
        stream.writable = false;
        happens("s1", "/a", "first");
        assertThat(feed.room()).isNull();
        for (int i = 0; i < Feed.MAX_FRAMES / 2; i++) {
            happens("s1", "/a", "n" + i);
        }
        CompletionStage<Void> room = Objects.requireNonNull(feed.room(), "no room is left");

        stream.writable = true;
        listener.onWritable();
        stream.write();

        assertThat(room.toCompletableFuture()).isDone();
        assertThat(feed.room()).isNull();
        assertThat(stream.seen()).contains("evt_first", "evt_n" + (Feed.MAX_FRAMES / 2 - 1));

        stream.writable = false;
        for (int i = 0; i < Feed.MAX_FRAMES + 10; i++) {
            happens("s1", "/a", "m" + i);
        }
        assertThat(feed.room()).isNull();
    }

    @Test
    void nobodyWaitsForAStreamThatDoesNotRead() {
        feed = new Feed(1_000, Duration.ZERO);
        open("/a", null);
        stream.writable = false;
        for (int i = 0; i < Feed.MAX_FRAMES / 2; i++) {
            happens("s1", "/a", "n" + i);
        }

        assertThat(feed.room()).isNull();
        assertThat(feed.flushed(60_000).toCompletableFuture()).isCompleted();
    }

    @Test
    void whoPublishesWaitsForAStreamThatLacksFewButLargeFrames() {
        open("/a", null);
        stream.writable = false;
        String large = "x".repeat((int) (Feed.MAX_CHARS / 3));

        happens("s1", "/a", large);

        assertThat(feed.room()).isNotNull();
    }

    @Test
    void oneThatIsTooFarBehindIsToldHowThingsAre() {
        EventSource.Listener listener = open("/a", null);
        stream.writable = false;
        for (int i = 0; i < Feed.MAX_FRAMES + 10; i++) {
            happens("s1", "/a", "n" + i);
        }
        state = CompletableFuture.completedStage(List.of(things(0)));

        stream.writable = true;
        listener.onWritable();

        await().until(() -> stream.seen().contains("things are"));
        assertThat(stream.seen()).doesNotContain("evt_n0\"", "evt_n" + (Feed.MAX_FRAMES + 9));
        happens("s1", "/a", "after");
        await().until(() -> stream.seen().contains("evt_after"));
    }

    @Test
    void whatHappensWhileItIsLookedHowThingsAreIsNotToldTwice() {
        CompletableFuture<List<Feed.Frame>> looking = new CompletableFuture<>();
        state = looking;
        open("/a", new EventId(1, 1, 1));
        happens("s1", "/a", "in", 7);
        happens("s1", "/a", "behind", 8);
        happens("s2", "/a", "other", 7);

        looking.complete(List.of(things(7)));
        await().until(() -> stream.seen().contains("evt_other"));
        happens("s1", "/a", "new", 3); // of another journal by now

        assertThat(stream.seen())
                .contains("things are", "evt_behind", "evt_new")
                .doesNotContain("evt_in\"");
    }

    @Test
    void whoComesBackGoesOnAfterTheLastId() {
        open(null, null);
        happens("s1", "/a", "one");
        happens("s1", "/a", "two");
        var ids = ID.matcher(stream.seen());
        assertThat(ids.find()).isTrue();
        EventId first = EventId.parse(ids.group(1));

        stream.text.setLength(0);
        open(null, first);

        assertThat(stream.seen())
                .contains("evt_two", "\"directory\":\"/a\",\"project\":\"global\"")
                .doesNotContain("evt_one");
    }

    @Test
    void aStreamEndsWhenTheServerStopsAndNothingRunsAnyMore() {
        busy = true;
        EventSource.Listener listener = open("/a", null);
        listener.onDrain();
        assertThat(stream.ended).isFalse();

        busy = false;
        happens("s1", "/a", "end");

        assertThat(stream.seen()).contains("evt_end");
        assertThat(stream.ended).isTrue();
    }
}
