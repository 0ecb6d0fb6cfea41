package io.hotplex.server.internal.sessions;

import io.hotplex.api.Session;
import io.hotplex.api.Turn;
import io.hotplex.api.TurnInfo;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Knows how many clients follow each session, and what happens when the last one goes: nothing, or, after a grace, its
 * open turns are cancelled. A session that nobody ever followed is left alone.
 *
 * <p>Thread-safe: each session's count changes within an atomic operation of the map.
 */
public final class Presence {
    private final boolean interrupt;
    private final Duration grace;
    private final Map<Session, Seat> seats = new ConcurrentHashMap<>();

    /**
     * @param interrupt whether turns are cancelled when nobody follows any more
     * @param grace how long somebody has to come back
     */
    public Presence(boolean interrupt, Duration grace) {
        this.interrupt = interrupt;
        this.grace = grace;
    }

    /**
     * @param followers how many follow
     * @param arrivals how many came so far: tells whether somebody came meanwhile
     */
    private record Seat(int followers, long arrivals) {}

    /** A client follows a session from now on; runs {@code leave} once when it does not any more. */
    public Runnable enter(Session session) {
        if (!interrupt) {
            return () -> {};
        }
        seats.merge(session, new Seat(1, 1), (seat, one) -> new Seat(seat.followers + 1, seat.arrivals + 1));
        AtomicBoolean left = new AtomicBoolean();
        return () -> {
            if (left.compareAndSet(false, true)) {
                leave(session);
            }
        };
    }

    private void leave(Session session) {
        Seat seat = seats.computeIfPresent(session, (s, old) -> new Seat(old.followers - 1, old.arrivals));
        if (seat != null && seat.followers == 0) {
            CompletableFuture.delayedExecutor(grace.toNanos(), TimeUnit.NANOSECONDS)
                    .execute(() -> expire(session, seat));
        }
    }

    private void expire(Session session, Seat empty) {
        if (seats.remove(session, empty)) { // else somebody came, and perhaps went: then that is waited for
            session.turns().stream()
                    .filter(turn -> turn.info().state() != TurnInfo.State.ENDED)
                    .forEach(Turn::cancel);
        }
    }
}
