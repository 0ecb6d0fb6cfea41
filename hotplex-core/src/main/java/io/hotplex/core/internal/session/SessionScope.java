package io.hotplex.core.internal.session;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.core.config.ConfigKey;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/** What the parts of one session share. Thread-safe. */
final class SessionScope {
    final SessionSpec spec;
    final AgentProvider provider;
    final EngineParts parts;
    final Mailbox mailbox;
    final Recorder recorder;
    /** Longer than anybody waits, and short enough for a count of nanoseconds. */
    private static final Duration LONGEST = Duration.ofDays(3650);

    private volatile long lastActivity;

    /** Of the turn that runs, if its prompt came with one. */
    private volatile @Nullable String traceId;

    SessionScope(SessionSpec spec, AgentProvider provider, EngineParts parts, Mailbox mailbox, Recorder recorder) {
        this.spec = spec;
        this.provider = provider;
        this.parts = parts;
        this.mailbox = mailbox;
        this.recorder = recorder;
        this.lastActivity = now();
    }

    <T> T config(ConfigKey<T> key) {
        return parts.config().get(key);
    }

    boolean can(Capability capability) {
        return provider.capabilities().contains(capability);
    }

    long now() {
        return parts.ticker().getAsLong();
    }

    /** Something was said in one direction or the other. */
    void touch() {
        lastActivity = now();
    }

    /** A turn begins, of a trace in the form of W3C Trace Context or of none; or none runs any more. */
    void traced(@Nullable String traceparent) {
        traceId = traceparent == null ? null : traceparent.split("-", -1)[1];
    }

    /**
     * Begins a line of the log that is about the session. It has the trace of the turn that runs as the pair
     * {@code trace_id}, which backends that know no pairs write before the message.
     */
    LoggingEventBuilder line(Logger log, Level level) {
        LoggingEventBuilder line = log.atLevel(level);
        String trace = traceId;
        return trace == null ? line : line.addKeyValue("trace_id", trace);
    }

    /** How long nothing was said, in nanoseconds. */
    long quietNanos() {
        return Math.max(0, now() - lastActivity);
    }

    /** Runs a task as the owner, later; {@code null} when the engine is closing, which ends everything itself. */
    @Nullable
    Future<?> timer(Duration delay, Runnable task) {
        try {
            long nanos = (delay.compareTo(LONGEST) > 0 ? LONGEST : delay).toNanos();
            return parts.timer().schedule(() -> mailbox.execute(task), nanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            return null;
        }
    }

    /** Runs what users see off the owner; on it when the executor cannot, lest anybody wait for ever. */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
    void callBack(Runnable task) {
        try {
            parts.executor().execute(task);
        } catch (Throwable e) {
            task.run();
        }
    }
}
