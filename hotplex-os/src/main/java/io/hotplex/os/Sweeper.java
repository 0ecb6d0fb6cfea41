package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.os.MarkedProcesses.Marked;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds and kills what left the group of a child that has ended. One pass over the processes serves all children that
 * wait, so the end of many costs little more than that of one.
 *
 * <p>Threading: any thread may ask; one daemon thread, which ends with {@link #close}, kills and answers. Another one
 * looks: what it reads of a process may hang as long as that process does, on a dead disk say, and those who wait are
 * answered at their limit all the same.
 */
final class Sweeper implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Sweeper.class);
    /** A killed process is gone within a millisecond, unless the machine is busy: then looking less often helps. */
    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private static final long LONGEST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** A search that cannot end by then is left to its thread, which keeps nobody from leaving. */
    private static final long CLOSE_LIMIT_MILLIS = TimeUnit.SECONDS.toMillis(5);
    /** One look takes some milliseconds, and every request gets one, also one that has waited for its limit. */
    private static final long LEAST_PATIENCE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final MarkedProcesses processes;
    private final Duration limit;
    private final @Nullable Adopted adopted;
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final ExecutorService looker;
    private final Thread thread;
    /** Confined to the thread. A look that took too long, until it ends. */
    private @Nullable Future<List<Marked>> late;

    /**
     * A child whose group was killed.
     *
     * @param number the child's number
     * @param leader process id of its leader, and id of its group
     * @param start when the leader started
     * @param enclosure what it was kept in
     */
    record Ended(long number, int leader, long start, Enclosure enclosure) {}

    private record Request(int leader, long start, Sweep sweep, Consumer<Cleanup> answer) {}

    /** Says that there are no more. */
    private static final Request LAST = new Request(0, 0, new Sweep(any -> false, 0, 0, Duration.ZERO), any -> {});

    /**
     * @param limit how long the search for one child's descendants may take
     * @param adopted reaps orphans where that falls to this process
     */
    Sweeper(String name, MarkedProcesses processes, Duration limit, @Nullable Adopted adopted) {
        this.processes = processes;
        this.limit = limit;
        this.adopted = adopted;
        looker = Executors.newSingleThreadExecutor(task -> {
            Thread made = new Thread(task, name + "-look");
            made.setDaemon(true);
            return made;
        });
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
        Sweep sweep = new Sweep(
                process -> process.descendsFrom(ended.number),
                process -> ended.enclosure.ends(process.pid()),
                ended.leader,
                System.nanoTime(),
                limit);
        requests.add(new Request(ended.leader, ended.start, sweep, answer));
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
        looker.shutdownNow();
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
        List<Marked> marked = look(waiting);
        long now = System.nanoTime();
        if (marked == null) {
            giveUp(waiting, now);
            return false;
        }
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

    /** @return {@code null} when it takes longer than the first of those who wait may wait */
    private @Nullable List<Marked> look(List<Request> waiting) {
        long now = System.nanoTime();
        long patience = Long.MAX_VALUE;
        long oldest = Long.MAX_VALUE;
        for (Request request : waiting) {
            patience = Math.min(patience, request.sweep.nanosLeft(now));
            oldest = Math.min(oldest, request.start);
        }
        long notBefore = oldest;
        Future<List<Marked>> earlier = late;
        Future<List<Marked>> look = null;
        try {
            if (earlier != null) { // it looked for others: what it saw is not asked for any more
                earlier.get(Math.max(patience, LEAST_PATIENCE_NANOS), TimeUnit.NANOSECONDS);
                late = null;
            }
            look = looker.submit(() -> processes.find(notBefore));
            return look.get(Math.max(patience, LEAST_PATIENCE_NANOS), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            late = look == null ? earlier : look;
            return null;
        } catch (InterruptedException e) {
            late = look == null ? earlier : look;
            log.warn("the search for survivors was interrupted and goes on"); // nobody has a reason to
            return null;
        } catch (ExecutionException e) {
            late = null;
            if (look == null) {
                return null; // nobody asks any more for what that one did not see
            }
            throw new IllegalStateException("looking at processes failed", e.getCause());
        }
    }

    private void giveUp(List<Request> waiting, long now) {
        for (Iterator<Request> each = waiting.iterator(); each.hasNext(); ) {
            Request request = each.next();
            if (request.sweep.nanosLeft(now) <= 0) {
                each.remove();
                log.error(
                        "what process {} left behind could not be looked for within {}: reading what a process is hangs",
                        request.leader,
                        limit);
                answer(request, request.sweep.result(now));
            }
        }
    }

    private static void answer(Request request, Cleanup cleanup) {
        if (cleanup.survivorsLeft() > 0) {
            log.error(
                    "{} descendants of process {} could not be killed within {}",
                    cleanup.survivorsLeft(),
                    request.leader,
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
