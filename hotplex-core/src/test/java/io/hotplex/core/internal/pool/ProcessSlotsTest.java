package io.hotplex.core.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.PoolSnapshot;
import io.hotplex.api.ProcessState;
import io.hotplex.core.internal.session.SlotSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ProcessSlotsTest {
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1);
    private final List<Evictions.Candidate> sessions = new CopyOnWriteArrayList<>();

    ProcessSlotsTest() {
        timer.setRemoveOnCancelPolicy(true);
    }

    @AfterEach
    void stop() {
        timer.shutdownNow();
    }

    @Test
    void oneWaiterCostsOneProcessHoweverManyBecomeIdleMeanwhile() {
        ProcessSlots slots = slots(4, Duration.ofMinutes(1));
        List<IdleSession> idle = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            idle.add(new IdleSession(slots));
        }
        Asking waiter = new Asking();

        slots.request(waiter);
        for (int i = 0; i < 10; i++) {
            slots.idle();
        }

        assertThat(idle.stream().filter(session -> session.asked.get() > 0)).hasSize(1);
        idle.forEach(IdleSession::dieIfAsked);
        assertThat(waiter.slot).isNotNull();
        assertThat(idle.stream().filter(session -> session.asked.get() > 0)).hasSize(1);
    }

    @Test
    void anotherOneIsAskedWhenTheFirstGotWorkMeanwhile() {
        ProcessSlots slots = slots(2, Duration.ofMinutes(1));
        IdleSession first = new IdleSession(slots);
        IdleSession second = new IdleSession(slots);
        first.idleNanos = 200;

        slots.request(new Asking());
        assertThat(first.asked).hasValue(1);
        assertThat(second.asked).hasValue(0);
        first.idleNanos = -1;
        first.state = ProcessState.BUSY;

        await().untilAsserted(() -> assertThat(second.asked).hasValue(1)); // and nobody told that it is idle
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anApplicantThatThrowsKeepsNoSlotAndNobodyElseFromTheirs(boolean error) {
        ProcessSlots slots = slots(3, Duration.ofMinutes(1));
        Asking holder = new Asking();
        Asking first = new Asking();
        Asking last = new Asking();
        List<SlotSource.Slot> held = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            slots.request(holder);
            held.add(holder.take());
        }
        slots.request(first);
        slots.request(new Asking() {
            @Override
            public void admitted(SlotSource.Slot slot) {
                if (error) {
                    throw new OutOfMemoryError("planted");
                }
                throw new IllegalStateException("planted");
            }
        });
        slots.request(last);
        assertThat(slots.counts()).isEqualTo(new ProcessSlots.Counts(3, 3, 3));

        held.forEach(SlotSource.Slot::release);

        assertThat(first.slot).isNotNull();
        assertThat(last.slot).isNotNull();
        assertThat(slots.counts()).isEqualTo(new ProcessSlots.Counts(0, 2, 2));
    }

    @Test
    void aCancelledRequestLeavesNoDeadlineBehindAndNeitherDoesAGrantedOne() {
        ProcessSlots slots = slots(1, Duration.ofMinutes(1));
        Asking holder = new Asking();
        slots.request(holder);
        Asking cancelled = new Asking();
        SlotSource.Ticket ticket = slots.request(cancelled);
        assertThat(timer.getQueue()).hasSize(1);

        ticket.cancel();

        assertThat(timer.getQueue()).isEmpty();
        slots.request(cancelled);
        assertThat(timer.getQueue()).hasSize(1);
        holder.take().release();
        assertThat(cancelled.slot).isNotNull();
        assertThat(timer.getQueue()).isEmpty();
        assertThat(cancelled.refusals).hasValue(0);
    }

    @Test
    void whoWaitsTooLongIsRefused() {
        ProcessSlots slots = slots(1, Duration.ofMillis(5));
        Asking holder = new Asking();
        slots.request(holder);
        Asking waiter = new Asking();

        slots.request(waiter);

        await().until(() -> waiter.refusals.get() == 1);
        holder.take().release();
        assertThat(waiter.slot).isNull();
        assertThat(slots.counts()).isEqualTo(new ProcessSlots.Counts(0, 0, 0));
    }

    private ProcessSlots slots(int max, Duration patience) {
        return new ProcessSlots(
                max,
                max,
                patience,
                timer,
                () -> new PoolSnapshot(0, 0, 0, 0, 0, 0, max),
                new Evictions(() -> sessions, System::nanoTime));
    }

    /** Asks for a slot and keeps it. */
    private static class Asking implements SlotSource.Applicant {
        volatile SlotSource.@Nullable Slot slot;
        final AtomicInteger refusals = new AtomicInteger();

        @Override
        public void admitted(SlotSource.Slot granted) {
            slot = granted;
        }

        @Override
        public void refused(PoolSnapshot snapshot) {
            refusals.incrementAndGet();
        }

        SlotSource.Slot take() {
            SlotSource.Slot taken = slot;
            if (taken == null) {
                throw new AssertionError("no slot");
            }
            slot = null;
            return taken;
        }
    }

    /** Has a slot and a process that waits for work. */
    private final class IdleSession implements Evictions.Candidate {
        final AtomicInteger asked = new AtomicInteger();
        volatile ProcessState state = ProcessState.READY;
        volatile long idleNanos = 100;
        private final Asking asking = new Asking();

        IdleSession(ProcessSlots slots) {
            slots.request(asking);
            sessions.add(this);
            SlotSource.Slot slot = asking.take();
            asking.slot = slot;
            slot.started();
        }

        @Override
        public ProcessState state() {
            return state;
        }

        @Override
        public long idleNanos() {
            return idleNanos;
        }

        @Override
        public void evict() {
            asked.incrementAndGet();
            idleNanos = -1;
            state = ProcessState.DEAD;
        }

        void dieIfAsked() {
            if (asked.get() > 0) {
                asking.take().release();
                state = ProcessState.NONE;
            }
        }
    }
}
