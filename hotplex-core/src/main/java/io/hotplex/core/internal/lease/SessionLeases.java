package io.hotplex.core.internal.lease;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Sees to it that one engine at a time drives an agent's conversation: two agents that write the same conversation
 * would ruin it. Engines of one JVM are kept apart by a table, JVMs of one machine by a lock on one byte of
 * {@code leases.lock} in the state directory they share. The system drops that lock when the JVM ends, however it ends.
 *
 * <p>The state is static on purpose, since both things belong to the process and not to an engine: POSIX gives a file's
 * locks to the process, so a second engine of this JVM would be granted what the first one holds; and when a process
 * closes any of its descriptors of a file, it loses all locks that it has on that file. Hence one table, and one open
 * {@link LockFile} per path, closed with its last lease.
 *
 * <p>Threads: thread-safe, guarded by {@code LOCK}. The file is opened and locked under it, which never waits for
 * another process.
 */
public final class SessionLeases {
    private static final ReentrantLock LOCK = new ReentrantLock();

    @GuardedBy("LOCK")
    private static final Set<String> HELD = new HashSet<>();

    @GuardedBy("LOCK")
    private static final Map<Path, LockFile> FILES = new HashMap<>();

    private SessionLeases() {}

    /**
     * Takes a conversation.
     *
     * @param stateDirectory made when it does not exist
     * @throws HotPlexException SESSION_IN_USE when another engine has it; CONFIG_INVALID when the state directory
     *     cannot be used
     */
    public static Lease acquire(Path stateDirectory, String agentSessionId) {
        LOCK.lock();
        try {
            if (HELD.contains(agentSessionId)) {
                throw inUse(agentSessionId, "another engine in this JVM");
            }
            LockFile file = open(stateDirectory);
            boolean locked = false;
            try {
                locked = file.tryLock(agentSessionId);
            } finally {
                if (!locked) {
                    closeUnused(file);
                }
            }
            if (!locked) {
                throw inUse(agentSessionId, "another JVM on this machine");
            }
            HELD.add(agentSessionId);
            return new Held(file, agentSessionId);
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "state-directory: '" + stateDirectory + "' cannot be used: " + e
                            + " (expected: a directory in which this user may create files)",
                    e);
        } finally {
            LOCK.unlock();
        }
    }

    @GuardedBy("LOCK")
    private static LockFile open(Path stateDirectory) throws IOException {
        Path path = LockFile.prepare(stateDirectory);
        LockFile file = FILES.get(path);
        if (file == null) {
            file = LockFile.open(path);
            FILES.put(path, file);
        }
        return file;
    }

    @GuardedBy("LOCK")
    private static void closeUnused(LockFile file) throws IOException {
        if (file.unused()) {
            FILES.remove(file.path());
            file.close();
        }
    }

    private static void release(LockFile file, String agentSessionId) {
        LOCK.lock();
        try {
            HELD.remove(agentSessionId);
            file.unlock(agentSessionId);
            closeUnused(file);
        } catch (IOException e) {
            // A lock that cannot be released now ends with the file or the JVM; there is nothing else to do about it.
            throw new HotPlexException(
                    ErrorCode.INTERNAL, "cannot release the lock of conversation " + agentSessionId + ": " + e, e);
        } finally {
            LOCK.unlock();
        }
    }

    private static HotPlexException inUse(String agentSessionId, String holder) {
        return new HotPlexException(
                ErrorCode.SESSION_IN_USE,
                "conversation " + agentSessionId + " is driven by " + holder
                        + "; close the session there, or use another session id or namespace here");
    }

    private static final class Held implements Lease {
        private final LockFile file;
        private final String agentSessionId;
        private final AtomicBoolean closed = new AtomicBoolean();

        private Held(LockFile file, String agentSessionId) {
            this.file = file;
            this.agentSessionId = agentSessionId;
        }

        @Override
        public void close() {
            if (closed.compareAndSet(false, true)) {
                release(file, agentSessionId);
            }
        }
    }
}
