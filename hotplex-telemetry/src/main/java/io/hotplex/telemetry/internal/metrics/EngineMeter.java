package io.hotplex.telemetry.internal.metrics;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.ToolGuard;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Counts what the engine tells and the journal does not. Thread-safe and quick: it is called while things happen. */
public final class EngineMeter implements EngineListener {
    private static final double NANOS = 1e9;

    /** Turns that wait or run; beyond it, only how long they waited is not known. */
    private static final int MAX_TURNS = 100_000;

    private final Meters meters;
    private final Clock clock;
    private final Map<String, Instant> accepted = new ConcurrentHashMap<>();
    private final Map<String, Duration> starts = new ConcurrentHashMap<>();

    public EngineMeter(Meters meters, Clock clock) {
        this.meters = meters;
        this.clock = clock;
    }

    /** When a turn's prompt was accepted, or {@code null}. Known until the turn has ended. */
    public @Nullable Instant accepted(String turnId) {
        return accepted.get(turnId);
    }

    /** How long the last start of a session's process took; once. */
    public @Nullable Duration takeStart(String sessionId) {
        return starts.remove(sessionId);
    }

    @Override
    public void onSessionOpened(String sessionId, String provider) {
        String name = meters.providers.of(provider);
        meters.beginAtZero(name);
        meters.sessionsOpened.labels(name).inc();
    }

    @Override
    public void onSessionClosed(String sessionId, String provider) {
        meters.sessionsClosed.labels(meters.providers.of(provider)).inc();
        starts.remove(sessionId);
    }

    @Override
    public void onProcessReady(String sessionId, String provider, int generation, Duration start) {
        meters.processStart.labels(meters.providers.of(provider)).observe(start.toNanos() / NANOS);
        starts.put(sessionId, start);
    }

    @Override
    public void onProcessExited(String sessionId, String provider, int generation, boolean expected) {
        meters.processExits
                .labels(meters.providers.of(provider), Boolean.toString(expected))
                .inc();
    }

    @Override
    public void onTurnAccepted(String sessionId, String provider, String turnId) {
        meters.turnsAccepted.labels(meters.providers.of(provider)).inc();
        if (accepted.size() < MAX_TURNS) {
            accepted.put(turnId, clock.instant());
        }
    }

    /** A turn's time of acceptance is not needed any more; told by who reads the journal, after the end was read. */
    public void forget(String turnId) {
        accepted.remove(turnId);
    }

    @Override
    public void onGuardDecision(String sessionId, ToolGuard.Action action, GuardFinding finding) {
        meters.guardDecisions
                .labels(action.name().toLowerCase(Locale.ROOT), meters.categories.of(finding.category()))
                .inc();
    }

    @Override
    public void onRedacted(String sessionId, int count) {
        meters.redactions.inc(count);
    }

    @Override
    public void onLogRedacted(int count) {
        meters.logRedactions.inc(count);
    }

    @Override
    public void onPoolExhausted(PoolSnapshot snapshot) {
        meters.poolExhausted.inc();
    }
}
