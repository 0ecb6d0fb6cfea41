package io.hotplex.server.internal.opencode;

import io.hotplex.server.internal.http.EventSource;
import io.hotplex.server.internal.http.EventStream;
import io.hotplex.server.internal.wire.EventJson;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One client's stream of events: of one directory, or, with a label of the directory at each, of all. It reads the feed
 * as fast as its socket takes it.
 *
 * <p>Confined to the connection's event loop, but for {@link #wake}, {@link #position}, {@link #progressNanos} and
 * {@link #flushed}.
 */
final class Tap implements EventSource {
    /** What happened so long before is looked for as well: sessions are read at their own pace, some late. */
    private static final Duration LATE = Duration.ofMinutes(1);

    /** What is collected beyond this is sent, though more is at hand. */
    private static final int FULL_CHARS = 64 << 10;

    private final Feed feed;
    private final @Nullable String directory;
    private final Duration heartbeat;
    private final Follower follower;
    private final @Nullable EventId last;
    private final AtomicBoolean woken = new AtomicBoolean();
    private final Map<String, Runnable> followed = new HashMap<>();
    private final ArrayDeque<Waiter> waiters = new ArrayDeque<>();

    private volatile @Nullable EventStream out;
    private volatile boolean over;
    /** Up to where the feed was read. */
    private volatile long position;
    /** When the feed was read last and nothing was missing. */
    private long readMillis;
    /** When some of the feed was read last; when there was nothing, when something came. */
    private volatile long progressNanos;

    private volatile boolean caughtUp = true;
    /** Up to where what was read is written, or is of no concern to this client. */
    private long written;

    /** By session, up to which offset the client was told how things are. */
    private final Map<String, Long> covered = new HashMap<>();
    /** Behind this number nothing is covered. */
    private long coveredUntil;

    private int unwritten;
    private boolean catchingUp;
    private boolean draining;

    /**
     * @param directory whose events are wanted; {@code null} for all
     * @param last what the client has; {@code null} when it is new
     */
    Tap(Feed feed, @Nullable String directory, Duration heartbeat, Follower follower, @Nullable EventId last) {
        this.feed = feed;
        this.directory = directory;
        this.heartbeat = heartbeat;
        this.follower = follower;
        this.last = last;
    }

    /** What a stream needs to know of sessions. */
    interface Follower {
        /** How things are, for who missed what happened since a time, ends of turns included. Not on an event loop. */
        CompletionStage<List<Feed.Frame>> state(long sinceMillis);

        /** A client follows a session from now on; what is returned ends that. */
        Runnable follow(String session);

        /** Whether a turn runs in any of them. */
        boolean isBusy();

        /** Looks for sessions that do something and are not watched yet; called now and then, and must be quick. */
        void look();
    }

    private record Waiter(long number, CompletableFuture<Void> done) {}

    @Override
    public Listener open(EventStream stream) {
        out = stream;
        Feed.Place place = feed.place(last);
        position = place.number();
        written = position;
        readMillis = System.currentTimeMillis();
        progressNanos = System.nanoTime();
        feed.add(this);
        say(stream, "server.connected");
        Long missedSince = place.missedSince();
        if (missedSince != null) {
            catchUp(stream, missedSince);
        }
        beat(stream);
        wake();
        return new Listener() {
            @Override
            public void onWritable() {
                pump();
            }

            @Override
            public void onDrain() {
                draining = true;
                endWhenQuiet(stream);
            }

            @Override
            public void onClosed() {
                end();
            }
        };
    }

    private void say(EventStream stream, String type) {
        String payload =
                EventJson.text(Map.of("id", Ids.fresh("evt", Instant.now()), "type", type, "properties", Map.of()));
        stream.send("data: " + (directory == null ? "{\"payload\":" + payload + "}" : payload) + "\n\n");
    }

    private void beat(EventStream stream) {
        CompletableFuture.delayedExecutor(heartbeat.toNanos(), TimeUnit.NANOSECONDS, stream.eventLoop())
                .execute(() -> {
                    if (!over) {
                        if (stream.isWritable()) {
                            say(stream, "server.heartbeat");
                        }
                        var unused = CompletableFuture.runAsync(follower::look);
                        beat(stream);
                    }
                });
    }

    /** More is there. */
    void wake() {
        EventStream stream = out;
        if (caughtUp) {
            progressNanos = System.nanoTime();
            caughtUp = false;
        }
        if (stream != null && woken.compareAndSet(false, true)) {
            stream.eventLoop().execute(this::pump);
        }
    }

    private void pump() {
        woken.set(false);
        EventStream stream = out;
        while (stream != null && !over && !catchingUp && stream.isWritable()) {
            List<Feed.Frame> frames = feed.after(position, FULL_CHARS);
            if (frames == null) {
                catchUp(stream, readMillis);
                return;
            }
            readMillis = System.currentTimeMillis();
            progressNanos = System.nanoTime();
            if (frames.isEmpty()) {
                caughtUp = true;
                endWhenQuiet(stream);
                return;
            }
            position = frames.get(frames.size() - 1).number();
            send(stream, frames);
        }
    }

    /** A server that stops lets its clients see how their turns end, and no longer. */
    private void endWhenQuiet(EventStream stream) {
        if (draining && !follower.isBusy()) {
            stream.end();
        }
    }

    private void send(EventStream stream, List<Feed.Frame> frames) {
        StringBuilder text = new StringBuilder();
        for (Feed.Frame frame : frames) {
            if ((directory == null || directory.equals(frame.directory())) && !isCovered(frame)) {
                followed.computeIfAbsent(frame.session(), follower::follow);
                write(text, frame);
            }
        }
        if (!text.isEmpty()) {
            unwritten++;
            long upTo = position;
            stream.send(text.toString(), () -> onWritten(upTo));
        } else if (unwritten == 0) {
            reach(position);
        }
    }

    /** Whether what happened is among what the client was told when it was told how things are. */
    private boolean isCovered(Feed.Frame frame) {
        return frame.number() > 0
                && frame.number() <= coveredUntil
                && frame.offset() > 0
                && frame.offset() <= covered.getOrDefault(frame.session(), 0L);
    }

    private void write(StringBuilder text, Feed.Frame frame) {
        if (frame.number() > 0) {
            text.append("id: ")
                    .append(new EventId(feed.since(), frame.number(), frame.millis()).text())
                    .append('\n');
        }
        text.append("data: "); // JSON has no line ends of its own
        if (directory == null) {
            text.append("{\"directory\":")
                    .append(quoted(frame.directory()))
                    .append(",\"project\":\"" + Projection.PROJECT + "\",\"payload\":")
                    .append(frame.payload())
                    .append('}');
        } else {
            text.append(frame.payload());
        }
        text.append("\n\n");
    }

    private static String quoted(String text) {
        return EventJson.write(out -> out.writeString(text));
    }

    private void onWritten(long upTo) {
        unwritten--;
        reach(unwritten == 0 ? position : upTo); // all that was read is written by now, or of no concern here
    }

    private void reach(long number) {
        written = number;
        waiters.removeIf(waiter -> waiter.number() <= written && waiter.done().complete(null));
    }

    /** What the client lacks is not kept: it gets how things are, then what comes. */
    private void catchUp(EventStream stream, long sinceMillis) {
        catchingUp = true;
        position = feed.newest();
        Function<Throwable, List<Feed.Frame>> none = failure -> List.of();
        var unused = CompletableFuture.supplyAsync(() -> follower.state(sinceMillis - LATE.toMillis()))
                .thenCompose(state -> state)
                .exceptionally(none)
                .thenAcceptAsync(
                        frames -> {
                            catchingUp = false;
                            coveredUntil = feed.newest();
                            covered.clear();
                            frames.forEach(frame -> covered.put(frame.session(), frame.offset()));
                            if (!over) {
                                send(stream, frames);
                                pump();
                            }
                        },
                        stream.eventLoop());
    }

    /** When it read something last of what there was. Thread-safe. */
    long progressNanos() {
        return progressNanos;
    }

    /** Up to where the feed was read. Thread-safe. */
    long position() {
        return position;
    }

    /** Completes when everything up to a number is written, or the stream is over. */
    CompletableFuture<Void> flushed(long number) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        EventStream stream = out;
        if (stream == null || over) {
            done.complete(null);
            return done;
        }
        stream.eventLoop().execute(() -> {
            if (over || written >= number) {
                done.complete(null);
            } else {
                waiters.add(new Waiter(number, done));
            }
        });
        return done;
    }

    private void end() {
        over = true;
        feed.remove(this);
        followed.values().forEach(Runnable::run);
        followed.clear();
        waiters.forEach(waiter -> waiter.done().complete(null));
        waiters.clear();
    }
}
