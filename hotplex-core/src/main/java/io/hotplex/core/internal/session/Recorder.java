package io.hotplex.core.internal.session;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.LogListener;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.event.JournalSubscription;
import io.hotplex.core.internal.event.StatsFold;
import io.hotplex.core.internal.redact.Redaction;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one place where events enter the journal: appends and counts; and tells those who wait for what is safe.
 * {@link #append}, {@link #save} and {@link #close} belong to the session's owner; the rest is thread-safe.
 */
final class Recorder implements LogListener {
    /** What of a prompt that waits is shown; more would keep the owner, since every character is looked at. */
    static final int PREVIEW_CHARS = 4_096;

    private final EngineParts parts;
    private final String sessionId;
    private final boolean durable;
    private final SessionLog log;
    private final StatsFold stats;
    private final @Nullable Redaction redaction;
    private final Runnable onRelief;
    private final Runnable onLost;
    private final List<JournalSubscription> subscriptions = new CopyOnWriteArrayList<>();
    private final ReentrantLock lock = new ReentrantLock();

    /** In the order of their offsets. */
    @GuardedBy("lock")
    private final Queue<Waiting> waiting = new ArrayDeque<>();

    private volatile boolean closed;
    /** Closed, and readers see all of it. */
    private volatile boolean complete;
    /** Whether the owner is there to hear of anything. */
    private volatile boolean announced;
    /** Set once: why readers will see no more. */
    private volatile @Nullable HotPlexException lost;

    private long last;
    private @Nullable SessionState saved;

    /**
     * What is done when readers see an offset.
     *
     * @param otherwise what is done when they never will
     */
    private record Waiting(long offset, Runnable task, Consumer<HotPlexException> otherwise) {}

    /**
     * @param onRelief the journal takes more again; any thread
     * @param onLost another engine has the journal; any thread, perhaps twice
     */
    Recorder(
            EngineParts parts, Journal journal, StatsFold stats, String sessionId, Runnable onRelief, Runnable onLost) {
        this.parts = parts;
        this.sessionId = sessionId;
        this.stats = stats;
        this.redaction = parts.config().get(EngineConfig.REDACT_SECRETS) ? new Redaction(parts.secrets()) : null;
        this.onRelief = onRelief;
        this.onLost = onLost;
        durable = journal.durable();
        log = journal.open(sessionId, this);
        last = log.newest();
    }

    /** Lets the engine's readers in. Called once, when the session is known. */
    void announce(SessionSpec spec) {
        announced = true;
        HotPlexException why = lost;
        if (why != null) {
            tell(why); // lost before it was announced
        }
        parts.readers().opened(spec, log);
        if (complete) {
            parts.readers().completed(sessionId); // closed before it was announced
        }
    }

    /** Its process has these variables, of which the values of some are secret. */
    void learn(Map<String, String> environment) {
        if (redaction != null) {
            redaction.learn(environment);
            parts.logs().learnOfAgent(environment);
        }
    }

    /** The event as it may be shown; {@code null} when its text waits for what follows. */
    private @Nullable AgentEvent shown(AgentEvent event) {
        if (redaction == null) {
            return event;
        }
        AgentEvent shown = redaction.of(event);
        int taken = redaction.taken();
        if (taken > 0) {
            parts.listener().onRedacted(sessionId, taken);
        }
        return shown;
    }

    /** A request as people may see it. */
    AgentEvent redacted(AgentEvent request) {
        return Objects.requireNonNull(shown(request), "only pieces of text wait");
    }

    /**
     * How a prompt begins, as people may see it before it is in the journal, where what is taken out of it counts. All
     * of it when it is short.
     */
    String preview(String prompt) {
        boolean all = prompt.length() <= PREVIEW_CHARS;
        int end =
                all || !Character.isHighSurrogate(prompt.charAt(PREVIEW_CHARS - 1)) ? PREVIEW_CHARS : PREVIEW_CHARS - 1;
        String head = all ? prompt : prompt.substring(0, end);
        return redaction == null ? head : redaction.preview(head, all);
    }

    /** Appends what the agent says; a piece of text may wait for the next. */
    void note(@Nullable String turnId, AgentEvent event) {
        AgentEvent shown = shown(event);
        if (shown != null) {
            write(turnId, shown);
        }
    }

    /** Appends an event that is no piece of text. */
    EventRecord append(@Nullable String turnId, AgentEvent event) {
        return write(turnId, Objects.requireNonNull(shown(event), "only pieces of text wait"));
    }

    private EventRecord write(@Nullable String turnId, AgentEvent event) {
        EventRecord record = log.append(turnId, parts.clock().instant(), event);
        last = record.offset();
        stats.fold(record);
        return record;
    }

    /** Keeps the state for a later engine, when there can be one and something changed. */
    void save(Supplier<SessionState> state) {
        if (durable && !closed) {
            SessionState next = state.get();
            if (saved == null || changed(saved, next)) {
                saved = next;
                log.save(next);
            }
        }
    }

    /** Whether something differs that does not follow from the events since. */
    private static boolean changed(SessionState a, SessionState b) {
        return !a.current().equals(b.current())
                || !a.stats().equals(b.stats())
                || !a.agentSessionId().equals(b.agentSessionId())
                || a.established() != b.established()
                || a.generation() != b.generation()
                || !Objects.equals(a.pid(), b.pid())
                || !Objects.equals(a.process(), b.process())
                || !a.pendingRequests().equals(b.pendingRequests())
                || a.closed() != b.closed();
    }

    /** @throws HotPlexException JOURNAL_UNAVAILABLE */
    void accept(OpenTurn turn) {
        log.accept(
                StoredTurn.accepted(turn.id(), turn.prompt, parts.clock().instant()),
                durable ? () -> told(turn) : turn::safe); // nobody can wait for a turn that is not returned yet
    }

    /** Whoever waits for the acceptance must not keep the journal's thread. */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code
    private void told(OpenTurn turn) {
        try {
            parts.executor().execute(turn::safe);
        } catch (Throwable e) {
            turn.safe();
        }
    }

    boolean durable() {
        return durable;
    }

    boolean backlogged() {
        return log.backlogged();
    }

    @Override
    public void readable(long newest) {
        for (JournalSubscription subscription : subscriptions) {
            subscription.wake();
        }
        parts.readers().readable(sessionId, newest);
        runWaiting(newest);
    }

    @Override
    public void relieved() {
        onRelief.run();
    }

    /** May come while the log is being opened: then there is nobody to tell, and no log to look at. */
    @Override
    public void lost() {
        HotPlexException why = new HotPlexException(
                ErrorCode.STATE_IN_USE,
                "another engine took the journal over, and goes on with session '" + sessionId + "': ask that one");
        lost = why;
        if (announced) {
            tell(why);
        }
    }

    private void tell(HotPlexException why) {
        for (JournalSubscription subscription : subscriptions) {
            subscription.logLost(why);
        }
        giveUpWaiting(why);
        onLost.run();
    }

    /** Why nothing more is kept, or {@code null} while it is. */
    @Nullable
    HotPlexException lostFor() {
        return lost;
    }

    /**
     * Runs a task when readers see an offset, at once if they do. Called with growing offsets, by the owner.
     *
     * @param otherwise runs in its place when they never will
     */
    void whenReadable(long offset, Runnable task, Consumer<HotPlexException> otherwise) {
        lock.lock();
        try {
            waiting.add(new Waiting(offset, task, otherwise));
        } finally {
            lock.unlock();
        }
        runWaiting(log.newest());
        HotPlexException why = lost;
        if (why != null) {
            giveUpWaiting(why);
        }
    }

    private void giveUpWaiting(HotPlexException why) {
        runWaiting(log.newest());
        Waiting next = takeWaiting(Long.MAX_VALUE);
        while (next != null) {
            next.otherwise.accept(why);
            next = takeWaiting(Long.MAX_VALUE);
        }
    }

    private void runWaiting(long newest) {
        Waiting next = takeWaiting(newest);
        while (next != null) {
            next.task.run();
            next = takeWaiting(newest);
        }
    }

    private @Nullable Waiting takeWaiting(long newest) {
        lock.lock();
        try {
            Waiting first = waiting.peek();
            return first != null && first.offset <= newest ? waiting.remove() : null;
        } finally {
            lock.unlock();
        }
    }

    /** The last word; subscriptions end when they delivered it. */
    void close(SessionState state) {
        closed = true;
        log.save(state);
        log.close();
        whenReadable(
                last,
                () -> {
                    complete = true;
                    subscriptions.forEach(JournalSubscription::logClosed);
                    parts.readers().completed(sessionId);
                },
                why -> {}); // subscriptions have heard of it
    }

    /** Whether somebody reads along. */
    boolean followed() {
        return !subscriptions.isEmpty();
    }

    boolean closed() {
        return closed;
    }

    long oldest() {
        return log.oldest();
    }

    /** The newest offset that readers see. */
    long newest() {
        return log.newest();
    }

    /** The newest offset that was appended. Owner. */
    long last() {
        return last;
    }

    SessionStats stats() {
        return stats.snapshot();
    }

    Subscription subscribe(long after, Subscriber subscriber) {
        if (after < 0 || after > log.newest()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "after: " + after + " (expected: 0 to " + log.newest() + ")");
        }
        JournalSubscription subscription =
                new JournalSubscription(log, after, subscriber, parts.followers(), subscriptions::remove);
        subscriber.onSubscribe(subscription);
        subscriptions.add(subscription);
        subscription.begin();
        HotPlexException why = lost;
        if (why != null) {
            subscription.logLost(why);
        } else if (complete) {
            subscription.logClosed(); // it may have come too late to be told by close()
        }
        subscription.wake();
        return subscription;
    }
}
