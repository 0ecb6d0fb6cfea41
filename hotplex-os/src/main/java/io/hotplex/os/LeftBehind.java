package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.IOException;
import java.time.Duration;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What names a child beyond its launcher and its JVM, so that a later one can tell whether it is gone, and end it with
 * whatever carries its marks. Linux only. Immutable.
 *
 * @param host where the ids mean something
 * @param run number of its run
 * @param number its own in the run
 * @param leader process id of its leader
 * @param start when that started
 */
record LeftBehind(RunFile.Host host, long run, long number, int leader, long start) {
    private static final Logger log = LoggerFactory.getLogger(LeftBehind.class);
    private static final Pattern TEXT = Pattern.compile(
            "linux (\\S{1,64}) (\\S{1,64}) (\\d{" + RunMarker.DIGITS + "}) (\\d{1,18}) (\\d{1,9}) (\\d{1,18})");

    /** One line of text, which {@link #parse} reads. */
    String text() {
        return "linux " + host.boot() + " " + host.namespace() + " " + run + " " + number + " " + leader + " " + start;
    }

    /** @return {@code null} when it was not made here, or by another version */
    static @Nullable LeftBehind parse(String text) {
        Matcher parts = TEXT.matcher(text);
        return !parts.matches()
                ? null
                : new LeftBehind(
                        new RunFile.Host(parts.group(1), parts.group(2)),
                        Long.parseLong(parts.group(3)),
                        Long.parseLong(parts.group(4)),
                        Integer.parseInt(parts.group(5)),
                        Long.parseLong(parts.group(6)));
    }

    /**
     * Ends it, if it is still there. Where its ids mean nothing, after a boot or in another namespace, it is taken for
     * gone: nobody could look. Blocks until two looks find nothing, or for {@code limit}.
     *
     * @param killGroup kills a process group
     * @return whether it is gone
     */
    boolean end(Duration limit, boolean pidfd, IntConsumer killGroup) {
        try {
            if (!host.equals(ProcFs.host())) {
                return true;
            }
        } catch (IOException | UnsupportedOperationException e) {
            log.warn("nobody can look whether a process of an earlier run is gone", e);
            return true;
        }
        boolean lived = lives();
        if (lived && leader > 1) {
            killGroup.accept(leader);
        }
        Sweep sweep = new Sweep(process -> process.descendsFrom(number), 0, System.nanoTime(), limit);
        Cleanup cleanup = sweep.complete(new LinuxProcesses(new RunMarker(run), pidfd), start);
        if (lived || cleanup.survivorsFound() > 0) {
            log.warn("killed a process that an earlier run left behind, and {} others of it", cleanup.survivorsFound());
        }
        return cleanup.survivorsLeft() == 0 && !lives();
    }

    private boolean lives() {
        ProcFs.Look look = new ProcFs().look(leader);
        return look != null && !look.dead() && look.start() == start;
    }
}
