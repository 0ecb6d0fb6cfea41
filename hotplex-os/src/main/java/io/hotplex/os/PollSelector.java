package io.hotplex.os;

import com.sun.jna.Pointer;
import java.util.HashMap;
import java.util.Map;

/**
 * {@code poll(2)}, for systems without epoll. The cost of a call grows with the number of descriptors, about 50 ns
 * each. Confined to the loop's thread.
 */
final class PollSelector implements IoSelector {
    private static final short POLLIN = 1;
    private static final short POLLOUT = 4;
    private static final int ENTRY_BYTES = 8;

    private record Watch(short interest, Runnable ready) {}

    private final Map<Integer, Watch> watches = new HashMap<>();
    private int capacity = 64;
    private Pointer table = LibC.allocate((long) capacity * ENTRY_BYTES);
    private int entries;
    private boolean changed;

    @Override
    public void watch(int fd, boolean forWriting, Runnable ready) {
        watches.put(fd, new Watch(forWriting ? POLLOUT : POLLIN, ready));
        changed = true;
    }

    @Override
    public void unwatch(int fd) {
        if (watches.remove(fd) != null) {
            changed = true;
        }
    }

    @Override
    public void select(int timeoutMillis) {
        if (changed) {
            fillTable();
        }
        int ready = LibC.poll(table, entries, timeoutMillis);
        if (ready < 0 && LibC.errno() != LibC.EINTR) {
            throw new IllegalStateException("poll: " + LibC.strerror(LibC.errno()));
        }
        for (int i = 0; i < entries && ready > 0; i++) {
            long entry = (long) i * ENTRY_BYTES;
            if (table.getShort(entry + 6) != 0) {
                ready--;
                Watch watch = watches.get(table.getInt(entry));
                if (watch != null) { // an earlier handler may have closed it
                    watch.ready.run();
                }
            }
        }
    }

    private void fillTable() {
        if (watches.size() > capacity) {
            LibC.free(table);
            capacity = watches.size() * 2;
            table = LibC.allocate((long) capacity * ENTRY_BYTES);
        }
        entries = 0;
        for (Map.Entry<Integer, Watch> watch : watches.entrySet()) {
            long entry = (long) entries++ * ENTRY_BYTES;
            table.setInt(entry, watch.getKey());
            table.setShort(entry + 4, watch.getValue().interest);
        }
        changed = false;
    }

    @Override
    public void close() {
        LibC.free(table);
    }
}
