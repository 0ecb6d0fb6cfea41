package io.hotplex.os;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which a run writes down its processes, for the next start on this machine: {@link Recovery} kills what it
 * finds there when neither the JVM nor its guardian could.
 *
 * <p>Thread-safe, guarded by {@code lock}. A line is written in one call and left to the system to bring to the disk:
 * that takes microseconds, also on an I/O loop, and it is enough, since a machine that loses it has no such process
 * either. Written anew when it has grown large.
 */
final class RunRegistry implements AutoCloseable {
    /** Twenty thousand processes, more than a run has in a day. */
    private static final long LARGE_BYTES = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(RunRegistry.class);
    private static final FileAttribute<?> PRIVATE_FILE =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    private static final FileAttribute<?> PRIVATE_DIRECTORY =
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

    private final Path file;
    private final String header;
    private final long largeBytes;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<Integer, String> lines = new LinkedHashMap<>();

    @GuardedBy("lock")
    private FileChannel channel;

    @GuardedBy("lock")
    private boolean failed;

    private RunRegistry(Path file, String header, long largeBytes) throws IOException {
        this.file = file;
        this.header = header;
        this.largeBytes = largeBytes;
        this.channel = write(header);
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
        lock.lock();
        try {
            String line = RunFile.added(pid, start, child);
            lines.put(pid, line);
            append(line);
        } finally {
            lock.unlock();
        }
    }

    void remove(int pid) {
        lock.lock();
        try {
            lines.remove(pid);
            append(RunFile.removed(pid));
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
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

    /** Deletes the file: nothing is left that it could help to find. */
    void delete() {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            log.warn("the run's file cannot be deleted; the next start will look for its processes in vain", e);
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            channel.close();
        } catch (IOException e) {
            log.debug("the run's file could not be closed", e);
        } finally {
            lock.unlock();
        }
    }
}
