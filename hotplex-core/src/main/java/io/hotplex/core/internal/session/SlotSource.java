package io.hotplex.core.internal.session;

import io.hotplex.api.PoolSnapshot;

/** Gives sessions the right to have a process. Thread-safe; never calls back while holding a lock. */
public interface SlotSource {
    /** Asks for a slot; the answer comes to {@link Applicant}, possibly before this method returns. */
    Ticket request(Applicant applicant);

    /** A session's process waits for work; somebody else may need its slot more. */
    void idle();

    /** Who asks. Called from any thread; must not throw, or the slot is taken back and nobody hears of it. */
    interface Applicant {
        /** It got a slot and must release it. */
        void admitted(Slot slot);

        /** None came free within the admission timeout. */
        void refused(PoolSnapshot snapshot);
    }

    /** A request that waits. */
    interface Ticket {
        /** Takes the request back, and its time limit with it; a slot that was given already must still be released. */
        void cancel();
    }

    /** The right to have one process. */
    interface Slot {
        /** The process is ready: another may start. Idempotent. */
        void started();

        /** The process is gone. Idempotent. */
        void release();
    }
}
