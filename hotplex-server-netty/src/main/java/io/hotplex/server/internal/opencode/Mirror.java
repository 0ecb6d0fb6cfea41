package io.hotplex.server.internal.opencode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One session as OpenCode's clients see it, kept up to date: reads the session's journal from its begin, and tells what
 * happens from now on.
 *
 * <p>The subscriber's calls come one at a time. {@code lock} guards what they change and requests read; it is held for
 * no call out.
 */
final class Mirror implements Subscriber {
    /** A journal is read in a fraction of it; a disk that hangs must not hold requests for ever. */
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    /** So many are told at once, though the journal has more at hand: streams keep some thousands. */
    private static final int MANY_EVENTS = 256;

    private final Session session;
    private final Listener listener;
    private final long live;
    private final long from;
    private final long toldBefore;
    private final AtomicBoolean started = new AtomicBoolean();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private Projection projection;

    @GuardedBy("lock")
    private long position;

    @GuardedBy("lock")
    private final List<Waiter> waiters = new ArrayList<>();

    @GuardedBy("lock")
    private boolean over;

    @GuardedBy("lock")
    private long told;

    private volatile boolean silent;
    private volatile @Nullable Subscription subscription;
    private volatile long usedNanos;
    private volatile long weight;
    private volatile boolean busy;

    // confined to the subscriber's calls
    private List<ClientEvent> events = new ArrayList<>();

    private long millis;
    private long seen;

    /** @param toldBefore the last offset that an earlier mirror of this session told of; 0 when there was none */
    Mirror(Session session, Listener listener, long toldBefore) {
        this.session = session;
        this.listener = listener;
        SessionInfo info = session.info();
        this.live = info.newestOffset();
        this.toldBefore = toldBefore > live ? 0 : toldBefore; // else that was another journal, which was deleted
        this.told = this.toldBefore;
        this.position = Math.min(info.oldestOffset() - 1, live);
        this.from = position;
        this.projection = project();
    }

    /** Hears of what happens in a session. Called on the engine's threads, one call after the other. */
    interface Listener {
        /** Whether what happened is news to anybody. */
        boolean isNews(Mirror mirror, long offset, long millis);

        /**
         * Tells what happened.
         *
         * @return {@code null} when there is room for more; else it completes when there is
         */
        @Nullable
        CompletionStage<Void> onEvents(Mirror mirror, long millis, List<ClientEvent> events);

        /** The turn that ran is over, and everything of it was told. */
        void onIdle();

        /** There will be no more. */
        void onOver(Mirror mirror);
    }

    private record Waiter(long offset, CompletableFuture<Void> done) {}

    private Projection project() {
        return new Projection(session.info(), session.spec());
    }

    Session session() {
        return session;
    }

    /** The newest offset when this began: what comes after it is news. */
    long live() {
        return live;
    }

    /** Whether nobody was told yet what happened at an offset, and somebody is to be. */
    boolean isNew(long offset) {
        return offset > toldBefore && !silent;
    }

    /** Up to which offset it was told what happened. */
    long told() {
        lock.lock();
        try {
            return told;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nobody is to hear of it from now on. */
    void silent(boolean on) {
        silent = on;
    }

    /** Whether somebody waits until it has read all. */
    boolean isAwaited() {
        lock.lock();
        try {
            return waiters.stream().anyMatch(waiter -> !waiter.done().isDone());
        } finally {
            lock.unlock();
        }
    }

    /** About how many characters it holds. */
    long weight() {
        return weight;
    }

    /** Whether a turn runs. */
    boolean isBusy() {
        return busy;
    }

    long usedNanos() {
        return usedNanos;
    }

    void used(long nanos) {
        usedNanos = nanos;
    }

    /** Begins to read; once. */
    void start() {
        if (started.compareAndSet(false, true)) {
            Subscription begun = session.subscribe(from, this);
            if (isOver()) { // closed before it had begun
                begun.close();
            }
        }
    }

    /** Whether it reads no more. */
    boolean isOver() {
        lock.lock();
        try {
            return over;
        } finally {
            lock.unlock();
        }
    }

    /** What is known of the session. What is given out of here must not be kept. */
    <T> T read(Function<Projection, T> reader) {
        lock.lock();
        try {
            return reader.apply(projection);
        } finally {
            lock.unlock();
        }
    }

    /** Changes what no record tells. */
    void change(Consumer<Projection> change) {
        read(known -> {
            change.accept(known);
            return true;
        });
    }

    /** Completes when everything that is in the journal now is known. */
    CompletionStage<Mirror> upToDate() {
        return upTo(session.info().newestOffset());
    }

    /** Completes when an offset was seen, and those who follow were told. */
    CompletionStage<Mirror> upTo(long offset) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        lock.lock();
        try {
            if (position >= offset || over) {
                done.complete(null);
            } else {
                waiters.add(new Waiter(offset, done));
            }
        } finally {
            lock.unlock();
        }
        return done.orTimeout(PATIENCE.toNanos(), TimeUnit.NANOSECONDS).handle((seen, failure) -> {
            if (failure != null) {
                throw new HotPlexException(
                        ErrorCode.JOURNAL_UNAVAILABLE, "the session's journal could not be read in time", failure);
            }
            return this;
        });
    }

    // ---- the journal

    @Override
    public void onSubscribe(Subscription begun) {
        subscription = begun;
    }

    @Override
    public void onEvent(EventRecord record) {
        List<ClientEvent> happened;
        lock.lock();
        try {
            happened = projection.apply(record);
            seen = record.offset();
            busy |= projection.isBusy(); // its end counts when it is told
        } finally {
            lock.unlock();
        }
        millis = record.time().toEpochMilli();
        if (listener.isNews(this, record.offset(), millis)) {
            events.addAll(happened);
        }
        if (events.size() >= MANY_EVENTS) {
            onBatchEnd();
        }
    }

    @Override
    public void onBatchEnd() {
        boolean ran = busy;
        List<ClientEvent> all = events;
        events = new ArrayList<>();
        if (tells() && !all.isEmpty()) {
            CompletionStage<Void> room = listener.onEvents(this, millis, all);
            if (room != null) {
                pauseUntil(room);
            }
        }
        reach(seen);
        if (ran && !busy) {
            listener.onIdle();
        }
    }

    /** Streams that read lose nothing because a session says much, or is read from its begin. */
    private void pauseUntil(CompletionStage<Void> room) {
        Subscription reading = subscription;
        if (reading != null) {
            reading.pause();
            var unused = room.whenComplete((there, failure) -> reading.resume());
        }
    }

    /** One that is over tells nothing: another one may read the session by now. */
    private boolean tells() {
        lock.lock();
        try {
            told = over ? told : Math.max(told, seen);
            return !over;
        } finally {
            lock.unlock();
        }
    }

    private void reach(long offset) {
        List<CompletableFuture<Void>> reached = new ArrayList<>();
        lock.lock();
        try {
            position = Math.max(position, offset);
            weight = projection.weight();
            busy = projection.isBusy();
            for (Iterator<Waiter> all = waiters.iterator(); all.hasNext(); ) {
                Waiter waiter = all.next();
                if (waiter.offset() <= position) {
                    reached.add(waiter.done());
                    all.remove();
                }
            }
        } finally {
            lock.unlock();
        }
        reached.forEach(done -> done.complete(null));
    }

    /** What it was before is not kept any more: what can be known begins here. */
    @Override
    public void onReset(long oldest, long newest) {
        lock.lock();
        try {
            projection = project();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onClosed() {
        onBatchEnd();
        end();
    }

    @Override
    public void onFailed(Throwable cause) {
        end();
    }

    /** It tells nothing from now on; {@link #close} is to follow. */
    void retire() {
        lock.lock();
        try {
            over = true;
        } finally {
            lock.unlock();
        }
    }

    /** No more is read. */
    void close() {
        Subscription held = subscription;
        if (held != null) {
            held.close();
        }
        end();
    }

    private void end() {
        List<Waiter> left;
        lock.lock();
        try {
            over = true;
            left = List.copyOf(waiters);
            waiters.clear();
        } finally {
            lock.unlock();
        }
        busy = false;
        left.forEach(waiter -> waiter.done().complete(null));
        listener.onOver(this);
    }
}
