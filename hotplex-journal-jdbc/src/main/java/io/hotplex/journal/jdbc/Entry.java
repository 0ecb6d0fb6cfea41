package io.hotplex.journal.jdbc;

import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredTurn;
import java.util.concurrent.CompletableFuture;

/** What waits for the writer, in order. Immutable. */
sealed interface Entry {
    /** About how many bytes it holds. */
    long weight();

    /** Something that is kept of a session. */
    sealed interface Kept extends Entry {
        JdbcLog log();
    }

    record Event(JdbcLog log, EventRecord record, long weight) implements Kept {}

    record State(JdbcLog log, SessionState state) implements Kept {
        @Override
        public long weight() {
            return 1024; // most of it is shared with the session
        }
    }

    /** @param onSafe runs when it is as safe as promised, unless that is at once */
    record Turn(JdbcLog log, StoredTurn turn, Runnable onSafe, long weight) implements Kept {}

    /** Everything of the session goes. */
    record Erase(JdbcLog log, CompletableFuture<Boolean> done) implements Entry {
        @Override
        public long weight() {
            return 64;
        }
    }

    /** Something small is written, to see whether that can be. */
    record Probe(CompletableFuture<Boolean> done) implements Entry {
        @Override
        public long weight() {
            return 0;
        }
    }

    /** Nothing but a place in the queue. */
    record Mark(CompletableFuture<Boolean> done) implements Entry {
        @Override
        public long weight() {
            return 0;
        }
    }
}
