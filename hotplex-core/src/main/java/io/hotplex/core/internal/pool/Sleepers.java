package io.hotplex.core.internal.pool;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessState;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.api.spi.StoredTurn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.event.StateFold;
import io.hotplex.core.internal.session.EngineParts;
import io.hotplex.core.internal.session.Restored;
import io.hotplex.core.internal.session.SessionHandle;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions that a durable journal keeps and that nobody asks for: a line of information each, everything else is in
 * the journal.
 *
 * <p>Thread-safe. {@link #recover} runs once, before anybody else calls.
 */
final class Sleepers {
    private static final Logger log = LoggerFactory.getLogger(Sleepers.class);

    /** Records that are read at once. */
    private static final int BATCH = 256;

    private final Journal journal;
    private final EngineParts parts;
    private final ConcurrentMap<String, Asleep> asleep = new ConcurrentHashMap<>();

    /** @param held what users hold of it, if it fell asleep in this engine and somebody still holds it */
    private record Asleep(SessionInfo info, @Nullable WeakReference<SessionHandle> held) {
        Instant lastActivity() {
            return info.lastActivity();
        }
    }

    Sleepers(Journal journal, EngineParts parts) {
        this.journal = journal;
        this.parts = parts;
    }

    /**
     * Learns what there is, and writes down what became of it when the last engine ended: turns that ran have failed,
     * questions are moot, processes are gone.
     *
     * @return the sessions in which prompts or permission requests wait
     */
    List<String> recover() {
        List<String> withWork = new ArrayList<>();
        for (StoredSession stored : journal.sessions()) {
            try {
                StoredSession now = unfinished(stored) ? recovered(stored) : stored;
                if (!now.state().closed()) {
                    asleep.put(now.id(), new Asleep(info(now), null));
                    if (now.openTurns() > 0 || !now.state().pendingRequests().isEmpty()) {
                        withWork.add(now.id());
                    }
                }
            } catch (HotPlexException e) { // one session must not keep the others
                log.error("session '{}' cannot be taken over", stored.id(), e);
            }
        }
        return withWork;
    }

    private static boolean unfinished(StoredSession stored) {
        return stored.openTurns() > 0
                || stored.state().pid() != null
                || !stored.state().pendingRequests().isEmpty()
                || stored.newest() > stored.state().offset();
    }

    private StoredSession recovered(StoredSession stored) {
        List<StoredTurn> open = journal.turns(stored.id()).stream()
                .filter(turn -> turn.result() == null)
                .toList();
        boolean runQueued =
                parts.config().get(EngineConfig.QUEUED_TURNS_AFTER_RESTART).equals("run")
                        && !stored.state().closed();
        int waiting = 0;
        try (SessionLog sessionLog = journal.open(stored.id())) {
            Recovery recovery = new Recovery(sessionLog, fold(stored, sessionLog));
            recovery.requestsAreLeft(stored.state().closed());
            recovery.processIsGone();
            for (StoredTurn turn : open) {
                if (runQueued && turn.waits()) {
                    waiting++;
                } else {
                    recovery.end(turn.turnId(), lost(turn));
                }
            }
            SessionState state = recovery.state();
            sessionLog.save(state);
            log.info(
                    "session '{}' was left unfinished: {} turns ended, {} wait, {} requests wait",
                    stored.id(),
                    open.size() - waiting,
                    waiting,
                    state.pendingRequests().size());
            return new StoredSession(state, stored.oldest(), state.offset(), waiting);
        }
    }

    private static StateFold fold(StoredSession stored, SessionLog sessionLog) {
        StateFold fold = new StateFold(stored.state());
        long after = stored.state().offset();
        List<EventRecord> batch = sessionLog.read(after, BATCH);
        while (!batch.isEmpty()) {
            batch.forEach(fold::fold);
            after = batch.get(batch.size() - 1).offset();
            batch = sessionLog.read(after, BATCH);
        }
        return fold;
    }

    private static AgentEvent.Terminal lost(StoredTurn turn) {
        if (turn.waits()) {
            return new AgentEvent.TurnCancelled(
                    "the engine ended while it waited", TokenUsage.ZERO, null, Duration.ZERO);
        }
        return new AgentEvent.TurnFailed(
                ErrorCode.ENGINE_RESTARTED,
                "the engine ended while the turn ran; send the prompt again: the conversation is resumed",
                ErrorCode.ENGINE_RESTARTED.retryable(),
                TokenUsage.ZERO,
                null,
                Duration.ZERO);
    }

    /** Appends what nobody wrote when the last engine ended. Confined to {@link #recover}'s thread. */
    private final class Recovery {
        private final SessionLog sessionLog;
        private final StateFold fold;

        Recovery(SessionLog sessionLog, StateFold fold) {
            this.sessionLog = sessionLog;
            this.fold = fold;
        }

        /** What nobody can answer any more ends; the rest waits on. */
        void requestsAreLeft(boolean all) {
            Instant now = parts.clock().instant();
            for (AgentEvent request : fold.pendingRequests()) {
                Instant until = Restored.answerableUntil(request).orElse(null);
                if (request instanceof AgentEvent.QuestionAsked question) {
                    append(null, new AgentEvent.QuestionAnswered(question.requestId(), Map.of(), "engine"));
                } else if (until == null || all) {
                    resolved(request, Resolution.WITHDRAWN, "the engine ended while it waited, and with it the call");
                } else if (!until.isAfter(now)) {
                    resolved(request, Resolution.EXPIRED, "nobody answered in time; the engine had ended meanwhile");
                }
            }
        }

        private void resolved(AgentEvent request, Resolution how, String why) {
            String id = ((AgentEvent.PermissionRequested) request).requestId();
            append(null, new AgentEvent.PermissionResolved(id, how, "engine", why));
        }

        void processIsGone() {
            Long pid = fold.pid();
            if (pid != null) {
                append(
                        null,
                        new AgentEvent.ProcessExited(
                                fold.generation(),
                                pid,
                                null,
                                null,
                                false,
                                "the engine that ran it ended",
                                0,
                                0,
                                null,
                                false));
            }
        }

        void end(String turnId, AgentEvent.Terminal event) {
            append(turnId, event);
        }

        private void append(@Nullable String turnId, AgentEvent event) {
            fold.fold(sessionLog.append(turnId, parts.clock().instant(), event));
        }

        SessionState state() {
            return fold.state();
        }
    }

    /** Ends the prompts that wait in a session that cannot be served any more. */
    void failWaiting(String id, HotPlexException why) {
        journal.session(id).ifPresent(stored -> {
            try (SessionLog sessionLog = journal.open(id)) {
                Recovery recovery = new Recovery(sessionLog, fold(stored, sessionLog));
                recovery.requestsAreLeft(true);
                for (StoredTurn turn : journal.turns(id)) {
                    if (turn.result() == null) {
                        recovery.end(
                                turn.turnId(),
                                new AgentEvent.TurnFailed(
                                        why.code(),
                                        String.valueOf(why.getMessage()),
                                        why.retryable(),
                                        TokenUsage.ZERO,
                                        null,
                                        Duration.ZERO));
                    }
                }
                SessionState ended = recovery.state();
                sessionLog.save(ended);
                SessionInfo now = info(new StoredSession(ended, stored.oldest(), ended.offset(), 0));
                asleep.computeIfPresent(id, (same, before) -> new Asleep(now, before.held));
                parts.readers().readable(id, ended.offset());
            }
        });
    }

    /** What the journal keeps of a session, or {@code null} for one that it does not know. */
    @Nullable
    Restored load(String id) {
        if (!journal.durable()) {
            return null;
        }
        return journal.session(id)
                .map(stored -> new Restored(stored.state(), journal.turns(id)))
                .orElse(null);
    }

    /** What is known of a session that sleeps, or {@code null} when none does. */
    @Nullable
    SessionInfo info(String id) {
        Asleep known = asleep.get(id);
        return known == null ? null : known.info;
    }

    /** What users hold of a session that sleeps, or {@code null} when nobody does. */
    @Nullable
    SessionHandle held(String id) {
        Asleep known = asleep.get(id);
        return known == null || known.held == null ? null : known.held.get();
    }

    boolean knows(String id) {
        return asleep.containsKey(id);
    }

    /** Those that have been unused for too long, and the longest unused of those that are too many; some of them. */
    List<String> outdated(Instant before, int keep, int some) {
        int tooMany = asleep.size() - keep;
        if (tooMany <= 0
                && asleep.values().stream()
                        .noneMatch(session -> session.lastActivity().isBefore(before))) {
            return List.of();
        }
        List<Asleep> oldest = asleep.values().stream()
                .filter(session -> session.info.queuedTurns() == 0)
                .sorted(Comparator.comparing(Asleep::lastActivity))
                .limit(some)
                .toList();
        List<String> ids = new ArrayList<>();
        for (Asleep session : oldest) {
            if (ids.size() < tooMany || session.lastActivity().isBefore(before)) {
                ids.add(session.info.id());
            }
        }
        return ids;
    }

    /** Nobody asked for it any more. */
    void fellAsleep(SessionInfo info, SessionHandle held) {
        asleep.put(info.id(), new Asleep(info, new WeakReference<>(held)));
    }

    /** Somebody asked for it, or it is being deleted. */
    void woken(String id) {
        asleep.remove(id);
    }

    List<SessionInfo> infos() {
        return asleep.values().stream().map(Asleep::info).toList();
    }

    private static SessionInfo info(StoredSession stored) {
        SessionState state = stored.state();
        Instant active = state.lastActivity();
        return new SessionInfo(
                stored.id(),
                state.spec().owner(),
                String.valueOf(state.spec().provider()),
                state.agentSessionId(),
                ProcessState.NONE,
                null,
                state.generation(),
                null,
                stored.openTurns(),
                stored.newest(),
                active,
                false,
                stored.oldest(),
                true,
                state.spec().workDir(),
                state.stats().title(),
                state.current().model(),
                state.stats().usage(),
                state.stats().costUsd());
    }
}
