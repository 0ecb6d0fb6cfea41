package io.hotplex.core.internal.guard;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.RememberedApproval;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tool calls that people allowed for good, by owner, in the file {@code approvals} of the state directory: a line
 * for each that is added or forgotten. It has prints of calls and names, nothing of what the calls say. Engines that
 * share a state directory share it.
 *
 * <p>Thread-safe: guarded by a lock under which the file is read and written, so never called by a session's owner.
 */
public final class RememberedApprovals {
    private static final Logger log = LoggerFactory.getLogger(RememberedApprovals.class);

    /** More than people answer in years; beyond, nothing is remembered, and they are asked again. */
    private static final int MAX_ENTRIES = 10_000;

    private static final Set<StandardOpenOption> APPEND =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);

    private final Path file;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<String, RememberedApproval> entries = new LinkedHashMap<>();

    @GuardedBy("lock")
    private long seenBytes = -1;

    private volatile boolean any;

    public RememberedApprovals(Path stateDirectory) {
        file = stateDirectory.resolve("approvals");
        any = Files.exists(file);
    }

    /** Whether something may be remembered; does not look at the file. */
    public boolean any() {
        return any;
    }

    /** Who allowed a call for good, or nothing. */
    public Optional<RememberedApproval> find(String owner, String print) {
        lock.lock();
        try {
            refresh();
            return Optional.ofNullable(entries.get(key(owner, print)));
        } finally {
            lock.unlock();
        }
    }

    /** What is remembered for an owner, oldest first. */
    public List<RememberedApproval> list(String owner) {
        lock.lock();
        try {
            refresh();
            return entries.values().stream()
                    .filter(entry -> entry.owner().equals(owner))
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Remembers a call.
     *
     * @throws HotPlexException INTERNAL when the file cannot be written
     */
    public void add(String owner, String print, String tool, String by, Instant at) {
        lock.lock();
        try {
            refresh();
            if (entries.size() >= MAX_ENTRIES) {
                log.warn("{} approvals are remembered, which is the most: forget some", MAX_ENTRIES);
                return;
            }
            write(String.join("\t", "+", plain(owner), print, plain(tool), plain(by), at.toString()));
            any = true;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets a call; tells whether it was remembered. */
    public boolean forget(String owner, String print) {
        lock.lock();
        try {
            refresh();
            boolean known = entries.containsKey(key(owner, print));
            if (known) {
                write(String.join("\t", "-", plain(owner), print));
            }
            return known;
        } finally {
            lock.unlock();
        }
    }

    @GuardedBy("lock")
    @SuppressWarnings("try") // the lock on the file is there to be held
    private void write(String line) {
        try (FileChannel channel = FileChannel.open(file, APPEND, privately());
                FileLock held = channel.lock()) {
            ByteBuffer bytes = ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new HotPlexException(ErrorCode.INTERNAL, "approvals cannot be written: " + e.getMessage(), e);
        }
        refresh();
    }

    /** Reads the file when it has another size than at the last look: lines are only ever added. */
    @GuardedBy("lock")
    private void refresh() {
        try {
            long size = Files.size(file);
            if (size != seenBytes) {
                entries.clear();
                Files.readAllLines(file, StandardCharsets.UTF_8).forEach(this::take);
                seenBytes = size;
            }
        } catch (NoSuchFileException e) {
            entries.clear();
            seenBytes = -1;
        } catch (IOException e) {
            log.warn("remembered approvals cannot be read, so people are asked again: {}", e.getMessage());
            entries.clear();
            seenBytes = -1;
        }
    }

    @GuardedBy("lock")
    private void take(String line) {
        String[] parts = line.split("\t", -1);
        if (parts[0].equals("+") && parts.length == 6) {
            entries.put(
                    key(parts[1], parts[2]), new RememberedApproval(parts[1], parts[2], parts[3], parts[4], parts[5]));
        } else if (parts[0].equals("-") && parts.length == 3) {
            entries.remove(key(parts[1], parts[2]));
        }
    }

    private static String key(String owner, String print) {
        return plain(owner) + "\t" + print;
    }

    private static String plain(String text) {
        return text.replaceAll("\\s", " ");
    }

    private static FileAttribute<?>[] privately() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }
}
