package io.hotplex.hooks.internal.slack;

import io.hotplex.hooks.internal.delivery.OwnerOnly;
import io.hotplex.hooks.internal.delivery.ValueFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where in a channel messages are: the one that a session's thread hangs from, and that of each turn which has not
 * ended. Kept in a file of the hook's, so that it goes on in them after a restart. Who tries or redelivers while a
 * gateway runs the hook finds its places, and writes none. Confined to its hook, but for {@link #close}, which waits
 * for no call that hangs.
 */
final class Places implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Places.class);

    /** Beyond it the oldest turn begins a new message when something comes of it, and the session a new thread. */
    private static final int REMEMBERED = 10_000;

    /** Slack names messages by their time. */
    private static final Predicate<String> NAMES =
            Pattern.compile("[0-9]{1,20}\\.[0-9]{1,9}").asMatchPredicate();

    private final Path directory;
    private final String channel;

    /** Oldest first. */
    private final Map<String, String> places = new LinkedHashMap<>();

    /** Whether the file was read. */
    private boolean known;
    /** Whether the file is locked. */
    private boolean held;
    /** Whether it was logged that the file is somebody else's. */
    private boolean waits;
    /** Whether it was logged that the file cannot be written. */
    private boolean forgetful;

    private volatile @Nullable FileChannel lock;
    private volatile @Nullable ValueFile file;
    private volatile boolean closed;

    Places(Path directory, String channel) {
        this.directory = directory;
        this.channel = channel;
    }

    private String thread(String session) {
        return channel + "/thread/" + session;
    }

    private String turn(String turn) {
        return channel + "/turn/" + turn;
    }

    @Nullable
    String ofSession(String session) {
        open();
        return places.get(thread(session));
    }

    @Nullable
    String ofTurn(String turn) {
        open();
        return places.get(turn(turn));
    }

    void session(String session, String message) {
        put(thread(session), message);
    }

    void turn(String turn, String message) {
        put(turn(turn), message);
    }

    void forgetSession(String session) {
        remove(thread(session));
    }

    void forgetTurn(String turn) {
        remove(turn(turn));
    }

    private void put(String name, String message) {
        open();
        if (message.equals(places.put(name, message))) {
            return;
        }
        keep(file -> file.put(name, message));
        if (places.size() > REMEMBERED) {
            remove(places.keySet().iterator().next());
        }
    }

    private void remove(String name) {
        open();
        if (places.remove(name) != null) {
            keep(file -> file.remove(name));
        }
    }

    private interface Change {
        void on(ValueFile file) throws IOException;
    }

    /** What cannot be kept is known until the end all the same. */
    private void keep(Change change) {
        ValueFile open = file;
        if (open == null) {
            return;
        }
        try {
            change.on(open);
            forgetful = false;
        } catch (IOException e) {
            complain(e);
        }
    }

    /** Reads the file, and takes it; as long as it is somebody else's, or cannot be used, that is tried again. */
    private void open() {
        if (file != null || closed) {
            return;
        }
        try {
            OwnerOnly.directories(directory);
            boolean own = locked(); // before it is read: whoever had it may have written until now
            if (own || !known) {
                read(own);
            }
            if (!own && !waits) {
                log.warn("{} is held by another program; until it ends no place is kept here", directory);
                waits = true;
            }
        } catch (IOException e) {
            complain(e);
        } finally {
            if (closed) {
                close(); // it may have come too early for these
            }
        }
    }

    private void read(boolean own) throws IOException {
        Path path = directory.resolve("places");
        Map<String, String> read = ValueFile.read(path, NAMES);
        read.entrySet().stream()
                .filter(entry -> entry.getKey().startsWith(channel + "/"))
                .sorted(Map.Entry.comparingByValue(Comparator.comparing(Double::parseDouble)))
                .forEach(entry -> places.putIfAbsent(entry.getKey(), entry.getValue()));
        known = true;
        if (own) {
            ValueFile taken = ValueFile.open(path, NAMES);
            file = taken;
            taken.retain(places.keySet()); // those of another channel mean nothing any more
            for (Map.Entry<String, String> place : places.entrySet()) {
                if (!place.getValue().equals(read.get(place.getKey()))) {
                    taken.put(place.getKey(), place.getValue()); // known since before the file could be taken
                }
            }
        }
    }

    private boolean locked() throws IOException {
        FileChannel open = lock;
        if (open == null) {
            Path path = directory.resolve("places.lock");
            open = FileChannel.open(
                    path, Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE), OwnerOnly.file(path));
            lock = open;
        }
        try {
            held = held || open.tryLock() != null;
            return held;
        } catch (OverlappingFileLockException e) {
            return false; // somebody in this JVM has it
        }
    }

    private void complain(IOException e) {
        if (!forgetful) {
            log.warn("{} cannot be written; after a restart sessions begin new threads", directory, e);
        }
        forgetful = true;
    }

    @Override
    public void close() {
        closed = true;
        ValueFile open = file;
        FileChannel held = lock;
        file = null;
        lock = null;
        close(open);
        close(held); // last: whoever has it next reads what is in the file
    }

    private void close(@Nullable Closeable resource) {
        try {
            if (resource != null) {
                resource.close();
            }
        } catch (IOException e) {
            log.debug("{} could not be closed", directory, e);
        }
    }
}
