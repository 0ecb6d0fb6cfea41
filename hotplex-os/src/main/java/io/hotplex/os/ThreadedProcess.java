package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.api.spi.ProcessListener.Exit;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A process whose pipes are read and written by threads of its own.
 *
 * <p>Threading: three threads move bytes; everything else is confined to the launcher's control thread. Lines are
 * delivered by the thread that reads them. {@code delivery} says who has the framer and the listener: the reader while
 * DELIVERING, nobody while OPEN, the control thread after it has found OPEN and set CLOSED. Whether to read is guarded
 * by {@code lock}.
 *
 * <p>A thread that is blocked in a read cannot be woken. So the group is killed as soon as the leader has ended; when
 * somebody outside of it holds the pipe even so, the drain timeout takes the listener away from the reader.
 */
final class ThreadedProcess implements AgentProcess {
    private static final int STDOUT_BUFFER_BYTES = 32 << 10;
    private static final int STDERR_BUFFER_BYTES = 4 << 10;
    /** What the reading threads need to get to the end of the pipes. */
    private static final Duration LEAST_DRAIN = Duration.ofMillis(200);

    private enum Delivery {
        OPEN,
        DELIVERING,
        CLOSED
    }

    private final ThreadedProcesses processes;
    private final ThreadedChild child;
    private final @Nullable String identity;
    private final SafeListener listener;
    private final Duration drainTimeout;
    private final ThreadedStdin stdin;
    private final LineFramer framer;
    private final StderrTail stderrTail;
    private final Termination termination;
    private final AtomicReference<Delivery> delivery = new AtomicReference<>(Delivery.OPEN);
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition readingChanged = lock.newCondition();

    @GuardedBy("lock")
    private boolean reading = true;

    /** What a dead process left in its pipe is read in any case. */
    @GuardedBy("lock")
    private boolean readingAlways;

    private boolean outputEnded;
    private boolean errorEnded;
    private @Nullable ExitStatus status;
    private @Nullable Cleanup cleanup;
    private boolean cleanedUp;
    private boolean exitTold;
    private Runnable cancelDrain = () -> {};

    ThreadedProcess(
            ThreadedProcesses processes,
            String label,
            ThreadedChild child,
            LauncherConfig config,
            ProcessListener listener) {
        this.processes = processes;
        this.child = child;
        this.identity = child.identity();
        this.listener = new SafeListener(label, listener, () -> processes.execute(this::kill));
        this.drainTimeout = config.drainTimeout().compareTo(LEAST_DRAIN) < 0 ? LEAST_DRAIN : config.drainTimeout();
        this.stdin = new ThreadedStdin(config.stdinQueueBytes());
        this.framer = new LineFramer(config.maxLineBytes());
        this.stderrTail = new StderrTail(config.stderrTailLines());
        this.termination = new Termination(processes, new Steps());
    }

    @Override
    public long pid() {
        return child.pid();
    }

    @Override
    public @Nullable String identity() {
        return identity;
    }

    @Override
    public Isolation.Applied isolation() {
        return child.isolation();
    }

    @Override
    public Optional<ProcessUsage> usage() {
        return child.usage();
    }

    @Override
    public boolean write(byte[] data) {
        return stdin.add(data);
    }

    @Override
    public void closeInput() {
        stdin.endAfterQueue();
    }

    @Override
    public void reading(boolean on) {
        lock.lock();
        try {
            reading = on;
            readingChanged.signal();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void terminate(Duration eofGrace, Duration termGrace) {
        processes.execute(() -> {
            if (status == null) {
                termination.request(eofGrace, termGrace);
            }
        });
    }

    /** Starts the threads. On the control thread. */
    void start() {
        String name = "hotplex-io-" + child.pid();
        ThreadedProcesses.thread(name + "-out", this::readOutput);
        ThreadedProcesses.thread(name + "-err", this::readError);
        ThreadedProcesses.thread(name + "-in", () -> stdin.writeAll(child.input()));
        child.onExit(found -> processes.execute(() -> ended(found)));
    }

    /** Kills the group at once. On the control thread. */
    void kill() {
        if (status == null) {
            child.kill();
        }
    }

    ThreadedChild child() {
        return child;
    }

    /** Gives up waiting for a process that does not end although it was killed. On the control thread. */
    void abandon() {
        if (status == null) {
            ended(new ExitStatus(null, null));
        }
        cleanedUp(null);
        endDrain();
    }

    private void readOutput() {
        byte[] buffer = new byte[STDOUT_BUFFER_BYTES];
        try (InputStream stream = child.output()) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                awaitReading();
                if (!delivery.compareAndSet(Delivery.OPEN, Delivery.DELIVERING)) {
                    break;
                }
                framer.feed(buffer, 0, count, listener::line);
                if (!delivery.compareAndSet(Delivery.DELIVERING, Delivery.OPEN)) {
                    break;
                }
            }
        } catch (IOException e) {
            // the pipe is gone, which is its end
        } finally {
            processes.execute(this::endOutput);
        }
    }

    private void awaitReading() {
        lock.lock();
        try {
            while (!reading && !readingAlways) {
                readingChanged.awaitUninterruptibly();
            }
        } finally {
            lock.unlock();
        }
    }

    private void readAlways() {
        lock.lock();
        try {
            readingAlways = true;
            readingChanged.signal();
        } finally {
            lock.unlock();
        }
    }

    private void readError() {
        byte[] buffer = new byte[STDERR_BUFFER_BYTES];
        try (InputStream stream = child.errors()) {
            for (int count = stream.read(buffer); count >= 0; count = stream.read(buffer)) {
                stderrTail.feed(buffer, count);
            }
        } catch (IOException e) {
            // the pipe is gone, which is its end
        } finally {
            processes.execute(this::endError);
        }
    }

    private void ended(ExitStatus found) {
        if (status != null) {
            return;
        }
        if (!processes.closing()) { // else all groups were killed in one go
            child.kill();
        }
        status = found;
        child.cleanUp(what -> processes.execute(() -> cleanedUp(what)));
        termination.cancel();
        stdin.endNow();
        readAlways();
        if (!outputEnded || !errorEnded) {
            cancelDrain = processes.at(processes.nanoTime() + drainTimeout.toNanos(), this::endDrain);
        }
        tellExitWhenComplete();
    }

    private void cleanedUp(@Nullable Cleanup found) {
        if (!cleanedUp) {
            cleanedUp = true;
            cleanup = found;
            tellExitWhenComplete();
        }
    }

    private void endDrain() {
        if (delivery.getAndSet(Delivery.CLOSED) != Delivery.DELIVERING) {
            endOutput();
        } // else the reader sees it after its line
        endError();
    }

    private void endOutput() {
        if (!outputEnded) {
            outputEnded = true;
            framer.end(listener::line);
            listener.outputEnd();
            tellExitWhenComplete();
        }
    }

    private void endError() {
        if (!errorEnded) {
            errorEnded = true;
            stderrTail.end();
            tellExitWhenComplete();
        }
    }

    private void tellExitWhenComplete() {
        ExitStatus found = status;
        if (found != null && cleanedUp && outputEnded && errorEnded && !exitTold) {
            exitTold = true;
            cancelDrain.run();
            processes.remove(this);
            listener.exit(new Exit(found, stderrTail.lines(), cleanup));
            child.release();
        }
    }

    /** The steps of an ordered end. */
    private final class Steps implements Termination.Target {
        @Override
        public void closeInput() {
            stdin.endAfterQueue();
        }

        @Override
        public void signalTerm() {
            child.terminate();
        }

        @Override
        public void signalKill() {
            kill();
        }
    }
}
