package io.hotplex.server.internal.ws;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Session;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.server.internal.http.WebSocket;
import io.hotplex.server.internal.wire.EventJson;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One session followed by one connection of the second dialect: collects records into frames, and holds the
 * subscription back while the socket is full or the client's window is used up.
 *
 * <p>The subscriber's calls come one at a time, on the engine's threads; acknowledgements and the end come on others.
 * {@code lock} guards what both touch, and is held while a frame is handed to the socket, which never blocks: so
 * nothing is sent after {@link #detach()} returned.
 */
final class Attachment implements Subscriber {
    /** A frame that grew beyond this is sent, though more is at hand. */
    private static final int FULL_FRAME_CHARS = 64 << 10;

    private static final JsonFactory JSON = new JsonFactory();

    private final Session session;
    private final WebSocket socket;
    private final boolean controller;
    private final int window;
    private final BiConsumer<Attachment, @Nullable Throwable> onOver;
    private final ReentrantLock lock = new ReentrantLock();
    private final Runnable leave;

    @GuardedBy("lock")
    private boolean over;

    /** Offsets of the records that were sent and not acknowledged; empty without a window. */
    @GuardedBy("lock")
    private final ArrayDeque<Long> unacknowledged = new ArrayDeque<>();

    private volatile @Nullable Subscription subscription;

    // confined to the subscriber's calls
    private @Nullable StringWriter text;
    private @Nullable JsonGenerator frame;

    /**
     * @param controller whether the client may act on the session through this
     * @param window how many records may be sent that were not acknowledged; 0 for any number
     * @param leave run when this is over
     * @param onOver told when the session is over and everything was sent, or why no more can be
     */
    Attachment(
            Session session,
            WebSocket socket,
            boolean controller,
            int window,
            Runnable leave,
            BiConsumer<Attachment, @Nullable Throwable> onOver) {
        this.session = session;
        this.socket = socket;
        this.controller = controller;
        this.window = window;
        this.leave = leave;
        this.onOver = onOver;
    }

    Session session() {
        return session;
    }

    boolean controller() {
        return controller;
    }

    /** Held back until {@link #goOn()}: the client is told first that it follows. */
    @Override
    public void onSubscribe(Subscription begun) {
        begun.pause();
        subscription = begun;
    }

    @Override
    public void onEvent(EventRecord record) {
        try {
            if (frame == null) {
                text = new StringWriter(256);
                frame = JSON.createGenerator(text);
                frame.writeStartObject();
                frame.writeStringField("type", "events");
                frame.writeStringField("session", session.id());
                frame.writeArrayFieldStart("events");
            }
            EventJson.write(frame, record);
        } catch (IOException e) {
            throw new UncheckedIOException("text can always be written", e);
        }
        boolean exhausted = note(record.offset());
        if (exhausted || Objects.requireNonNull(text).getBuffer().length() > FULL_FRAME_CHARS) {
            onBatchEnd();
        }
    }

    /** Counts a record; {@code true} when the window is used up. */
    private boolean note(long offset) {
        if (window == 0) {
            return false;
        }
        lock.lock();
        try {
            unacknowledged.add(offset);
            return unacknowledged.size() >= window;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void onBatchEnd() {
        if (frame != null) {
            try {
                frame.writeEndArray();
                frame.writeEndObject();
                frame.close();
            } catch (IOException e) {
                throw new UncheckedIOException("text can always be written", e);
            }
            send(Objects.requireNonNull(text).toString());
            frame = null;
            text = null;
        }
        Subscription held = subscription;
        if (held != null && isFull()) {
            held.pause();
            goOn(); // in case that room came before there was a pause to end
        }
    }

    @Override
    public void onReset(long oldest, long newest) {
        reset(oldest, newest);
    }

    /** Tells the client that what it has does not go on at what comes now. */
    void reset(long oldest, long newest) {
        send(EventJson.text(Map.of("type", "reset", "session", session.id(), "oldest", oldest, "newest", newest)));
    }

    @Override
    public void onClosed() {
        send(EventJson.text(Map.of("type", "ended", "session", session.id())));
        end();
        onOver.accept(this, null);
    }

    @Override
    public void onFailed(Throwable cause) {
        end();
        onOver.accept(this, cause);
    }

    private void send(String message) {
        lock.lock();
        try {
            if (!over) {
                socket.send(message);
            }
        } finally {
            lock.unlock();
        }
    }

    private boolean isFull() {
        return !socket.isWritable() || (window > 0 && waiting() >= window);
    }

    /** Half of a window at least: else a client that acknowledges one by one would get one by one. */
    private boolean hasRoom() {
        return socket.isWritable() && (window == 0 || waiting() <= window / 2);
    }

    private int waiting() {
        lock.lock();
        try {
            return unacknowledged.size();
        } finally {
            lock.unlock();
        }
    }

    /** The client has everything up to an offset. */
    void acknowledge(long offset) {
        lock.lock();
        try {
            while (!unacknowledged.isEmpty() && unacknowledged.peek() <= offset) {
                unacknowledged.remove();
            }
        } finally {
            lock.unlock();
        }
        goOn();
    }

    /** The socket takes more, or the client has caught up. */
    void goOn() {
        Subscription held = subscription;
        if (held != null && hasRoom()) {
            held.resume();
        }
    }

    /** Ends it; nothing is sent after this. */
    void detach() {
        end();
        Subscription held = subscription;
        if (held != null) {
            held.close();
        }
    }

    private void end() {
        lock.lock();
        try {
            over = true;
        } finally {
            lock.unlock();
        }
        leave.run();
    }
}
