package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.HookConfig;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** The directory of a hook: its place in the journal, what it put aside, whether it is disabled. Thread-safe. */
public final class HookFiles implements AutoCloseable {
    private static final String LOCK = "lock";
    private static final String DISABLED = "disabled";
    private static final String STATUS = "status.json";

    private final Path directory;
    private final DeadLetters deadLetters;
    private final @Nullable FileChannel lock;

    private HookFiles(Path directory, DeadLetters deadLetters, @Nullable FileChannel lock) {
        this.directory = directory;
        this.deadLetters = deadLetters;
        this.lock = lock;
    }

    /**
     * Opens the directory for the one who runs the hook.
     *
     * @throws HotPlexException STATE_IN_USE when another one does, CONFIG_INVALID when it cannot be written to
     */
    static HookFiles own(Path hooks, HookConfig config) {
        Path directory = hooks.resolve(config.name());
        try {
            OwnerOnly.directories(directory);
            FileChannel channel =
                    FileChannel.open(directory.resolve(LOCK), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            if (!locked(channel)) {
                channel.close();
                throw new HotPlexException(
                        ErrorCode.STATE_IN_USE,
                        "hook '" + config.name() + "' is run by another gateway on the same state directory");
            }
            return new HookFiles(directory, letters(directory, config), channel);
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, directory + " cannot be used for the hook's files: " + e.getMessage(), e);
        }
    }

    /** Looks into the directory, while somebody else may run the hook. */
    public static HookFiles look(Path hooks, HookConfig config) {
        Path directory = hooks.resolve(config.name());
        return new HookFiles(directory, letters(directory, config), null);
    }

    private static DeadLetters letters(Path directory, HookConfig config) {
        return new DeadLetters(directory, maxDeadLetterBytes(config));
    }

    static int maxDeadLetterBytes(HookConfig config) {
        return config.number("dead-letter-max-bytes", 64 << 20, 1 << 10, 1 << 30);
    }

    private static boolean locked(FileChannel channel) throws IOException {
        try {
            FileLock held = channel.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            return false;
        }
    }

    CursorFile cursors() throws IOException {
        return CursorFile.open(directory.resolve("cursors"));
    }

    DeadLetters deadLetters() {
        return deadLetters;
    }

    /** Why the hook is disabled, or {@code null} when it is not. */
    public @Nullable String disabled() {
        try {
            return Files.exists(directory.resolve(DISABLED))
                    ? Files.readString(directory.resolve(DISABLED), StandardCharsets.UTF_8)
                    : null;
        } catch (IOException e) {
            return "its file cannot be read: " + e.getMessage();
        }
    }

    void disable(String reason) throws IOException {
        Files.writeString(directory.resolve(DISABLED), reason, StandardCharsets.UTF_8);
    }

    /** Lets the hook deliver again, from the next start of its gateway on. Returns whether it was disabled. */
    public boolean enable() throws IOException {
        return Files.deleteIfExists(directory.resolve(DISABLED));
    }

    /** What the gateway wrote about the hook last, as JSON, or {@code null} when it never ran. */
    public byte @Nullable [] status() throws IOException {
        Path file = directory.resolve(STATUS);
        return Files.exists(file) ? Files.readAllBytes(file) : null;
    }

    void status(byte[] json) throws IOException {
        Files.write(directory.resolve(STATUS), json);
    }

    /** How many events are put aside. */
    public long putAside() throws IOException {
        return deadLetters.count();
    }

    @Override
    public void close() {
        if (lock != null) {
            try {
                lock.close();
            } catch (IOException e) {
                // the lock ends with the process at the latest
            }
        }
    }
}
