package io.hotplex.hooks.internal.delivery;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.StoredSession;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one hook: reads journals from where the hook is, on threads that are the hook's own, and does what its
 * {@link DeliveryPlan} says.
 *
 * <p>Threads: the engine's calls look up a lane, and bring it to the plan if nobody has; that takes the lock for a
 * moment, at most once per {@link #GATHER} and session. Workers take a lane each, read and deliver without the lock,
 * and report. Only offsets are kept, one a session, so a hook that stalls for days costs no memory.
 */
public final class HookRunner implements JournalReader {
    private static final Logger log = LoggerFactory.getLogger(HookRunner.class);

    /** Records that are read at once, so also the most that are delivered at once. */
    private static final int CHUNK = 256;

    /** After a look at a session the next one waits this long: what comes meanwhile is read together. */
    private static final long GATHER = TimeUnit.MILLISECONDS.toNanos(20);

    /** A receiver that comes and goes must not fill the log. */
    private static final long LOG_INTERVAL = TimeUnit.MINUTES.toNanos(1);

    private static final long STATUS_INTERVAL = TimeUnit.SECONDS.toNanos(2);

    /** How long a deletion waits for the hook to deliver what is there. */
    private static final long DELETE_WAIT = TimeUnit.SECONDS.toNanos(2);

    /** Their logs are in memory, each of {@code journal-max-bytes-per-session} at most. */
    private static final int MAX_OVER = 1_000;

    /** What a call of a hook may go on when it was asked to stop. */
    private static final Duration LAST_CALL = Duration.ofSeconds(1);

    private final HookConfig config;
    private final EventHook hook;
    private final HookFiles files;
    private final EventFilter filter;
    private final int batch;
    private final Duration drainLimit;
    private final Clock clock;
    private final LongSupplier ticker;
    private final List<Thread> workers = new ArrayList<>();
    private final Map<String, Lane> lanes = new ConcurrentHashMap<>();
    private final AtomicLong delivered = new AtomicLong();
    private final AtomicLong failedAttempts = new AtomicLong();
    private final AtomicLong deadLetters = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private final AtomicLong statusAt = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition news = lock.newCondition();

    /** A session was read to its end, or it cannot be now. */
    private final Condition moved = lock.newCondition();

    /** With a journal in memory, those of sessions that are over, oldest first. */
    @GuardedBy("lock")
    private final Set<Lane> over = new LinkedHashSet<>();

    @GuardedBy("lock")
    private final DeliveryPlan plan;

    @GuardedBy("lock")
    private boolean draining;

    @GuardedBy("lock")
    private boolean stopped;

    /** Whether it was logged that deliveries fail, and not that they do no more. */
    @GuardedBy("lock")
    private boolean complained;

    @GuardedBy("lock")
    private long complainedAt;

    private volatile Function<String, @Nullable String> traces = turn -> null;
    private volatile boolean disabled;
    /** Whether it was logged that its place cannot be written, and not that it can again. */
    private volatile boolean forgetful;

    private volatile @Nullable Failure lastFailure;
    private volatile @Nullable Journal durable;
    private volatile @Nullable CursorFile cursors;

    private record Failure(String reason, Instant at) {}

    /**
     * @param files of which this is the owner; closed with it
     * @param drainLimit how long the end waits for what can be delivered
     */
    HookRunner(
            HookConfig config,
            EventHook hook,
            HookFiles files,
            RetryPolicy retries,
            Duration drainLimit,
            Clock clock,
            LongSupplier ticker) {
        this.config = config;
        this.hook = hook;
        this.files = files;
        this.filter = EventFilter.of(config);
        this.batch = batch(config);
        this.drainLimit = drainLimit;
        this.clock = clock;
        this.ticker = ticker;
        plan = new DeliveryPlan(retries);
        disabled = files.disabled() != null;
        statusAt.set(ticker.getAsLong() - STATUS_INTERVAL);
        complainedAt = ticker.getAsLong() - LOG_INTERVAL;
        int threads = threads(config);
        for (int i = 1; i <= threads; i++) {
            Thread worker = new Thread(this::work, "hotplex-hook-" + config.name() + "-" + i);
            worker.setDaemon(true);
            workers.add(worker);
        }
    }

    /** @throws HotPlexException CONFIG_INVALID when one of the settings that all hooks have cannot be used */
    static void check(HookConfig config) {
        EventFilter unused = EventFilter.of(config);
        batch(config);
        threads(config);
        fromNewest(config);
        HookFiles.maxDeadLetterBytes(config);
    }

    private static int batch(HookConfig config) {
        return config.number("batch-max-events", 1, 1, CHUNK);
    }

    private static int threads(HookConfig config) {
        return config.number("concurrency", 1, 1, 64);
    }

    private static boolean fromNewest(HookConfig config) {
        return config.choice("from", "newest", Set.of("newest", "oldest")).equals("newest");
    }

    // ---- what the engine tells

    @Override
    public void start(Journal journal) {
        if (journal.durable()) {
            durable = journal;
            try {
                CursorFile opened = files.cursors();
                cursors = opened;
                pickUp(journal, opened);
            } catch (IOException e) {
                throw new HotPlexException(
                        ErrorCode.JOURNAL_UNAVAILABLE,
                        "hook '" + config.name() + "' cannot read how far it is: " + e.getMessage(),
                        e);
            }
        }
        if (disabled) {
            log.warn("hook '{}' is disabled: {}", config.name(), files.disabled());
        } else {
            workers.forEach(Thread::start);
        }
    }

    /** Goes on where the last gateway stopped; one that never ran begins with what comes, unless asked otherwise. */
    private void pickUp(Journal journal, CursorFile opened) throws IOException {
        boolean skip = !opened.found() && fromNewest(config);
        List<String> known = new ArrayList<>();
        for (StoredSession stored : journal.sessions()) {
            known.add(stored.id());
            SessionSpec spec = stored.state().spec();
            if (!filter.follows(stored.id(), spec.owner(), String.valueOf(spec.provider()))) {
                continue;
            }
            if (skip) {
                opened.put(stored.id(), stored.newest());
            } else {
                long first = opened.found() ? 0 : stored.oldest() - 1;
                Lane lane = lane(spec, opened.get(stored.id()).orElse(first), stored.newest());
                lane.sleeping(stored.newest());
                if (stored.state().closed()) {
                    lane.complete();
                }
                if (lane.cursor < stored.newest()) {
                    lanes.put(stored.id(), lane);
                    wake(lane);
                }
            }
        }
        opened.retain(known);
    }

    private Lane lane(SessionSpec spec, long cursor, long newest) {
        if (cursor > newest) {
            log.warn(
                    "hook '{}' was further in session '{}' than its journal is: it begins anew",
                    config.name(),
                    spec.id());
        }
        return new Lane(spec.id(), spec.owner(), String.valueOf(spec.provider()), cursor > newest ? 0 : cursor);
    }

    @Override
    public void opened(SessionSpec spec, SessionLog sessionLog) {
        if (!filter.follows(spec.id(), spec.owner(), String.valueOf(spec.provider()))) {
            return;
        }
        CursorFile kept = cursors;
        Lane lane;
        lock.lock();
        try {
            lane = lanes.computeIfAbsent(
                    spec.id(), id -> lane(spec, kept == null ? 0 : kept.get(id).orElse(0), sessionLog.newest()));
            over.remove(lane);
            lost.addAndGet(lane.open(sessionLog, kept != null));
        } finally {
            lock.unlock();
        }
        wake(lane);
    }

    @Override
    public void readable(String sessionId, long newest) {
        Lane lane = lanes.get(sessionId);
        if (lane != null) {
            wake(lane);
        } else if (durable != null) {
            wokenAsleep(sessionId, newest);
        }
    }

    /** Something was written to a session that sleeps, which has no lane as long as there is nothing to read. */
    private void wokenAsleep(String sessionId, long newest) {
        Journal journal = Objects.requireNonNull(durable);
        CursorFile kept = cursors;
        if (kept == null || kept.get(sessionId).isEmpty()) {
            return; // not followed, or about to be opened
        }
        journal.session(sessionId).ifPresent(stored -> {
            long last = Math.max(newest, stored.newest());
            Lane lane;
            lock.lock();
            try {
                lane = lanes.computeIfAbsent(
                        sessionId,
                        id -> lane(stored.state().spec(), kept.get(id).orElse(0), last));
                lane.sleeping(last);
            } finally {
                lock.unlock();
            }
            wake(lane);
        });
    }

    @Override
    public void completed(String sessionId) {
        Lane lane = lanes.get(sessionId);
        if (lane != null) {
            lock.lock();
            try {
                lane.complete();
                if (durable == null) {
                    keep(lane);
                }
            } finally {
                lock.unlock();
            }
            wake(lane);
        }
    }

    /** A journal in memory forgets sessions that are over; what is not delivered of them yet is held here alone. */
    @GuardedBy("lock")
    private void keep(Lane lane) {
        over.add(lane);
        if (over.size() > MAX_OVER) {
            Lane oldest = over.iterator().next();
            over.remove(oldest);
            lanes.remove(oldest.session, oldest);
            lose(oldest, "more than " + MAX_OVER + " sessions that are over wait for the hook");
        }
    }

    @GuardedBy("lock")
    private void lose(Lane lane, String reason) {
        long left = lane.behind();
        lane.dead = true;
        lane.abandon();
        plan.drop(lane);
        if (left > 0) {
            lost.addAndGet(left);
            log.warn("hook '{}' lost {} records of session '{}': {}", config.name(), left, lane.session, reason);
        }
    }

    /** Waits a moment for what is not delivered yet, unless that would be in vain. */
    @Override
    public void deleting(String sessionId) {
        Lane lane = durable == null ? null : lanes.get(sessionId);
        if (lane == null) {
            return;
        }
        wake(lane);
        long deadline = ticker.getAsLong() + DELETE_WAIT;
        lock.lock();
        try {
            long left = DELETE_WAIT;
            while (left > 0 && !stopped && !disabled && lane.failures == 0 && !plan.retrying() && lane.behind() > 0) {
                var unused = moved.awaitNanos(left);
                left = deadline - ticker.getAsLong();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void deleted(String sessionId) {
        lock.lock();
        try {
            Lane lane = durable == null ? null : lanes.remove(sessionId);
            if (lane != null) {
                lose(lane, "it was deleted");
            }
        } finally {
            lock.unlock();
        }
        CursorFile kept = cursors;
        if (kept != null) {
            try {
                kept.remove(sessionId);
            } catch (IOException e) {
                log.warn("hook '{}' cannot write how far it is", config.name(), e);
            }
        }
    }

    private void wake(Lane lane) {
        if (lane.rouse()) {
            lock.lock();
            try {
                plan.ready(lane, ticker.getAsLong());
                news.signal();
            } finally {
                lock.unlock();
            }
        }
    }

    // ---- workers

    @SuppressWarnings("IllegalCatch") // the top of a thread; a hook and a journal are foreign code
    private void work() {
        for (Lane lane = take(); lane != null; lane = take()) {
            try {
                pass(lane);
            } catch (Throwable e) {
                log.error("hook '{}' cannot read session '{}', and tries again", config.name(), lane.session, e);
                failed(lane, "the journal cannot be read: " + e.getClass().getName(), null);
            }
            tell(false);
        }
    }

    private @Nullable Lane take() {
        lock.lock();
        try {
            while (!stopped) {
                long now = ticker.getAsLong();
                if (!disabled) {
                    Lane lane = plan.take(now);
                    if (lane != null) {
                        return lane;
                    }
                }
                if (draining && (disabled || plan.drained(now))) {
                    news.signalAll();
                    return null;
                }
                long wait = disabled ? Long.MAX_VALUE : plan.waitNanos(now);
                if (wait == Long.MAX_VALUE) {
                    news.await();
                } else {
                    var unused = news.awaitNanos(Math.max(1, wait));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
        return null;
    }

    /** Reads on in a session, and delivers what the hook wants of it. */
    private void pass(Lane lane) {
        List<EventRecord> chunk = read(lane);
        if (chunk.isEmpty()) {
            settle(lane);
            return;
        }
        long gap = chunk.get(0).firstOffset() - lane.cursor - 1;
        if (gap > 0) {
            lost.addAndGet(gap);
            log.warn(
                    "hook '{}' lost {} records of session '{}': the journal keeps none before offset {}",
                    config.name(),
                    gap,
                    lane.session,
                    chunk.get(0).firstOffset());
            lane.limit = 0; // what failed is not kept any more
            move(lane, chunk.get(0).firstOffset() - 1); // counted once, also when the next delivery fails
        }
        List<HookEvent> events = new ArrayList<>();
        for (EventRecord record : chunk) {
            HookEvent event = filter.choose(record, lane.owner, lane.provider, trace(lane, record));
            if (event != null) {
                events.add(event);
            }
            boolean cut = record.offset() == lane.limit;
            if (!events.isEmpty() && (events.size() == batch || cut)) {
                if (!deliver(lane, List.copyOf(events), record.offset())) {
                    return;
                }
                events.clear();
            }
        }
        long last = chunk.get(chunk.size() - 1).offset();
        if (!events.isEmpty()) {
            if (deliver(lane, List.copyOf(events), last)) {
                goOn(lane, chunk.size());
            }
            return;
        }
        move(lane, last);
        goOn(lane, chunk.size());
    }

    /** That of the turn's own span, else the one that its prompt came with. */
    private @Nullable String trace(Lane lane, EventRecord record) {
        String asked = lane.trace(record);
        String own = record.turnId() == null ? null : traces.apply(record.turnId());
        return own == null ? asked : own;
    }

    void traces(Function<String, @Nullable String> known) {
        traces = known;
    }

    private List<EventRecord> read(Lane lane) {
        SessionLog open;
        lock.lock();
        try {
            open = lane.source().log();
        } finally {
            lock.unlock();
        }
        Journal journal = durable;
        if (open != null) {
            return open.read(lane.cursor, CHUNK);
        }
        return journal == null ? List.of() : journal.read(lane.session, lane.cursor, CHUNK);
    }

    private void goOn(Lane lane, int read) {
        lock.lock();
        try {
            plan.again(lane, read < CHUNK ? GATHER : 0, ticker.getAsLong());
            news.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Nothing is there to be read: the lane rests, goes on to what follows, or is over. */
    private void settle(Lane lane) {
        boolean more = false;
        lock.lock();
        try {
            if (lane.atEnd() || lane.dead) {
                lanes.remove(lane.session, lane);
                over.remove(lane);
                plan.rests();
            } else {
                lane.rest();
                plan.rests();
                more = lane.source().newest() > lane.cursor; // it may have come before the lane rested
            }
            moved.signalAll();
        } finally {
            lock.unlock();
        }
        if (more) {
            wake(lane);
        }
    }

    /** Whether the lane may go on after these events; otherwise the plan has it. */
    private boolean deliver(Lane lane, List<HookEvent> events, long upTo) {
        Delivery outcome = call(events);
        if (outcome instanceof EventHook.Done) {
            delivered.addAndGet(events.size());
            succeeded(lane, upTo);
            return true;
        }
        if (outcome instanceof EventHook.Gone gone) {
            disable(lane, gone.reason());
            return false;
        }
        if (outcome instanceof EventHook.Refused refused) {
            lastFailure = new Failure(refused.reason(), clock.instant());
            return putAside(lane, events, refused.reason(), upTo);
        }
        EventHook.Retry retry = (EventHook.Retry) outcome;
        boolean last;
        lock.lock();
        try {
            last = plan.exhausted(lane);
        } finally {
            lock.unlock();
        }
        if (last && !Thread.currentThread().isInterrupted()) {
            lastFailure = new Failure(retry.reason(), clock.instant());
            return putAside(lane, events, retry.reason(), upTo);
        }
        lane.limit = upTo;
        failed(lane, retry.reason(), retry.after());
        return false;
    }

    @SuppressWarnings("IllegalCatch") // foreign code; whatever it throws, the events stay
    private Delivery call(List<HookEvent> events) {
        try {
            return hook.deliver(events);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Delivery.retry("interrupted");
        } catch (Throwable e) {
            log.debug("hook '{}' threw", config.name(), e);
            return Delivery.retry(e.getClass().getName());
        }
    }

    private void succeeded(Lane lane, long upTo) {
        boolean recovered;
        lock.lock();
        try {
            plan.delivered(lane, ticker.getAsLong());
            recovered = complained && !plan.retrying();
            complained &= !recovered;
        } finally {
            lock.unlock();
        }
        move(lane, upTo);
        if (recovered) {
            log.info("hook '{}' delivers again", config.name());
        }
    }

    private void failed(Lane lane, String reason, @Nullable Duration asked) {
        boolean first;
        failedAttempts.incrementAndGet();
        lastFailure = new Failure(reason, clock.instant());
        lock.lock();
        try {
            long now = ticker.getAsLong();
            plan.failed(lane, asked == null ? 0 : asked.toNanos(), now);
            first = !complained && now - complainedAt >= LOG_INTERVAL;
            if (first) {
                complained = true;
                complainedAt = now;
            }
            news.signal();
            moved.signalAll();
        } finally {
            lock.unlock();
        }
        if (first) {
            log.warn("hook '{}' cannot deliver, and tries again: {}", config.name(), reason);
        }
    }

    /** Writes events to the file of those that could not be delivered. */
    private boolean putAside(Lane lane, List<HookEvent> events, String reason, long upTo) {
        try {
            long gone = files.deadLetters().put(events, reason, lane.failures + 1, clock.instant());
            if (gone > 0) {
                lost.addAndGet(gone);
                log.warn("hook '{}' drops {} events that were put aside: dead-letter-max-bytes", config.name(), gone);
            }
        } catch (IOException e) {
            failed(lane, "what cannot be delivered cannot be put aside either: " + e.getMessage(), null);
            return false;
        }
        deadLetters.addAndGet(events.size());
        log.warn("hook '{}' puts {} events aside: {}", config.name(), events.size(), reason);
        lock.lock();
        try {
            plan.gaveUp(lane, ticker.getAsLong());
        } finally {
            lock.unlock();
        }
        move(lane, upTo);
        return true;
    }

    private void disable(Lane lane, String reason) {
        log.warn("hook '{}' is disabled: {}", config.name(), reason);
        lastFailure = new Failure(reason, clock.instant());
        try {
            files.disable(reason);
        } catch (IOException e) {
            log.error("hook '{}' cannot remember that it is disabled", config.name(), e);
        }
        lock.lock();
        try {
            disabled = true;
            plan.again(lane, 0, ticker.getAsLong());
            news.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void move(Lane lane, long upTo) {
        lane.cursor = upTo;
        CursorFile kept = cursors;
        if (kept != null && !lane.dead) {
            try {
                kept.put(lane.session, upTo);
                forgetful = false;
            } catch (IOException e) {
                if (!forgetful) {
                    log.warn("hook '{}' cannot write how far it is; events may be delivered again", config.name(), e);
                }
                forgetful = true;
            }
        }
    }

    // ---- for operators

    /** The hook now. */
    HookStatus status() {
        long now = ticker.getAsLong();
        long behind = 0;
        long oldest = now;
        boolean retrying;
        lock.lock();
        try {
            for (Lane lane : lanes.values()) {
                long lag = lane.behind();
                behind += lag;
                if (lag > 0 && !lane.resting() && lane.waitingSinceNanos - oldest < 0) {
                    oldest = lane.waitingSinceNanos;
                }
            }
            retrying = plan.retrying();
        } finally {
            lock.unlock();
        }
        Failure failure = lastFailure;
        return new HookStatus(
                config.name(),
                config.type(),
                disabled ? HookStatus.State.DISABLED : retrying ? HookStatus.State.RETRYING : HookStatus.State.ACTIVE,
                behind,
                Duration.ofNanos(now - oldest),
                delivered.get(),
                failedAttempts.get(),
                deadLetters.get(),
                lost.get(),
                failure == null ? null : failure.reason(),
                failure == null ? null : failure.at());
    }

    /** Writes the status to a file, for who cannot ask; not more often than an operator looks. */
    private void tell(boolean always) {
        long now = ticker.getAsLong();
        long before = statusAt.get();
        if (always || now - before >= STATUS_INTERVAL && statusAt.compareAndSet(before, now)) {
            try {
                files.status(HookJson.bytes(StatusJson.map(status(), clock.instant())));
            } catch (IOException e) {
                log.debug("hook '{}' cannot write its status", config.name(), e);
            }
        }
    }

    // ---- the end

    /** Delivers what can be delivered within the limit; what cannot stays in the journal if that is durable. */
    @Override
    public void close() {
        long deadline = ticker.getAsLong() + drainLimit.toNanos();
        lock.lock();
        try {
            if (stopped) {
                return;
            }
            draining = true;
            plan.drain(ticker.getAsLong());
            news.signalAll();
        } finally {
            lock.unlock();
        }
        boolean ended = join(deadline);
        boolean hangs = !ended;
        lock.lock();
        try {
            stopped = true;
            news.signalAll();
        } finally {
            lock.unlock();
        }
        if (!ended) {
            workers.forEach(Thread::interrupt);
            hook.close(); // which may end a call that no interrupt ends
            ended = join(ticker.getAsLong() + LAST_CALL.toNanos());
        }
        if (!hangs) {
            hook.close();
        }
        tell(true);
        finish(ended);
    }

    /** @param ended whether no thread is left that could write */
    private void finish(boolean ended) {
        long left = status().lagRecords();
        if (left > 0) {
            log.warn("hook '{}' ends with {} records not delivered", config.name(), left);
        }
        if (!ended) {
            log.warn("hook '{}' does not come back from a call; its thread is left behind", config.name());
        }
        CursorFile kept = cursors;
        try {
            if (kept != null) {
                kept.close();
            }
        } catch (IOException e) {
            log.warn("hook '{}' could not close its files", config.name(), e);
        } finally {
            files.close();
        }
    }

    private boolean join(long deadline) {
        boolean all = true;
        for (Thread worker : workers) {
            try {
                long left = deadline - ticker.getAsLong();
                worker.join(Math.max(1, TimeUnit.NANOSECONDS.toMillis(left)));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            all &= !worker.isAlive();
        }
        return all;
    }
}
