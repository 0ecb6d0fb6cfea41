package io.hotplex.core.internal.pool;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ProcessState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EvictionsTest {
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);
    private final List<Evictions.Candidate> sessions = new ArrayList<>();
    private final List<FakeSession> asked = new ArrayList<>();
    private final Evictions evictions = new Evictions(() -> sessions, now::get);

    private final FakeSession shortest = session(10);
    private final FakeSession longest = session(1_000);
    private final FakeSession middle = session(100);
    private final FakeSession busy = session(-1);

    @Test
    void asksAsManyAsWaitAndTheLongestIdleFirst() {
        assertThat(evictions.makeRoomFor(2)).isTrue();

        assertThat(asked).containsExactly(longest, middle);
    }

    @Test
    void asksNobodyElseWhileEnoughEvictionsAreUnderWay() {
        evictions.makeRoomFor(1);
        evictions.makeRoomFor(1);
        longest.is(ProcessState.DEAD);
        pass(Evictions.TIME_TO_DIE.minusNanos(1));
        evictions.makeRoomFor(1);

        assertThat(asked).containsExactly(longest);
        evictions.makeRoomFor(2);
        assertThat(asked).containsExactly(longest, middle);
    }

    @ParameterizedTest
    @EnumSource(names = {"BUSY", "NONE", "STARTING"})
    void anEvictionIsOverWhenTheProcessWorksOrIsGone(ProcessState state) {
        evictions.makeRoomFor(1);
        longest.is(state);

        evictions.makeRoomFor(1);

        assertThat(asked).containsExactly(longest, middle);
    }

    @Test
    void aSessionThatDoesNotReactIsNotWaitedFor() {
        evictions.makeRoomFor(1);
        longest.idleNanos = -1; // a prompt came: it stays ready, but has work
        pass(Evictions.TIME_TO_REACT);

        evictions.makeRoomFor(1);

        assertThat(asked).containsExactly(longest, middle);
    }

    @Test
    void aProcessThatDoesNotDieIsNotWaitedFor() {
        evictions.makeRoomFor(1);
        longest.is(ProcessState.DEAD);
        pass(Evictions.TIME_TO_DIE);

        evictions.makeRoomFor(1);

        assertThat(asked).containsExactly(longest, middle);
    }

    @Test
    void oneMustLookAgainAsLongAsAnEvictionIsUnderWay() {
        assertThat(evictions.makeRoomFor(4)).isTrue();
        assertThat(asked).containsExactly(longest, middle, shortest).doesNotContain(busy);
        assertThat(evictions.makeRoomFor(0)).isTrue();
        asked.forEach(session -> session.is(ProcessState.NONE));

        assertThat(evictions.makeRoomFor(0)).isFalse();
        assertThat(asked).hasSize(3);
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }

    private FakeSession session(long idleNanos) {
        FakeSession session = new FakeSession(idleNanos);
        sessions.add(session);
        return session;
    }

    private final class FakeSession implements Evictions.Candidate {
        private ProcessState state;
        private long idleNanos;

        FakeSession(long idleNanos) {
            this.idleNanos = idleNanos;
            this.state = idleNanos < 0 ? ProcessState.BUSY : ProcessState.READY;
        }

        void is(ProcessState next) {
            state = next;
            idleNanos = -1;
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
            asked.add(this);
        }
    }
}
