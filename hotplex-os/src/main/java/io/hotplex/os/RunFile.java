package io.hotplex.os;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What the file of a run says: who made it, and which of its processes were there last. Immutable.
 *
 * @param run number of the run
 * @param host where it was
 * @param owner process id of the JVM
 * @param ownerStart when that started
 * @param leaders process id and start of the leaders that were not forgotten
 */
record RunFile(long run, Host host, int owner, long ownerStart, Map<Integer, Long> leaders) {
    private static final Pattern HEADER = Pattern.compile(
            "hotplex-run 1 (\\d{" + RunMarker.DIGITS + "}) (\\S{1,64}) (\\S{1,64}) (\\d{1,9}) (\\d{1,18})");
    private static final Pattern ADDED = Pattern.compile("\\+ (\\d{1,9}) (\\d{1,18}) \\d{1,18}");
    private static final Pattern REMOVED = Pattern.compile("- (\\d{1,9})");

    /**
     * Where process ids mean something: one boot of one machine, and one namespace in it.
     *
     * @param boot made anew by the kernel each time
     * @param namespace of process ids
     */
    record Host(String boot, String namespace) {}

    /** The first line. */
    String header() {
        return "hotplex-run 1 " + run + " " + host.boot + " " + host.namespace + " " + owner + " " + ownerStart + "\n";
    }

    static String added(int pid, long start, long child) {
        return "+ " + pid + " " + start + " " + child + "\n";
    }

    static String removed(int pid) {
        return "- " + pid + "\n";
    }

    /**
     * Reads a file that may end anywhere and hold anything: lines that make no sense are left out, and so is the last
     * one if it has no end.
     *
     * @return {@code null} when it has no header
     */
    static @Nullable RunFile parse(String text) {
        String[] lines = text.split("\n", -1);
        Matcher header = HEADER.matcher(lines[0]);
        if (lines.length < 2 || !header.matches()) {
            return null;
        }
        Map<Integer, Long> leaders = new LinkedHashMap<>();
        for (int i = 1; i < lines.length - 1; i++) {
            Matcher added = ADDED.matcher(lines[i]);
            Matcher removed = REMOVED.matcher(lines[i]);
            if (added.matches()) {
                leaders.put(Integer.parseInt(added.group(1)), Long.parseLong(added.group(2)));
            } else if (removed.matches()) {
                leaders.remove(Integer.parseInt(removed.group(1)));
            }
        }
        return new RunFile(
                Long.parseLong(header.group(1)),
                new Host(header.group(2), header.group(3)),
                Integer.parseInt(header.group(4)),
                Long.parseLong(header.group(5)),
                leaders);
    }
}
