package io.hotplex.journal.jdbc;

import io.hotplex.api.EventRecord;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The newest records of a log: those that are not written yet, and some that readers are about to want. A ring in which
 * a record's place follows from its offset. Confined to the holder of the log's lock.
 */
final class Tail {
    private static final int FIRST_CAPACITY = 16;

    private @Nullable EventRecord[] ring = new @Nullable EventRecord[FIRST_CAPACITY];
    private long first;
    private long next;

    /** @param next the offset of the first record that comes */
    Tail(long next) {
        this.first = next;
        this.next = next;
    }

    /** The oldest offset that it holds; the next one when it is empty. */
    long first() {
        return first;
    }

    void add(EventRecord record) {
        if (next - first == ring.length) {
            grow();
        }
        ring[place(next)] = record;
        next++;
    }

    private void grow() {
        @Nullable EventRecord[] larger = new @Nullable EventRecord[2 * ring.length];
        for (long offset = first; offset < next; offset++) {
            larger[(int) (offset & (larger.length - 1))] = ring[place(offset)];
        }
        ring = larger;
    }

    /** Adds the records from one offset to another, both included, to a list. */
    void copyTo(List<EventRecord> target, long from, long to) {
        for (long offset = from; offset <= to; offset++) {
            target.add(Objects.requireNonNull(ring[place(offset)]));
        }
    }

    /** Forgets the records up to an offset. */
    void drop(long upTo) {
        while (first <= upTo && first < next) {
            ring[place(first)] = null;
            first++;
        }
        if (first == next && ring.length > FIRST_CAPACITY) {
            ring = new @Nullable EventRecord[FIRST_CAPACITY]; // who is quiet holds little
        }
    }

    private int place(long offset) {
        return (int) (offset & (ring.length - 1));
    }
}
