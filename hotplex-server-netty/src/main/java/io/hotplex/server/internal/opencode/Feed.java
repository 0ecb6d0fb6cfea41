package io.hotplex.server.internal.opencode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.server.internal.wire.EventJson;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What happens in the sessions of one owner, in one order, for its streams of events: the last frames, numbered. A
 * stream reads at its own pace, and whoever comes back goes on where it was. One that is so far behind that what it
 * lacks is here no more is told how things are instead.
 *
 * <p>Guarded by {@code lock}; streams are woken without it.
 */
final class Feed {
    /** A turn has some hundred; so who was away for some turns misses nothing. */
    static final int MAX_FRAMES = 4_096;

    static final long MAX_CHARS = 8 << 20;

    /** Who publishes waits for a stream that lacks more than a quarter of what is kept, so that it loses nothing. */
    private static final int CROWDED_FRAMES = MAX_FRAMES / 4;

    private static final long CROWDED_CHARS = MAX_CHARS / 4;

    /** Then some more is published all the same: what one session says waits for no client for long. */
    private static final long WAIT_MILLIS = 250;

    /** A client that took nothing for so long does not read: nothing waits for it. */
    private static final Duration STUCK_AFTER = Duration.ofSeconds(3);

    private final long since;
    private final long stuckNanos;
    private final Set<Tap> taps = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final ArrayDeque<Frame> frames = new ArrayDeque<>();

    @GuardedBy("lock")
    private long chars;

    @GuardedBy("lock")
    private long newest;

    /** @param since when this began; tells its numbers from those of another feed */
    Feed(long since) {
        this(since, STUCK_AFTER);
    }

    /** @param stuckAfter nothing waits for a stream that got on with nothing for so long */
    Feed(long since, Duration stuckAfter) {
        this.since = since;
        this.stuckNanos = stuckAfter.toNanos();
    }

    /**
     * One event for clients.
     *
     * @param number its place in the feed; 0 for one that tells how things are
     * @param offset its place in the session's journal, up to which one that tells how things are has everything; 0 for
     *     what is in no journal
     * @param payload the event as JSON
     */
    record Frame(long number, long offset, String session, String directory, long millis, String payload) {}

    /** Where a stream goes on. */
    record Place(long number, @Nullable Long missedSince) {}

    long since() {
        return since;
    }

    boolean isFollowed() {
        return !taps.isEmpty();
    }

    void add(Tap tap) {
        taps.add(tap);
    }

    void remove(Tap tap) {
        taps.remove(tap);
    }

    /** Adds what happened in a session. */
    void publish(String session, String directory, long millis, List<ClientEvent> events) {
        if (events.isEmpty()) {
            return;
        }
        List<String> payloads = new ArrayList<>(events.size());
        events.forEach(event -> payloads.add(payload(event)));
        lock.lock();
        try {
            for (int i = 0; i < events.size(); i++) {
                newest++;
                String payload = payloads.get(i);
                frames.add(new Frame(newest, events.get(i).offset(), session, directory, millis, payload));
                chars += payload.length();
            }
            while (frames.size() > MAX_FRAMES || chars > MAX_CHARS && frames.size() > 1) {
                chars -= frames.remove().payload().length();
            }
        } finally {
            lock.unlock();
        }
        wake();
    }

    /**
     * Whether there is room for more, such that no stream loses anything that reads.
     *
     * @return {@code null} when there is; else it completes when there is, or after a moment
     */
    @Nullable
    CompletionStage<Void> room() {
        long upTo = newest();
        CompletableFuture<?>[] behind = reading()
                .filter(tap -> isCrowded(tap.position()))
                .map(tap -> tap.flushed(upTo))
                .toArray(CompletableFuture<?>[]::new);
        return behind.length == 0
                ? null
                : CompletableFuture.allOf(behind).completeOnTimeout(null, WAIT_MILLIS, TimeUnit.MILLISECONDS);
    }

    /** The streams that get on: nobody waits for others. */
    private Stream<Tap> reading() {
        long now = System.nanoTime();
        return taps.stream().filter(tap -> now - tap.progressNanos() < stuckNanos);
    }

    /** @param position up to where a stream has read */
    private boolean isCrowded(long position) {
        lock.lock();
        try {
            long unread = newest - position;
            if (unread > frames.size()) {
                return false; // it has lost something, and will be told how things are
            }
            if (unread > CROWDED_FRAMES) {
                return true;
            }
            long lacks = 0;
            Iterator<Frame> back = frames.descendingIterator();
            for (long i = 0; i < unread; i++) {
                lacks += back.next().payload().length();
            }
            return lacks > CROWDED_CHARS;
        } finally {
            lock.unlock();
        }
    }

    /** Makes every stream look what there is. */
    void wake() {
        taps.forEach(Tap::wake);
    }

    static String payload(ClientEvent event) {
        return EventJson.text(Values.object("id", event.id(), "type", event.type(), "properties", event.properties()));
    }

    /** The number of the last frame. */
    long newest() {
        lock.lock();
        try {
            return newest;
        } finally {
            lock.unlock();
        }
    }

    /** Where a stream goes on that has everything up to an id; {@code null} for one that is new. */
    Place place(@Nullable EventId last) {
        lock.lock();
        try {
            if (last == null) {
                return new Place(newest, null);
            }
            boolean here = last.feed() == since && last.number() <= newest && last.number() >= newest - frames.size();
            return here ? new Place(last.number(), null) : new Place(newest, last.millis());
        } finally {
            lock.unlock();
        }
    }

    /**
     * The frames after a number.
     *
     * @return as many as make about so many characters; {@code null} when some are gone
     */
    @Nullable
    List<Frame> after(long number, int most) {
        List<Frame> found = new ArrayList<>();
        lock.lock();
        try {
            if (number < newest - frames.size()) {
                return null;
            }
            Iterator<Frame> all = frames.iterator();
            for (long skip = number - (newest - frames.size()); skip > 0; skip--) {
                all.next();
            }
            int taken = 0;
            while (all.hasNext() && taken < most) {
                Frame frame = all.next();
                found.add(frame);
                taken += frame.payload().length();
            }
        } finally {
            lock.unlock();
        }
        return found;
    }

    /** Completes when every stream of now that reads has sent everything up to now; at the latest after a limit. */
    CompletionStage<Void> flushed(long limitMillis) {
        long upTo = newest();
        CompletableFuture<?>[] all = reading().map(tap -> tap.flushed(upTo)).toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(all).completeOnTimeout(null, limitMillis, TimeUnit.MILLISECONDS);
    }
}
