package io.hotplex.core.internal.spi;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.TurnResult;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.ToolGuard;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes calls on to several listeners and keeps what they throw from the engine. Thread-safe. */
public final class GuardedListener implements EngineListener {
    private static final Logger log = LoggerFactory.getLogger(GuardedListener.class);

    private final List<EngineListener> listeners;

    public GuardedListener(List<EngineListener> listeners) {
        this.listeners = List.copyOf(listeners);
    }

    @SuppressWarnings("IllegalCatch") // listeners are foreign code
    private void each(Consumer<EngineListener> call) {
        for (EngineListener listener : listeners) {
            try {
                call.accept(listener);
            } catch (Throwable e) {
                log.warn("listener {} failed", listener.getClass().getName(), e);
            }
        }
    }

    @Override
    public void onSessionOpened(String sessionId, String provider) {
        each(l -> l.onSessionOpened(sessionId, provider));
    }

    @Override
    public void onSessionClosed(String sessionId, String provider) {
        each(l -> l.onSessionClosed(sessionId, provider));
    }

    @Override
    public void onProcessReady(String sessionId, String provider, int generation, Duration start) {
        each(l -> l.onProcessReady(sessionId, provider, generation, start));
    }

    @Override
    public void onProcessExited(String sessionId, String provider, int generation, boolean expected) {
        each(l -> l.onProcessExited(sessionId, provider, generation, expected));
    }

    @Override
    public void onTurnAccepted(String sessionId, String provider, String turnId) {
        each(l -> l.onTurnAccepted(sessionId, provider, turnId));
    }

    @Override
    public void onTurnEnded(String provider, TurnResult result) {
        each(l -> l.onTurnEnded(provider, result));
    }

    @Override
    public void onGuardDecision(String sessionId, ToolGuard.Action action, GuardFinding finding) {
        each(l -> l.onGuardDecision(sessionId, action, finding));
    }

    @Override
    public void onRedacted(String sessionId, int count) {
        each(l -> l.onRedacted(sessionId, count));
    }

    @Override
    public void onLogRedacted(int count) {
        each(l -> l.onLogRedacted(count));
    }

    @Override
    public void onPoolExhausted(PoolSnapshot snapshot) {
        each(l -> l.onPoolExhausted(snapshot));
    }
}
