package io.hotplex.core.internal.pool;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.JournalStats;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.ProcessState;
import io.hotplex.api.ProviderStatus;
import io.hotplex.api.RememberedApproval;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SubscriberStats;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.session.EngineParts;
import io.hotplex.core.internal.session.OwnedSession;
import io.hotplex.core.internal.session.Restored;
import io.hotplex.core.internal.session.SessionHandle;
import io.hotplex.core.internal.session.UsageLimits;
import io.hotplex.core.internal.spi.Providers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine: knows the sessions, sweeps idle processes, closes everything in order.
 *
 * <p>Thread-safe. One lock guards the table of sessions; nothing is called under it but {@link Journal#open}, so that
 * two who open one session get one log. Order of locks: this one, then none of ours; sessions and {@link ProcessSlots}
 * are called without it.
 */
public final class PooledEngine implements Engine {
    private static final Logger log = LoggerFactory.getLogger(PooledEngine.class);

    /** A cold agent on a slow disk tells its version within this. */
    private static final Duration PROBE_LIMIT = Duration.ofSeconds(20);

    /** Outdated sessions that one sweep deletes: each takes the journal some milliseconds. */
    private static final int DELETED_AT_ONCE = 100;

    private final EngineParts parts;
    private final Providers providers;
    private final Journal journal;
    private final Sleepers sleepers;
    private final WorkDirs workDirs;
    private final ProcessSlots slots;
    private final Runnable onClosed;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final SessionHandle.Waker waker = new Waker();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, SessionHandle> sessions = new HashMap<>();

    @GuardedBy("lock")
    private final Map<String, Integer> erasing = new HashMap<>();

    @GuardedBy("lock")
    private boolean closing;

    /** @param onClosed ends the threads that belong to the engine */
    public PooledEngine(EngineParts parts, Providers providers, Journal journal, Runnable onClosed) {
        EngineConfig config = parts.config();
        this.parts = parts;
        this.providers = providers;
        this.journal = journal;
        this.onClosed = onClosed;
        sleepers = new Sleepers(journal, parts);
        workDirs = new WorkDirs(config.get(EngineConfig.WORK_DIR_ROOTS));
        slots = new ProcessSlots(
                config.get(EngineConfig.MAX_PROCESSES),
                config.get(EngineConfig.MAX_STARTING_PROCESSES),
                config.get(EngineConfig.ADMISSION_TIMEOUT),
                parts.timer(),
                this::pool,
                new Evictions(
                        () -> all().stream()
                                .<Evictions.Candidate>map(Evictable::new)
                                .toList(),
                        parts.ticker()));
    }

    /** Takes over what earlier engines left, and begins to sweep idle processes. Called once. */
    public void start() {
        List<String> withWork = sleepers.recover();
        parts.readers().start(journal);
        withWork.forEach(this::wakeToWork);
        long idle = parts.config().get(EngineConfig.IDLE_TIMEOUT).toNanos();
        long interval = Math.max(TimeUnit.MILLISECONDS.toNanos(10), Math.min(idle / 4, TimeUnit.SECONDS.toNanos(30)));
        var unused = parts.timer().scheduleWithFixedDelay(this::sweep, interval, interval, TimeUnit.NANOSECONDS);
    }

    @Override
    public Session open(SessionSpec spec) {
        String name = spec.provider() == null ? providers.defaultName() : spec.provider();
        AgentProvider provider = providers.get(name);
        SessionSpec checked = spec.toBuilder()
                .provider(name)
                .workDir(workDirs.check(spec.workDir()))
                .confinement(
                        spec.confinement() != null
                                ? spec.confinement()
                                : parts.config().confinement())
                .limits(spec.limits() != null ? spec.limits() : parts.config().limits())
                .build();
        provider.check(checked);
        return opened(checked, spec, provider, false);
    }

    /** When guards are required, no agent may run tools that they never hear of. */
    private void checkGuarded(AgentProvider provider) {
        if (parts.config().get(EngineConfig.GUARD).equals("required")
                && !provider.capabilities().contains(Capability.TOOL_GUARD)) {
            throw new HotPlexException(
                    ErrorCode.NOT_SUPPORTED,
                    "guard: required, but the agent of provider '" + provider.name()
                            + "' does not tell of all its tool calls: use another, or guard=on");
        }
    }

    /**
     * @param asked the specification before defaults of the configuration were filled in
     * @param obliged whether it has to be, whatever there is besides
     */
    private SessionHandle opened(SessionSpec spec, SessionSpec asked, AgentProvider provider, boolean obliged) {
        checkGuarded(provider); // also of a session that sleeps: the setting may be newer
        while (true) {
            boolean slept = sleepers.knows(spec.id());
            Restored earlier = sleepers.load(spec.id());
            boolean same = earlier != null && alike(earlier.state().spec(), spec, asked);
            SessionHandle handle;
            lock.lock();
            try {
                SessionHandle known = sessions.get(spec.id());
                if (known != null) {
                    return same(known, spec);
                }
                if (erasing.containsKey(spec.id())) { // what is written to it now would be gone with it
                    throw new HotPlexException(
                            ErrorCode.SESSION_CONFLICT,
                            "session '" + spec.id() + "' is being deleted: try again in a moment");
                }
                if (slept != sleepers.knows(spec.id())) {
                    continue; // woken and closed in the meantime, so what was read is history
                }
                if (slept && !same) {
                    throw conflict(spec.id());
                }
                checkLimits(spec.owner(), obliged);
                OwnedSession session =
                        new OwnedSession(spec, provider, parts, slots, journal, same ? earlier : null, this::forget);
                SessionHandle held = slept ? sleepers.held(spec.id()) : null;
                handle = held != null ? held : new SessionHandle(session, waker);
                handle.woken(session);
                sessions.put(spec.id(), handle);
                sleepers.woken(spec.id());
            } finally {
                lock.unlock();
            }
            parts.listener().onSessionOpened(spec.id(), provider.name());
            handle.current().takeOver();
            return handle;
        }
    }

    /** Whether specifications are the same but for defaults, which may have changed since the first was accepted. */
    private static boolean alike(SessionSpec earlier, SessionSpec now, SessionSpec asked) {
        SessionSpec.Builder comparable = now.toBuilder();
        if (asked.confinement() == null) {
            comparable.confinement(earlier.confinement());
        }
        if (asked.limits() == null) {
            comparable.limits(earlier.limits());
        }
        return comparable.build().equals(earlier);
    }

    /** Wakes a session because prompts wait in it; when that cannot be, they end. */
    private void wakeToWork(String id) {
        try {
            wake(id, true);
        } catch (HotPlexException e) {
            log.warn("session '{}' cannot be served any more: {}", id, e.code());
            sleepers.failWaiting(id, e);
        }
    }

    private Optional<SessionHandle> wake(String id, boolean obliged) {
        Restored earlier = sleepers.load(id);
        if (earlier == null || earlier.state().closed()) {
            return awake(id);
        }
        SessionSpec spec = earlier.state().spec();
        workDirs.check(spec.workDir());
        return Optional.of(opened(spec, spec, providers.get(String.valueOf(spec.provider())), obliged));
    }

    private Optional<SessionHandle> awake(String id) {
        lock.lock();
        try {
            return Optional.ofNullable(sessions.get(id));
        } finally {
            lock.unlock();
        }
    }

    private static SessionHandle same(SessionHandle known, SessionSpec spec) {
        if (!known.spec().equals(spec)) {
            throw conflict(spec.id());
        }
        return known;
    }

    private static HotPlexException conflict(String id) {
        return new HotPlexException(
                ErrorCode.SESSION_CONFLICT,
                "session '" + id + "' is open with another specification: close it or use another id");
    }

    @GuardedBy("lock")
    private void checkLimits(String owner, boolean obliged) {
        if (closing) {
            throw new HotPlexException(ErrorCode.ENGINE_CLOSED, "the engine is closed");
        }
        if (obliged) {
            return;
        }
        int all = parts.config().get(EngineConfig.MAX_SESSIONS);
        int perOwner = parts.config().get(EngineConfig.MAX_SESSIONS_PER_OWNER);
        if (sessions.size() >= all) {
            throw new HotPlexException(ErrorCode.SESSION_LIMIT, all + " sessions are open (max-sessions): close some");
        }
        long owned = sessions.values().stream()
                .filter(s -> s.spec().owner().equals(owner))
                .count();
        if (owned >= perOwner) {
            throw new HotPlexException(
                    ErrorCode.SESSION_LIMIT,
                    perOwner + " sessions of one owner are open (max-sessions-per-owner): close some");
        }
    }

    private void forget(OwnedSession session) {
        lock.lock();
        try {
            SessionHandle handle = sessions.get(session.id());
            if (handle != null && handle.current() == session) {
                sessions.remove(session.id());
                if (session.asleep()) {
                    sleepers.fellAsleep(session.info(), handle);
                }
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Optional<Session> session(String id) {
        return find(id).map(handle -> handle);
    }

    private Optional<SessionHandle> find(String id) {
        Optional<SessionHandle> session = awake(id);
        if (session.isPresent()) {
            return session;
        }
        return sleepers.knows(id) ? wake(id, false) : awake(id); // it may have been woken between the two looks
    }

    @Override
    public Optional<SessionInfo> info(String id) {
        SessionHandle open;
        SessionInfo asleep;
        lock.lock();
        try { // one look at both: who is woken is never in neither
            open = sessions.get(id);
            asleep = sleepers.info(id);
        } finally {
            lock.unlock();
        }
        return open != null ? Optional.of(open.current().info()) : Optional.ofNullable(asleep);
    }

    @Override
    public CompletionStage<Void> delete(String id) {
        CompletableFuture<Void> deleted = new CompletableFuture<>();
        Optional<SessionHandle> open = awake(id);
        boolean known = open.isPresent() || sleepers.knows(id);
        erasing(id, 1);
        CompletionStage<Void> closing = open.isPresent() ? open.get().close() : CompletableFuture.completedStage(null);
        var unused = closing.whenCompleteAsync((done, failure) -> erase(id, known, deleted), parts.executor());
        return deleted.minimalCompletionStage();
    }

    @SuppressWarnings("IllegalCatch") // a journal is foreign code, and somebody waits
    private void erase(String id, boolean known, CompletableFuture<Void> deleted) {
        try {
            boolean erased;
            try {
                parts.readers().deleting(id);
                sleepers.woken(id);
                erased = journal.delete(id);
                parts.readers().deleted(id);
            } finally {
                erasing(id, -1);
            }
            if (erased || known) {
                deleted.complete(null);
            } else {
                deleted.completeExceptionally(
                        new HotPlexException(ErrorCode.SESSION_NOT_FOUND, "no session has the id '" + id + "'"));
            }
        } catch (Throwable e) {
            deleted.completeExceptionally(e);
        }
    }

    /** Counts who deletes a session: as long as somebody does, it cannot be opened. */
    private void erasing(String id, int more) {
        lock.lock();
        try {
            erasing.merge(id, more, (a, b) -> a + b == 0 ? null : a + b);
        } finally {
            lock.unlock();
        }
    }

    private List<OwnedSession> all() {
        lock.lock();
        try {
            return new ArrayList<>(
                    sessions.values().stream().map(SessionHandle::current).toList());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public List<SessionInfo> sessions() {
        List<SessionInfo> infos;
        List<OwnedSession> open;
        lock.lock();
        try { // one look at both: who wakes or falls asleep is there once
            infos = new ArrayList<>(sleepers.infos());
            open = all();
        } finally {
            lock.unlock();
        }
        open.forEach(session -> infos.add(session.info()));
        return infos;
    }

    @Override
    public List<String> providers() {
        return providers.names();
    }

    @Override
    public CompletionStage<ProviderStatus> probe(@Nullable String name) {
        AgentProvider provider = providers.get(name == null ? providers.defaultName() : name);
        return CompletableFuture.supplyAsync(
                () -> {
                    ProviderProbe found = provider.probe(parts.launcher(), PROBE_LIMIT);
                    return new ProviderStatus(provider.name(), found.available(), found.version(), found.detail());
                },
                parts.executor());
    }

    @Override
    public void checkJournal() {
        journal.probe();
    }

    @Override
    public List<RememberedApproval> rememberedApprovals(String owner) {
        return parts.approvals().list(owner);
    }

    @Override
    public boolean forgetApproval(String owner, String id) {
        return parts.approvals().forget(owner, id);
    }

    @Override
    public PoolSnapshot pool() {
        List<OwnedSession> all = all();
        ProcessSlots.Counts counts = slots.counts();
        int busy = count(all, ProcessState.BUSY);
        int idle = count(all, ProcessState.READY);
        return new PoolSnapshot(
                all.size(),
                counts.processes(),
                counts.starting(),
                busy,
                idle,
                counts.waiting(),
                parts.config().get(EngineConfig.MAX_PROCESSES));
    }

    @Override
    public SubscriberStats subscribers() {
        return parts.followers().stats();
    }

    @Override
    public JournalStats journal() {
        return journal.stats();
    }

    private static int count(List<OwnedSession> all, ProcessState state) {
        return (int) all.stream().filter(s -> s.state() == state).count();
    }

    /** For those who hold a session that slept. */
    private final class Waker implements SessionHandle.Waker {
        @Override
        public OwnedSession wake(String id) {
            return find(id).orElseThrow(() -> new HotPlexException(
                            ErrorCode.SESSION_CLOSED, "session '" + id + "' was closed or deleted meanwhile"))
                    .current();
        }

        @Override
        public Optional<SessionInfo> info(String id) {
            return PooledEngine.this.info(id);
        }
    }

    /** A session whose process another session may need more. */
    private record Evictable(OwnedSession session) implements Evictions.Candidate {
        @Override
        public ProcessState state() {
            return session.state();
        }

        @Override
        public long idleNanos() {
            return session.idleNanos();
        }

        @Override
        public void evict() {
            session.hibernate("evicted: another session needs a process", Duration.ZERO);
        }
    }

    @SuppressWarnings("IllegalCatch") // a throw would end the sweeps for ever
    private void sweep() {
        try {
            Duration limit = parts.config().get(EngineConfig.IDLE_TIMEOUT);
            UsageLimits usage = UsageLimits.of(parts.config());
            List<OwnedSession> ready = new ArrayList<>();
            for (OwnedSession session : all()) {
                if (session.idleNanos() >= limit.toNanos()) {
                    session.hibernate("idle", limit);
                } else if (journal.durable() && session.state() == ProcessState.NONE) {
                    session.sleep(limit);
                } else if (usage.any() && session.state() == ProcessState.READY) {
                    ready.add(session);
                }
            }
            recycleAbove(usage, ready.iterator());
            forgetOutdated();
        } catch (RuntimeException e) {
            log.error("the idle sweep failed", e);
        }
    }

    /** Deletes sessions that nobody has used for so long that a durable journal need not keep them. */
    private void forgetOutdated() {
        Instant before = parts.clock().instant().minus(parts.config().get(EngineConfig.JOURNAL_KEEP));
        for (String id :
                sleepers.outdated(before, parts.config().get(EngineConfig.JOURNAL_KEEP_SESSIONS), DELETED_AT_ONCE)) {
            if (fallsAway(id)) {
                CompletableFuture<Void> deleted = new CompletableFuture<>();
                parts.executor().execute(() -> erase(id, true, deleted));
                var unused = deleted.whenComplete((done, failure) -> {
                    if (failure != null) { // somebody was faster and uses it, or the journal cannot write
                        log.debug("an outdated session stays", failure);
                    }
                });
            }
        }
    }

    private boolean fallsAway(String id) {
        lock.lock();
        try {
            boolean asleep = sleepers.knows(id) && !sessions.containsKey(id) && !closing;
            if (asleep) {
                sleepers.woken(id);
                erasing.merge(id, 1, Integer::sum); // until it is erased
            }
            return asleep;
        } finally {
            lock.unlock();
        }
    }

    /**
     * One after the other: a launcher may look at all processes of the machine for each, or once for those in a row.
     */
    private void recycleAbove(UsageLimits usage, Iterator<OwnedSession> ready) {
        if (ready.hasNext()) {
            var unused = ready.next().recycleAbove(usage).thenRun(() -> recycleAbove(usage, ready));
        }
    }

    @Override
    public void close() {
        boolean first = beginClose();
        Duration limit = parts.config().get(EngineConfig.SHUTDOWN_TIMEOUT);
        if (first) {
            try {
                List<OwnedSession> open = all();
                await(
                        CompletableFuture.allOf(open.stream()
                                .map(s -> end(s).toCompletableFuture())
                                .toArray(CompletableFuture[]::new)),
                        limit);
                providers.close();
                parts.launcher().close();
                all().forEach(s -> s.abandon("engine closed"));
                parts.readers().close();
                journal.close();
            } finally {
                onClosed.run();
                closed.complete(null);
            }
        } else {
            await(closed, limit.multipliedBy(2));
        }
    }

    private CompletionStage<Void> end(OwnedSession session) {
        return journal.durable() ? session.suspend("engine closed") : session.closeFor("engine closed");
    }

    private boolean beginClose() {
        lock.lock();
        try {
            boolean first = !closing;
            closing = true;
            return first;
        } finally {
            lock.unlock();
        }
    }

    private static @Nullable Void await(CompletableFuture<Void> done, Duration limit) {
        try {
            return done.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            log.warn("closing took longer than {}; what runs is killed", limit);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new CompletionException(e);
        }
        return null;
    }
}
