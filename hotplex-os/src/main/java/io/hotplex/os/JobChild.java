package io.hotplex.os;

import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process of Windows and its job, which has all descendants as members.
 *
 * <p>Threading: two threads use the handles of process and job, the control thread and one that waits for the leader's
 * end; the later of both closes them. While they are open the pid is not another's. Whether the process was killed or
 * asked to end is written before the call that does it, and read after its end.
 */
final class JobChild implements ThreadedChild {
    private static final Logger log = LoggerFactory.getLogger(JobChild.class);
    /** Exit status of what is killed with its job; what a shell reports of a killed program elsewhere. */
    private static final int KILLED = 137;

    private static final int SIGKILL = 9;
    private static final int SIGTERM = 15;

    /** Members of a job that was ended are gone in a moment, unless a driver holds them. */
    private static final Duration EMPTY_LIMIT = Duration.ofSeconds(1);

    private static final Duration EMPTY_CHECK = Duration.ofMillis(1);
    /** A JVM has one console at most, whatever number of launchers. */
    private static final ReentrantLock CONSOLE = new ReentrantLock();

    private final Kernel32Calls calls;
    private final JobSpawn.Started started;
    private final Isolation.Applied isolation;
    private final OutputStream input;
    private final InputStream output;
    private final InputStream errors;
    private final AtomicInteger users = new AtomicInteger(1);
    private volatile boolean killed;
    private volatile boolean asked;
    private volatile @Nullable Cleanup cleanup;

    JobChild(Kernel32Calls calls, JobSpawn.Started started, Isolation.Applied isolation) {
        this.calls = calls;
        this.started = started;
        this.isolation = isolation;
        this.input = new HandleOutput(calls, started.stdin());
        this.output = new HandleInput(calls, started.stdout());
        this.errors = new HandleInput(calls, started.stderr());
    }

    @Override
    public long pid() {
        return Integer.toUnsignedLong(started.pid());
    }

    @Override
    public Isolation.Applied isolation() {
        return isolation;
    }

    @Override
    public OutputStream input() {
        return input;
    }

    @Override
    public InputStream output() {
        return output;
    }

    @Override
    public InputStream errors() {
        return errors;
    }

    @Override
    public void onExit(Consumer<ExitStatus> told) {
        users.incrementAndGet();
        ThreadedProcesses.thread("hotplex-io-" + pid() + "-end", () -> {
            ExitStatus status = awaitEnd();
            long begin = System.nanoTime();
            terminateJob(); // before the end is told: nobody outlives it
            int left = awaitEmptyJob(begin + EMPTY_LIMIT.toNanos());
            cleanup = new Cleanup(left, left, Duration.ofNanos(System.nanoTime() - begin));
            told.accept(status);
            closeHandles();
        });
    }

    /**
     * Sends CTRL_BREAK where that can be done. A child has a console of its own, without a window; only who is attached
     * to it can send, and only who has no console can attach: a service can, a JVM in a terminal cannot.
     */
    @Override
    public void terminate() {
        CONSOLE.lock();
        try {
            if (!calls.attachConsole(started.pid())) {
                log.debug("process {} cannot be asked to end: Windows error {}", pid(), calls.lastError());
                return;
            }
            asked = true;
            if (!calls.generateConsoleCtrlEvent(Win32.CTRL_BREAK_EVENT, started.pid())) {
                log.debug("process {} was not asked to end: Windows error {}", pid(), calls.lastError());
            }
            calls.freeConsole();
        } finally {
            CONSOLE.unlock();
        }
    }

    @Override
    public void kill() {
        killed = true;
        terminateJob();
    }

    @Override
    public void cleanUp(Consumer<@Nullable Cleanup> told) {
        told.accept(cleanup); // the job was empty, or would not get so, before the end was told
    }

    @Override
    public void release() {
        closeHandles();
    }

    /** Ends a process whose threads were not started, and gives back everything. */
    void discard() {
        kill();
        started.handles().forEach(calls::closeHandle);
    }

    private ExitStatus awaitEnd() {
        int[] code = new int[1];
        if (!calls.waitForSingleObject(started.process()) || !calls.getExitCodeProcess(started.process(), code)) {
            log.warn("the end of process {} cannot be told: Windows error {}", pid(), calls.lastError());
            return new ExitStatus(null, null);
        }
        if (killed && code[0] == KILLED) {
            return new ExitStatus(null, SIGKILL);
        }
        return asked && code[0] == Win32.STATUS_CONTROL_C_EXIT
                ? new ExitStatus(null, SIGTERM)
                : new ExitStatus(code[0], null);
    }

    private void terminateJob() {
        if (!calls.terminateJobObject(started.job(), KILLED)) {
            log.warn("the job of process {} cannot be ended: Windows error {}", pid(), calls.lastError());
        }
    }

    /** @return how many members there still are */
    private int awaitEmptyJob(long deadline) {
        byte[] accounting = new byte[Win32.ACCOUNTING_BYTES];
        while (calls.queryInformationJobObject(
                started.job(), Win32.JOB_OBJECT_BASIC_ACCOUNTING_INFORMATION, accounting)) {
            int active = Win32.activeProcesses(accounting);
            if (active == 0 || System.nanoTime() - deadline >= 0) {
                return active;
            }
            LockSupport.parkNanos(EMPTY_CHECK.toNanos()); // Windows promises no message when a job gets empty
        }
        log.warn("the job of process {} cannot be looked at: Windows error {}", pid(), calls.lastError());
        return 0;
    }

    private void closeHandles() {
        if (users.decrementAndGet() == 0) {
            calls.closeHandle(started.process());
            calls.closeHandle(started.job());
        }
    }
}
