package io.hotplex.core.internal.event;

import io.hotplex.api.EventRecord;
import java.util.Arrays;
import java.util.List;

/**
 * Adjacent records of one log, never empty.
 *
 * <p>Threads: {@link #add} and {@link #bytes} belong to whoever holds the log's lock. Readers take no lock: a slot is
 * filled before {@code count} says so, and filled slots never change.
 */
final class Segment {
    /** Few enough that evicting a segment costs a reader little history, many enough that a log's list stays short. */
    static final int MAX_RECORDS = 256;

    /** Sessions that only started and ended a turn or two hold little more than their records. */
    private static final int FIRST_CAPACITY = 8;

    final MemoryLog log;
    private final long firstOffset;
    private volatile EventRecord[] records = new EventRecord[FIRST_CAPACITY];
    private volatile int count;
    private long bytes;

    Segment(MemoryLog log, EventRecord first, long weight) {
        this.log = log;
        this.firstOffset = first.offset();
        add(first, weight);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer at a time: the holder of the log's lock
    void add(EventRecord record, long weight) {
        int size = count;
        if (size == records.length) {
            records = Arrays.copyOf(records, Math.min(2 * size, MAX_RECORDS));
        }
        records[size] = record;
        bytes += weight;
        count = size + 1;
    }

    boolean takes(long weight, long maxBytes) {
        return count < MAX_RECORDS && bytes + weight <= maxBytes;
    }

    long bytes() {
        return bytes;
    }

    int count() {
        return count;
    }

    long firstOffset() {
        return firstOffset;
    }

    long lastOffset() {
        return firstOffset + count - 1;
    }

    EventRecord last() {
        int size = count;
        return records[size - 1];
    }

    /** Adds the records from {@code offset} on to {@code target}, until that holds {@code max}. */
    void copyTo(List<EventRecord> target, long offset, int max) {
        int size = count; // before the array, which is never shorter than a count seen earlier
        EventRecord[] slots = records;
        for (int i = (int) Math.max(0, offset - firstOffset); i < size && target.size() < max; i++) {
            target.add(slots[i]);
        }
    }
}
