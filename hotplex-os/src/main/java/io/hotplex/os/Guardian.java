package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ProcessListener;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The process that kills what a run started when the JVM dies, however it dies: {@link GuardianScript} at the other end
 * of a pipe that only this JVM holds. When it dies itself, another one is started and told everything.
 *
 * <p>Thread-safe, guarded by {@code lock}. Lines are written under it, so that a new guardian hears what the old one
 * would have; a write only fills a queue. Starts and exits are on one thread, which the process's listener shares; no
 * lock is held during a start.
 */
final class Guardian implements ProcessListener {
    /** A launch waits so long for a guardian that it requires; a start takes milliseconds. */
    static final Duration WAIT = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(Guardian.class);
    /** A guardian that lived for less was not killed by chance; the next one waits. */
    private static final long SHORT_LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Function<ProcessListener, AgentProcess> starter;
    private final Timers timers;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();

    @GuardedBy("lock")
    private final Set<Long> groups = new LinkedHashSet<>();

    @GuardedBy("lock")
    private @Nullable AgentProcess process;

    @GuardedBy("lock")
    private long startedAt;

    @GuardedBy("lock")
    private boolean ending;

    @GuardedBy("lock")
    private boolean clean;

    /**
     * @param starter starts the script, in a session of its own and without marks
     * @param timers for starts after a pause; its tasks may start a process
     */
    Guardian(Function<ProcessListener, AgentProcess> starter, Timers timers) {
        this.starter = starter;
        this.timers = timers;
    }

    /**
     * Starts it; a failure is logged, and tried again. On the thread of the timers, which hears of its exit as well.
     */
    void start() {
        if (!wanted()) {
            return;
        }
        try {
            started(starter.apply(this));
        } catch (HotPlexException e) {
            log.error("the guardian cannot be started; agents would outlive a killed JVM", e);
            startLater();
        }
    }

    private boolean wanted() {
        lock.lock();
        try {
            startedAt = timers.nanoTime();
            return !ending && process == null;
        } finally {
            lock.unlock();
        }
    }

    private void started(AgentProcess made) {
        lock.lock();
        try {
            process = made;
            groups.forEach(group -> tell("+ " + group));
            changed.signalAll();
            if (ending) { // meanwhile
                endNow();
            }
        } finally {
            lock.unlock();
        }
    }

    private void startLater() {
        var unused = timers.at(timers.nanoTime() + SHORT_LIFE_NANOS, this::start);
    }

    /**
     * Waits until there is one.
     *
     * @return whether there is
     */
    boolean await(Duration limit) {
        long left = limit.toNanos();
        lock.lock();
        try {
            while (process == null && left > 0) {
                left = changed.awaitNanos(left);
            }
            return process != null;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } finally {
            lock.unlock();
        }
    }

    void register(long group) {
        lock.lock();
        try {
            groups.add(group);
            tell("+ " + group);
        } finally {
            lock.unlock();
        }
    }

    void forget(long group) {
        lock.lock();
        try {
            groups.remove(group);
            tell("- " + group);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Signals a group.
     *
     * @param signal {@code TERM} or {@code KILL}
     * @return {@code false} when there is no guardian to do it
     */
    boolean signal(String signal, long group) {
        lock.lock();
        try {
            return tell("k " + signal + " " + group);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Ends it.
     *
     * @param clean whether nothing is left to be killed; otherwise it kills what it knows, as if the JVM had died
     */
    void end(boolean clean) {
        lock.lock();
        try {
            ending = true;
            this.clean = clean;
            endNow();
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    private void endNow() {
        if (clean) {
            tell("q");
        }
        if (process != null) {
            process.closeInput();
        }
    }

    @GuardedBy("lock")
    private boolean tell(String line) {
        if (process == null) {
            return false;
        }
        boolean taken = process.write((line + "\n").getBytes(StandardCharsets.US_ASCII));
        if (!taken && !ending) { // it is dead, which will be heard of, or it hangs
            process.terminate(Duration.ZERO, Duration.ZERO);
        }
        return taken;
    }

    @Override
    public void onLine(AgentLine line) {
        // it says nothing
    }

    @Override
    public void onOutputEnd() {
        // its exit follows
    }

    @Override
    public void onExit(Exit exit) {
        boolean shortLife;
        lock.lock();
        try {
            process = null;
            if (ending) {
                return;
            }
            shortLife = timers.nanoTime() - startedAt < SHORT_LIFE_NANOS;
        } finally {
            lock.unlock();
        }
        log.warn("the guardian ended with {}, another one is started", exit.status());
        if (shortLife) {
            startLater();
        } else {
            start();
        }
    }
}
