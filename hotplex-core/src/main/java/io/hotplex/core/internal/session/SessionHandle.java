package io.hotplex.core.internal.session;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Approver;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSnapshot;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.api.Turn;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * What users hold of a session. A session may fall asleep while they hold it: then the next call wakes it, which may
 * block on the journal, and from then on the handle stands for what woke. So there is one handle of a session as long
 * as somebody holds it. Thread-safe; {@code current} is set by the engine.
 */
public final class SessionHandle implements Session {
    private final Waker waker;
    private volatile OwnedSession current;

    /** Finds sessions that slept. */
    public interface Waker {
        /**
         * The session as it is awake now, woken if need be.
         *
         * @throws io.hotplex.api.HotPlexException SESSION_CLOSED when it was closed or deleted meanwhile, or what keeps
         *     it from being served
         */
        OwnedSession wake(String sessionId);

        /** What is known of it without waking it. */
        Optional<SessionInfo> info(String sessionId);
    }

    public SessionHandle(OwnedSession session, Waker waker) {
        this.current = session;
        this.waker = waker;
    }

    /** The session that it stands for, be it asleep. */
    public OwnedSession current() {
        return current;
    }

    /** The session was woken: as this one. */
    public void woken(OwnedSession session) {
        current = session;
    }

    /** Keeps the session awake; the caller ends the use. */
    private OwnedSession held() {
        OwnedSession session = current;
        while (!session.uses().begin()) {
            Thread.onSpinWait(); // it may be about to fall asleep, which takes no time
            session = waker.wake(session.id());
        }
        return session;
    }

    private <T> T use(Function<OwnedSession, T> task) {
        OwnedSession session = held();
        try {
            return task.apply(session);
        } finally {
            session.uses().end();
        }
    }

    /** For what leaves a task to the session's owner: the use ends after that. */
    private void run(Consumer<OwnedSession> task) {
        OwnedSession session = held();
        try {
            task.accept(session);
        } finally {
            session.endUse();
        }
    }

    private <T> CompletionStage<T> useUntilDone(Function<OwnedSession, CompletionStage<T>> task) {
        OwnedSession session = held();
        CompletionStage<T> done;
        try {
            done = task.apply(session);
        } catch (RuntimeException | Error e) {
            session.uses().end();
            throw e;
        }
        return done.whenComplete((value, failure) -> session.uses().end());
    }

    @Override
    public String id() {
        return current.id();
    }

    @Override
    public SessionSpec spec() {
        return current.spec();
    }

    @Override
    public SessionInfo info() {
        OwnedSession session = current;
        return session.uses().asleep() ? waker.info(session.id()).orElseGet(session::gone) : session.info();
    }

    @Override
    public CompletionStage<SessionSnapshot> snapshot() {
        return useUntilDone(OwnedSession::snapshot);
    }

    @Override
    public SessionStats stats() {
        return use(OwnedSession::stats);
    }

    @Override
    public CompletionStage<Optional<ProcessUsage>> usage() {
        return useUntilDone(OwnedSession::usage);
    }

    @Override
    public Turn submit(Prompt prompt) {
        return use(session -> session.submit(prompt));
    }

    @Override
    public List<Turn> turns() {
        return use(OwnedSession::turns);
    }

    @Override
    public Optional<Turn> turn(String turnId) {
        return use(session -> session.turn(turnId));
    }

    @Override
    public void interrupt() {
        run(OwnedSession::interrupt);
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, String by) {
        run(session -> session.answer(requestId, answer, by));
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, Approver approver) {
        run(session -> session.answer(requestId, answer, approver));
    }

    @Override
    public CompletionStage<Void> rename(String title, String by) {
        return useUntilDone(session -> session.rename(title, by));
    }

    @Override
    public void bypassGuard(Duration duration, String by, String reason) {
        run(session -> session.bypassGuard(duration, by, reason));
    }

    @Override
    public void restoreGuard(String by) {
        run(session -> session.restoreGuard(by));
    }

    @Override
    public void answerQuestion(String requestId, Map<String, List<String>> answers, String by) {
        run(session -> session.answerQuestion(requestId, answers, by));
    }

    @Override
    public List<AgentEvent> pendingRequests() {
        return use(OwnedSession::pendingRequests);
    }

    @Override
    public CompletionStage<Void> setModel(String model) {
        return useUntilDone(session -> session.setModel(model));
    }

    @Override
    public CompletionStage<Void> setPermissionMode(String mode) {
        return useUntilDone(session -> session.setPermissionMode(mode));
    }

    @Override
    public Subscription subscribe(long after, Subscriber subscriber) {
        return use(session -> session.subscribe(after, subscriber));
    }

    @Override
    public CompletionStage<Void> close() {
        return useUntilDone(OwnedSession::close);
    }
}
