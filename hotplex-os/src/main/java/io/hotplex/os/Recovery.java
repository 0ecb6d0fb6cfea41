package io.hotplex.os;

import io.hotplex.api.spi.ProcessListener.Cleanup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Kills what runs left behind whose JVM and guardian were both killed, as their files tell. Confined to one thread;
 * Linux only.
 *
 * <pre>
 * the file is of                          then
 * a JVM that lives                        it is left alone
 * another boot of the machine             it is deleted: nothing of it can live
 * another namespace of process ids        it is left alone: its ids mean nothing here
 * a JVM that is gone                      groups whose leader is still the one in the file are killed, then whatever
 *                                         carries the run's marks, then it is deleted
 * nobody can tell, and a day old          it is deleted
 * </pre>
 */
final class Recovery {
    static final String SUFFIX = ".run";
    /** Larger files are not from here: they are written anew long before. */
    private static final long MOST_BYTES = 16 << 20;

    private static final Duration OLD = Duration.ofDays(1);

    private static final Logger log = LoggerFactory.getLogger(Recovery.class);

    private final Path runs;
    private final RunFile.Host host;
    private final long deadline;
    private final boolean pidfd;
    private final IntConsumer killGroup;
    private final ProcFs proc = new ProcFs();

    /**
     * @param limit how long the search for processes may take, for all runs together; what it leaves is tried again at
     *     the next start
     * @param killGroup kills a process group
     */
    Recovery(Path runs, RunFile.Host host, Duration limit, boolean pidfd, IntConsumer killGroup) {
        this.runs = runs;
        this.host = host;
        this.deadline = System.nanoTime() + limit.toNanos();
        this.pidfd = pidfd;
        this.killGroup = killGroup;
    }

    /** Goes through all files. Never throws: a start must not fail for what an earlier one left. */
    void run() {
        if (!Files.isDirectory(runs)) {
            return;
        }
        try (DirectoryStream<Path> files = Files.newDirectoryStream(runs)) {
            for (Path file : files) {
                recover(file);
            }
        } catch (IOException | DirectoryIteratorException e) {
            log.warn("cannot look for what earlier runs left behind", e);
        }
    }

    private void recover(Path file) {
        try {
            RunFile run = read(file);
            if (run == null) {
                if (Files.getLastModifiedTime(file)
                        .toInstant()
                        .isBefore(Instant.now().minus(OLD))) {
                    Files.deleteIfExists(file);
                }
            } else if (!run.host().boot().equals(host.boot())) {
                Files.deleteIfExists(file);
            } else if (run.host().equals(host) && !lives(run.owner(), run.ownerStart())) {
                if (kill(run)) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            log.warn("cannot deal with a file that an earlier run left", e);
        }
    }

    private static @Nullable RunFile read(Path file) throws IOException {
        return file.toString().endsWith(SUFFIX) && Files.size(file) <= MOST_BYTES
                ? RunFile.parse(Files.readString(file, StandardCharsets.ISO_8859_1))
                : null;
    }

    private boolean lives(int pid, long start) {
        ProcFs.Look look = proc.look(pid);
        return look != null && !look.dead() && look.start() == start;
    }

    /** @return whether nothing is left */
    private boolean kill(RunFile run) {
        run.leaders().forEach((pid, start) -> {
            if (pid > 1 && lives(pid, start)) {
                killGroup.accept(pid);
            }
        });
        long now = System.nanoTime();
        // half of what is left: a process that cannot be killed must not keep the other runs from their turn
        Duration part = Duration.ofNanos(Math.max(0, deadline - now) / 2);
        Sweep sweep = new Sweep(process -> true, 0, now, part);
        Cleanup cleanup = sweep.complete(new LinuxProcesses(new RunMarker(run.run()), pidfd), run.ownerStart());
        if (cleanup.survivorsFound() > 0) {
            log.warn("killed {} processes that an earlier run left behind", cleanup.survivorsFound());
        }
        return cleanup.survivorsLeft() == 0;
    }
}
