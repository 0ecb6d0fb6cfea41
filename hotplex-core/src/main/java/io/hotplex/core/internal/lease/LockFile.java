package io.hotplex.core.internal.lease;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * A file whose bytes stand for conversations: locking the byte at an id's hash locks the id. The bytes need not exist,
 * so the file stays empty. It is never deleted, since others may hold it open.
 *
 * <p>Threads: confined to the holder of the lock of {@link SessionLeases}.
 */
final class LockFile {
    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private final Path path;
    private final FileChannel channel;
    private final Map<String, FileLock> locks = new HashMap<>();

    private LockFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    /** Makes the directory when it is missing, and gives the one path that all spellings of it share. */
    static Path prepare(Path directory) throws IOException {
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, permissions("rwx------"));
        }
        return directory.toRealPath().resolve("leases.lock");
    }

    static LockFile open(Path path) throws IOException {
        Set<StandardOpenOption> options =
                Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new LockFile(path, FileChannel.open(path, options, permissions("rw-------")));
    }

    Path path() {
        return path;
    }

    boolean tryLock(String id) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock(position(id), 1, false);
        } catch (OverlappingFileLockException e) {
            return false; // held by other code of this JVM
        }
        if (lock == null) {
            return false;
        }
        locks.put(id, lock);
        return true;
    }

    void unlock(String id) throws IOException {
        FileLock lock = locks.remove(id);
        if (lock != null) {
            lock.release();
        }
    }

    boolean unused() {
        return locks.isEmpty();
    }

    void close() throws IOException {
        channel.close();
    }

    /** 62 bits: ids that share a byte would lock each other out, and positions must stay below 2^63. */
    private static long position(String id) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
            return ByteBuffer.wrap(hash).getLong() >>> 2;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static FileAttribute<?>[] permissions(String symbolic) {
        return POSIX
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(symbolic))
                }
                : new FileAttribute<?>[0];
    }
}
