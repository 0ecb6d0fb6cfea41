package io.hotplex.core.internal.event;

import io.hotplex.api.EventRecord;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.spi.SessionLog;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries a log's records to a subscriber: what is there, then what comes. The writer only wakes it; reading and
 * delivering happen on the executor, in one task at a time.
 *
 * <p>Threads: atomics. {@code work} decides who drains:
 *
 * <pre>
 * IDLE  -> BUSY   wake(): something came; a drain is submitted
 * BUSY  -> AGAIN  wake(): more came while a drain is submitted or runs
 * AGAIN -> BUSY   drain: looks once more
 * BUSY  -> IDLE   drain: read everything, nothing came since
 * </pre>
 *
 * A drain that passes itself on to the executor stays BUSY, so drains never overlap; each reads what the last one wrote
 * because the executor, or {@code work}, orders them. {@code ended} turns true once and ends everything.
 *
 * <p>While {@code paused}, nobody is woken and a drain ends where it is. Who resumes wakes, after {@code paused} is
 * false: what was appended before by a writer that still saw the pause is read then.
 *
 * <p>When the executor takes no more, because it is full or closed, a drain that runs goes on where it is and loses
 * nothing; where none runs the subscription ends, since the writer's thread must not do the subscriber's work.
 */
public final class JournalSubscription implements Subscription {
    private static final Logger log = LoggerFactory.getLogger(JournalSubscription.class);

    /** After so many batches others get the thread. */
    private static final int BATCHES_PER_DRAIN = 8;

    private enum Work {
        IDLE,
        BUSY,
        AGAIN
    }

    private final SessionLog source;
    private final Subscriber subscriber;
    private final Followers followers;
    private final Consumer<JournalSubscription> onTerminated;

    private final AtomicReference<Work> work = new AtomicReference<>(Work.IDLE);
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile boolean paused;
    private volatile boolean sourceClosed;
    /** Why the source ended without having been closed. */
    private volatile @Nullable Throwable lost;

    private volatile long position;

    /**
     * @param after the last offset that the subscriber has
     * @param followers those whom it belongs to from {@link #begin} to its end
     * @param onTerminated called when the subscription ended, on the thread that ended it; once more by {@link #begin}
     *     when it had ended before
     */
    public JournalSubscription(
            SessionLog source,
            long after,
            Subscriber subscriber,
            Followers followers,
            Consumer<JournalSubscription> onTerminated) {
        this.source = source;
        this.position = after;
        this.subscriber = subscriber;
        this.followers = followers;
        this.onTerminated = onTerminated;
    }

    /** Is among the followers from here on, unless it has ended. */
    public void begin() {
        followers.add(this);
        if (ended.get()) {
            terminated(); // it may have ended before it was there to be removed
        }
    }

    private void terminated() {
        followers.remove(this);
        onTerminated.accept(this);
    }

    /** How many records its subscriber has not been given. */
    long behind() {
        return Math.max(0, source.newest() - position);
    }

    /** Tells that the log may have more. Lock-free, never throws; called by the session's owner after each append. */
    public void wake() {
        while (!ended.get() && !paused) {
            Work seen = work.get();
            if (seen == Work.AGAIN || (seen == Work.BUSY && work.compareAndSet(Work.BUSY, Work.AGAIN))) {
                return;
            }
            if (seen == Work.IDLE && work.compareAndSet(Work.IDLE, Work.BUSY)) {
                submitFirst();
                return;
            }
        }
    }

    /** Tells that nothing will be appended any more: when all is delivered, the subscriber is told. Idempotent. */
    public void logClosed() {
        sourceClosed = true;
        wake();
    }

    /** Tells that the log ends here for another reason: when all is delivered, the subscriber is told that one. */
    public void logLost(Throwable why) {
        lost = why;
        logClosed();
    }

    @Override
    public long position() {
        return position;
    }

    @Override
    public void pause() {
        paused = true;
    }

    @Override
    public void resume() {
        paused = false;
        wake();
    }

    @Override
    public void close() {
        if (ended.compareAndSet(false, true)) {
            terminated();
        }
    }

    private void submitFirst() {
        Throwable refusal = submit();
        if (refusal != null && !ended.get()) {
            log.warn(
                    "Subscription ends at offset {}: its executor refused work ({})",
                    position,
                    refusal.getClass().getName());
            fail(refusal);
        }
    }

    /** Gives a drain to the executor; returns why it was not taken, or {@code null} when it runs or will. */
    @SuppressWarnings("IllegalCatch") // of a foreign executor, or no thread to be had: the session's owner lives on
    private @Nullable Throwable submit() {
        AtomicBoolean taken = new AtomicBoolean();
        try {
            followers.executor().execute(() -> {
                if (taken.compareAndSet(false, true)) {
                    drain();
                }
            });
            return null;
        } catch (Throwable e) {
            return taken.compareAndSet(false, true) ? e : null; // some executors throw and run it even so
        }
    }

    private void drain() {
        boolean completed = false;
        try {
            completed = deliverBatches();
        } catch (RuntimeException | LinkageError e) { // foreign code; its message may quote what it was given
            log.warn("Subscription ends at offset {}: subscriber or journal threw {}", position, describe(e));
            fail(e);
        } finally {
            if (!completed) {
                close();
            }
        }
    }

    /** Ends it, and tells the subscriber why, unless it had ended. */
    private void fail(Throwable cause) {
        if (ended.compareAndSet(false, true)) {
            try {
                subscriber.onFailed(cause);
            } catch (RuntimeException | LinkageError e) {
                log.warn("A subscriber threw {} when it was told that it is over", describe(e));
            } finally {
                terminated();
            }
        }
    }

    /** Returns whether the subscription lives on. */
    private boolean deliverBatches() {
        for (int batches = 0; batches < BATCHES_PER_DRAIN || submit() != null; batches++) {
            boolean last = sourceClosed; // before reading: then an empty read means that all was delivered
            boolean held = paused; // once: then an empty read is not mistaken for one that a pause prevented
            List<EventRecord> batch = held ? List.of() : source.read(position, followers.batchSize());
            if (batch.isEmpty()) {
                if (last && !held) {
                    finish();
                    return false;
                }
                if (work.compareAndSet(Work.BUSY, Work.IDLE)) {
                    return true;
                }
                work.set(Work.BUSY);
            } else if (!deliver(batch)) {
                return false;
            }
        }
        return true; // somebody else goes on
    }

    private boolean deliver(List<EventRecord> batch) {
        long newest = source.newest();
        long oldest = batch.get(0).firstOffset();
        if (ended.get()) {
            return false;
        }
        if (oldest > position + 1) {
            followers.reset();
            subscriber.onReset(oldest, newest);
            position = oldest - 1;
        }
        for (EventRecord record : newest - position > followers.mergeBacklog() ? DeltaMerger.merge(batch) : batch) {
            if (ended.get()) {
                return false;
            }
            if (paused) {
                break; // what is left of the batch is read again
            }
            subscriber.onEvent(record);
            position = record.offset();
            if (record.firstOffset() < record.offset()) {
                followers.merged(record.offset() - record.firstOffset());
            }
        }
        subscriber.onBatchEnd();
        return true;
    }

    private void finish() {
        if (ended.compareAndSet(false, true)) {
            Throwable why = lost;
            try {
                if (why == null) {
                    subscriber.onClosed();
                } else {
                    subscriber.onFailed(why);
                }
            } finally {
                terminated();
            }
        }
    }

    private static String describe(Throwable e) {
        StackTraceElement[] trace = e.getStackTrace();
        return e.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }
}
