package io.hotplex.os;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which a run writes down its processes, for the next start on this machine: {@link Recovery} kills what it
 * finds there when neither the JVM nor its guardian could.
 *
 * <p>From any thread; one thread of its own writes, in the order of the calls, so that no I/O loop waits for a disk. A
 * line is left to the system to bring there: a machine that loses it has no such process either. What a killed JVM had
 * not written yet is found by its marks, and a line that outlives its process names a start that no other process has.
 * Written anew when it has grown large.
 */
final class RunRegistry implements AutoCloseable {
    /** Twenty thousand processes, more than a run has in a day. */
    private static final long LARGE_BYTES = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(RunRegistry.class);
    private static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    /** An idle engine needs no thread for this. */
    private static final long IDLE_SECONDS = 10;

    /** Lines wait for microseconds, unless the disk hangs; then that is no reason to hang as well. */
    private static final long CLOSE_LIMIT_SECONDS = 2;

    private final Path file;
    private final String header;
    private final long largeBytes;
    private final ThreadPoolExecutor writer;

    /** What is there now. This and the rest belong to the writer. */
    private final Map<Integer, String> lines = new LinkedHashMap<>();

    private FileChannel channel;
    private boolean failed;

    private RunRegistry(Path file, String header, long largeBytes) throws IOException {
        this.file = file;
        this.header = header;
        this.largeBytes = largeBytes;
        this.channel = write(header);
        this.writer = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                RunRegistry::thread,
                RunRegistry::refused);
        writer.allowCoreThreadTimeOut(true);
    }

    /** Makes the file. */
    static RunRegistry create(Path runs, RunFile run) throws IOException {
        return create(runs, run, LARGE_BYTES);
    }

    static RunRegistry create(Path runs, RunFile run, long largeBytes) throws IOException {
        Files.createDirectories(runs, PRIVATE_DIRECTORY);
        return new RunRegistry(runs.resolve(run.run() + Recovery.SUFFIX), run.header(), largeBytes);
    }

    /** Writes the whole file under another name first, so that nobody ever reads half a header. */
    private FileChannel write(String text) throws IOException {
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(fresh);
        FileChannel opened =
                FileChannel.open(fresh, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE_FILE);
        try {
            append(opened, text);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            return opened;
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    void add(int pid, long start, long child) {
        String line = RunFile.added(pid, start, child);
        writer.execute(() -> {
            lines.put(pid, line);
            append(line);
        });
    }

    void remove(int pid) {
        writer.execute(() -> {
            lines.remove(pid);
            append(RunFile.removed(pid));
        });
    }

    private void append(String line) {
        try {
            append(channel, line);
            if (channel.position() > largeBytes) {
                FileChannel old = channel;
                channel = write(header + String.join("", lines.values()));
                old.close();
            }
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                log.warn("the run's file cannot be written; what survives a killed JVM and guardian may stay", e);
            }
        }
    }

    private static void append(FileChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    /**
     * Writes what waits, and ends.
     *
     * @param delete whether to delete the file, since nothing is left that it could help to find
     */
    void close(boolean delete) {
        writer.execute(() -> end(delete));
        writer.shutdown();
        try {
            if (!writer.awaitTermination(CLOSE_LIMIT_SECONDS, TimeUnit.SECONDS)) {
                log.warn("the run's file is not written to its end; the disk does not answer");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        close(false);
    }

    private void end(boolean delete) {
        try {
            channel.close();
            if (delete) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            log.warn(
                    "the run's file cannot be closed or deleted; the next start may look for its processes in vain", e);
        }
    }

    /** After the end: the children that are left are known to it. */
    private static void refused(Runnable task, ThreadPoolExecutor closed) {
        log.debug("a process ended after its run; the next start finds out by itself");
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "hotplex-registry");
        thread.setDaemon(true);
        return thread;
    }
}
