package io.hotplex.hooks.internal.audit;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.internal.delivery.HookJson;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends events to a trail. An event that comes again, because it was written and the gateway ended before it noted
 * so, is not written again: the last entries are known.
 *
 * <p>Guarded by its monitor.
 */
final class AuditHook implements EventHook {
    private static final Logger log = LoggerFactory.getLogger(AuditHook.class);

    /** What can come again is one batch. */
    private static final int REMEMBERED = 20_000;

    private final Path directory;
    private final Disk disk;
    private final long rotateBytes;
    private final int keepFiles;

    @GuardedBy("this")
    private final Set<String> written = new LinkedHashSet<>();

    @GuardedBy("this")
    private @Nullable FileChannel file;

    @GuardedBy("this")
    private long next = 1;

    @GuardedBy("this")
    private String hash = Chain.START;

    /** The number of the first entry that is kept. */
    @GuardedBy("this")
    private long first = 1;

    /** Brings what was written to a disk. */
    @FunctionalInterface
    interface Disk {
        /** Leaves that to the operating system. */
        Disk LATER = file -> {};

        void force(FileChannel file) throws IOException;
    }

    /**
     * @param disk asked after each delivery
     * @param keepFiles how many files are kept, 0 for all
     */
    AuditHook(Path directory, Disk disk, long rotateBytes, int keepFiles) {
        this.directory = directory;
        this.disk = disk;
        this.rotateBytes = rotateBytes;
        this.keepFiles = keepFiles;
    }

    @Override
    public synchronized Delivery deliver(List<HookEvent> events) throws IOException {
        try {
            FileChannel open = file == null ? open() : file;
            if (open.size() >= rotateBytes) {
                open = rotate(open);
            }
            append(open, events);
            return Delivery.DONE;
        } catch (IOException | UncheckedIOException e) {
            forget(); // what was written is read again
            return Delivery.retry("the audit trail cannot be written: " + e.getMessage());
        } catch (RuntimeException e) {
            forget(); // nor is what was not written taken for written
            throw e;
        }
    }

    @GuardedBy("this")
    private void append(FileChannel open, List<HookEvent> events) throws IOException {
        StringBuilder lines = new StringBuilder();
        long number = next;
        String last = hash;
        for (HookEvent event : events) {
            if (written.add(event.id())) {
                String line = Chain.line(number, HookJson.map(event), last);
                last = Chain.hashOf(line);
                number++;
                lines.append(line).append('\n');
            }
        }
        ByteBuffer bytes = ByteBuffer.wrap(lines.toString().getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            var unused = open.write(bytes);
        }
        disk.force(open);
        next = number;
        hash = last;
        note();
        while (written.size() > REMEMBERED) {
            written.remove(written.iterator().next());
        }
    }

    /** Opens the last file, and learns where the trail ends. */
    @GuardedBy("this")
    private FileChannel open() throws IOException {
        Files.createDirectories(directory);
        List<Path> files = AuditFiles.in(directory);
        Path last = files.isEmpty() ? AuditFiles.beginning(directory, 1) : files.get(files.size() - 1);
        FileChannel channel = channel(last);
        try {
            learn(files, last);
        } catch (IOException | RuntimeException e) {
            channel.close(); // and with it the lock
            throw e;
        }
        log.info("the audit trail in {} goes on behind entry {} with the hash {}", directory, next - 1, hash);
        file = channel;
        return channel;
    }

    @GuardedBy("this")
    private void learn(List<Path> files, Path last) throws IOException {
        written.clear();
        next = 1;
        hash = Chain.START;
        mend(last);
        if (files.size() > 1) {
            read(files.get(files.size() - 2)); // the last one may be empty
        }
        read(last);
        AuditEnd end = AuditEnd.read(directory);
        String missing = end == null ? null : end.missing(next - 1, hash);
        if (missing != null) { // going on would hide that
            throw new IOException(
                    missing + "; delete " + AuditEnd.file(directory) + " to go on with what is left of it");
        }
        first = end == null ? AuditFiles.first(files) : end.first();
    }

    @GuardedBy("this")
    private void note() throws IOException {
        new AuditEnd(first, next - 1, hash).write(directory);
    }

    private static FileChannel channel(Path path) throws IOException {
        Set<StandardOpenOption> options = Set.of(StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        FileChannel channel = path.getFileSystem().supportedFileAttributeViews().contains("posix")
                ? FileChannel.open(
                        path,
                        options,
                        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))
                : FileChannel.open(path, options);
        try {
            if (channel.tryLock() == null) {
                throw new IOException("another program writes to it");
            }
            return channel;
        } catch (OverlappingFileLockException e) {
            channel.close();
            throw new IOException("another hook writes to it", e);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Cuts off a line that was not written to its end: its event was not delivered, and comes again. */
    private static void mend(Path path) throws IOException {
        try (RandomAccessFile open = new RandomAccessFile(path.toFile(), "rw")) {
            long end = open.length();
            while (end > 0) {
                open.seek(end - 1);
                if (open.read() == '\n') {
                    break;
                }
                end--;
            }
            if (end < open.length()) {
                open.setLength(end);
            }
        }
    }

    @GuardedBy("this")
    private void read(Path path) throws IOException {
        try (var lines = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Chain.Link link = Chain.read(line); // nothing is appended to a trail that is broken
                written.add(link.id());
                next = link.number() + 1;
                hash = link.hash();
            }
        }
    }

    @GuardedBy("this")
    private FileChannel rotate(FileChannel full) throws IOException {
        full.force(true);
        FileChannel channel = channel(AuditFiles.beginning(directory, next));
        full.close();
        file = channel;
        List<Path> files = AuditFiles.in(directory);
        int gone = keepFiles > 0 ? Math.max(0, files.size() - keepFiles) : 0;
        first = gone > 0 ? AuditFiles.first(files.subList(gone, files.size())) : first;
        note();
        for (Path old : files.subList(0, gone)) {
            Files.delete(old);
        }
        return channel;
    }

    @GuardedBy("this")
    private void forget() {
        try {
            if (file != null) {
                file.close();
            }
        } catch (IOException e) {
            // it is opened anew in any case
        }
        file = null;
    }

    @Override
    public synchronized void close() {
        if (file != null) {
            log.info("the audit trail in {} ends with entry {} with the hash {}", directory, next - 1, hash);
        }
        forget();
    }
}
