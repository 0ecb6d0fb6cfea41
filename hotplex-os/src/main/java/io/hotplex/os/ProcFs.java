package io.hotplex.os;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What Linux tells of processes in {@code /proc}. Confined to one thread, which gives it its buffer. */
final class ProcFs {
    private static final Path ROOT = Path.of("/proc");
    /** An environment may have as many bytes as the kernel allows for a command line: 6 MiB at most. */
    private static final int MOST_BYTES = 8 << 20;

    private static final byte[] LOCKS = "Max file locks".getBytes(StandardCharsets.US_ASCII);

    private byte[] buffer = new byte[4096];
    private int length;

    /**
     * A process at one moment.
     *
     * @param state {@code R}, {@code S}, {@code D}, {@code T}, {@code Z} …
     * @param threads how many there are
     * @param start clock ticks from the boot of the machine to its start
     */
    record Look(int pid, char state, int parent, int group, int threads, long start) {
        /** It has ended; only its parent has not heard of it. A first thread alone may end before the others. */
        boolean dead() {
            return state == 'X' || state == 'Z' && threads <= 1;
        }
    }

    /** Whether this system has such files. */
    static boolean available() {
        return Files.isReadable(ROOT.resolve("self/stat"));
    }

    /**
     * Where the ids of processes mean what they mean here.
     *
     * @throws IOException when the system does not tell
     */
    static RunFile.Host host() throws IOException {
        return new RunFile.Host(
                Files.readString(ROOT.resolve("sys/kernel/random/boot_id")).strip(),
                Files.readSymbolicLink(ROOT.resolve("self/ns/pid")).toString());
    }

    /** The ids of all processes. */
    int[] pids() {
        String[] names = ROOT.toFile().list();
        return names == null
                ? new int[0]
                : Arrays.stream(names)
                        .filter(name -> Character.isDigit(name.charAt(0)))
                        .mapToInt(Integer::parseInt)
                        .toArray();
    }

    /** @return {@code null} when there is no such process */
    @Nullable
    Look look(int pid) {
        if (!read(pid, "stat")) {
            return null;
        }
        int at = length - 1; // the name of the program may have any character, so from its end on
        while (at >= 0 && buffer[at] != ')') {
            at--;
        }
        String[] fields = new String(buffer, at + 1, length - at - 1, StandardCharsets.US_ASCII)
                .strip()
                .split(" ", -1);
        return at < 0 || fields.length < 20
                ? null
                : new Look(
                        pid,
                        fields[0].charAt(0),
                        Integer.parseInt(fields[1]),
                        Integer.parseInt(fields[2]),
                        Integer.parseInt(fields[17]),
                        Long.parseLong(fields[19]));
    }

    /**
     * A number in a process's environment.
     *
     * @param assignment name of the variable and {@code =}
     * @return -1 when there is none, or the environment may not be read
     */
    long variable(int pid, byte[] assignment) {
        if (!read(pid, "environ")) {
            return -1;
        }
        for (int at = 0; at < length; at++) {
            if ((at == 0 || buffer[at - 1] == 0) && startsWith(at, assignment)) {
                return number(at + assignment.length);
            }
        }
        return -1;
    }

    /** The soft limit on file locks of a process, also of a dead one; -1 when it has none. */
    long lockLimit(int pid) {
        if (!read(pid, "limits")) {
            return -1;
        }
        for (int at = 0; at < length; at++) {
            if ((at == 0 || buffer[at - 1] == '\n') && startsWith(at, LOCKS)) {
                int value = at + LOCKS.length;
                while (value < length && buffer[value] == ' ') {
                    value++;
                }
                return number(value);
            }
        }
        return -1;
    }

    private boolean startsWith(int at, byte[] text) {
        return at + text.length <= length && Arrays.equals(buffer, at, at + text.length, text, 0, text.length);
    }

    /** @return -1 when there is no digit, or more than a number can have */
    private long number(int from) {
        int to = from;
        while (to < length && to - from < 19 && buffer[to] >= '0' && buffer[to] <= '9') {
            to++;
        }
        return to == from || to - from == 19
                ? -1
                : Long.parseLong(new String(buffer, from, to - from, StandardCharsets.US_ASCII));
    }

    private boolean read(int pid, String file) {
        length = 0;
        try (InputStream in = new FileInputStream("/proc/" + pid + "/" + file)) {
            int count = in.read(buffer, 0, buffer.length);
            while (count > 0) {
                length += count;
                if (length == buffer.length) {
                    if (length >= MOST_BYTES) {
                        return true;
                    }
                    buffer = Arrays.copyOf(buffer, length * 2);
                }
                count = in.read(buffer, length, buffer.length - length);
            }
            return length > 0;
        } catch (IOException e) {
            return false; // it has ended, or is somebody else's
        }
    }
}
