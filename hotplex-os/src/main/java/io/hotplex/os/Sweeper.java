package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.os.MarkedProcesses.Marked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and kills what left the group of a child that has ended. One pass over the processes serves all children that
 * wait, so the end of many costs little more than that of one.
 *
 * <p>Threading: any thread may ask; one daemon thread, which ends with {@link #close}, looks and answers.
 */
final class Sweeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);
    /** A killed process is gone within a millisecond, unless the machine is busy: then looking less often helps. */
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** A search that cannot end by then is left to its thread, which keeps nobody from leaving. */
    private static final long CLOSE_LIMIT_MILLIS = TimeUnit.SECONDS.toMillis(5);

    private final MarkedProcesses processes;
    private final Duration limit;
    private final @Nullable Adopted adopted;
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread thread;

    /**
     * A child whose group was killed.
     *
     * @param number the child's number
     * @param leader process id of its leader, and id of its group
     * @param start when the leader started
     */
    record Ended(long number, int leader, long start) {}

    private record Request(Ended ended, Sweep sweep, Consumer<Cleanup> answer) {}

    /** Says that there are no more. */
    private static final Request LAST =
            new Request(new Ended(0, 0, 0), new Sweep(any -> false, 0, 0, Duration.ZERO), any -> {});

    /**
     * @param limit how long the search for one child's descendants may take
     * @param adopted reaps orphans where that falls to this process
     */
    Sweeper(String name, MarkedProcesses processes, Duration limit, @Nullable Adopted adopted) {
        this.processes = processes;
        this.limit = limit;
        this.adopted = adopted;
        thread = new Thread(this::run, name);
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Searches for what is left of a child. From any thread; never blocks.
     *
     * @param answer called once, on the sweeper's thread; not at all after {@link #close}
     */
    void sweep(Ended ended, Consumer<Cleanup> answer) {
        requests.add(new Request(
                ended,
                new Sweep(process -> process.descendsFrom(ended.number), ended.leader, System.nanoTime(), limit),
                answer));
    }

    /** Ends the thread when all who asked have their answers; waits for it, but not for long. */
    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            requests.add(LAST);
        }
        try {
            thread.join(Math.min(limit.plusSeconds(1).toMillis(), CLOSE_LIMIT_MILLIS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        List<Request> waiting = new ArrayList<>();
        boolean last = false;
        long pause = 0;
        while (!last || !waiting.isEmpty()) {
            last |= take(waiting, last, pause);
            boolean killed = !waiting.isEmpty() && guarded(waiting);
            pause = killed ? Math.min(Math.max(pause * 2, FIRST_PAUSE_NANOS), LONGEST_PAUSE_NANOS) : 0;
        }
    }

    @SuppressWarnings("IllegalCatch") // whatever fails, those who wait must not wait for ever
    private boolean guarded(List<Request> waiting) {
        try {
            return pass(waiting);
        } catch (RuntimeException | Error e) {
            log.error("the search for survivors failed", e);
            long now = System.nanoTime();
            waiting.forEach(request -> answer(request, request.sweep.result(now)));
            waiting.clear();
            return false;
        }
    }

    /** @return whether the last request came */
    private boolean take(List<Request> waiting, boolean last, long pause) {
        try {
            Request first = last || !waiting.isEmpty()
                    ? requests.poll(pause, TimeUnit.NANOSECONDS)
                    : adopted == null
                            ? requests.take()
                            : requests.poll(Adopted.INTERVAL.toNanos(), TimeUnit.NANOSECONDS);
            if (first != null) {
                waiting.add(first);
                requests.drainTo(waiting);
            } else if (waiting.isEmpty()) {
                reapAdopted();
            }
        } catch (InterruptedException e) {
            log.warn("the search for survivors was interrupted and goes on"); // nobody has a reason to
        }
        return waiting.remove(LAST);
    }

    /** @return whether something was killed */
    private boolean pass(List<Request> waiting) {
        boolean killed = false;
        List<Marked> marked = processes.find(oldest(waiting));
        long now = System.nanoTime();
        for (Iterator<Request> each = waiting.iterator(); each.hasNext(); ) {
            Request request = each.next();
            killed |= request.sweep.pass(marked, processes, now);
            if (request.sweep.over()) {
                each.remove();
                answer(request, request.sweep.result(now));
            }
        }
        reapAdopted();
        return killed;
    }

    private static long oldest(List<Request> waiting) {
        long oldest = Long.MAX_VALUE;
        for (Request request : waiting) {
            oldest = Math.min(oldest, request.ended.start);
        }
        return oldest;
    }

    private static void answer(Request request, Cleanup cleanup) {
        if (cleanup.survivorsLeft() > 0) {
            log.error(
                    "{} descendants of process {} could not be killed within {}",
                    cleanup.survivorsLeft(),
                    request.ended.leader,
                    cleanup.took());
        }
        request.answer.accept(cleanup);
    }

    private void reapAdopted() {
        if (adopted != null) {
            adopted.reap();
        }
    }
}
