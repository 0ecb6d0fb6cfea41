package io.hotplex.server.internal.rest;

import io.hotplex.api.EventRecord;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.Subscriber;
import io.hotplex.api.Subscription;
import io.hotplex.server.internal.http.EventSource;
import io.hotplex.server.internal.http.EventStream;
import io.hotplex.server.internal.sessions.Cursor;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.wire.EventJson;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The events of one session as {@code text/event-stream}. A record's offset is its {@code id}; what is no record has
 * none, so a reader that comes back names a record. Each record is one {@code message}; {@code reset} and {@code ended}
 * are events of their own; a comment now and then tells a live connection from a dead one.
 *
 * <p>The subscriber's calls come one at a time on the engine's threads; the stream is thread-safe.
 */
final class SessionEvents implements EventSource {
    /** What is collected beyond this is sent, though more is at hand. */
    private static final int FULL_CHARS = 64 << 10;

    private final Session session;
    private final long after;
    private final Presence presence;
    private final Duration heartbeat;

    /** @param after what the reader has */
    SessionEvents(Session session, long after, Presence presence, Duration heartbeat) {
        this.session = session;
        this.after = after;
        this.presence = presence;
        this.heartbeat = heartbeat;
    }

    @Override
    public Listener open(EventStream out) {
        SessionInfo info = session.info();
        Cursor cursor = Cursor.of(info, after);
        Reader reader = new Reader(out, presence.enter(session));
        out.send("retry: 1000\n\n");
        if (cursor.reset()) {
            reader.onReset(info.oldestOffset(), info.newestOffset());
        }
        boolean subscribed = false;
        try {
            session.subscribe(cursor.after(), reader);
            subscribed = true;
        } finally {
            if (!subscribed) {
                reader.end();
            }
        }
        reader.beat();
        return new Listener() {
            @Override
            public void onWritable() {
                reader.goOn();
            }

            @Override
            public void onClosed() {
                reader.end();
            }
        };
    }

    private final class Reader implements Subscriber {
        private final EventStream out;
        private final Runnable leave;
        private volatile @Nullable Subscription subscription;
        private volatile boolean over;

        /** Confined to the subscriber's calls. */
        private StringBuilder frames = new StringBuilder();

        Reader(EventStream out, Runnable leave) {
            this.out = out;
            this.leave = leave;
        }

        @Override
        public void onSubscribe(Subscription begun) {
            subscription = begun;
        }

        @Override
        public void onEvent(EventRecord record) {
            frames.append("id: ")
                    .append(record.offset())
                    .append("\ndata: ")
                    .append(EventJson.text(record)) // JSON has no line ends of its own
                    .append("\n\n");
            if (frames.length() > FULL_CHARS) {
                onBatchEnd();
            }
        }

        @Override
        public void onBatchEnd() {
            if (!frames.isEmpty()) {
                out.send(frames.toString());
                frames = new StringBuilder();
            }
            Subscription held = subscription;
            if (held != null && !out.isWritable()) {
                held.pause();
                if (out.isWritable()) { // it changed before there was a pause to end
                    held.resume();
                }
            }
        }

        @Override
        public void onReset(long oldest, long newest) {
            out.send("event: reset\ndata: {\"oldest\":" + oldest + ",\"newest\":" + newest + "}\n\n");
        }

        /** The session is over, and everything was sent. */
        @Override
        public void onClosed() {
            out.send("event: ended\ndata: {}\n\n");
            out.end();
        }

        /** The reader comes back by itself, after the last record that it got. */
        @Override
        public void onFailed(Throwable cause) {
            out.end();
        }

        /** The stream takes more. */
        void goOn() {
            Subscription held = subscription;
            if (held != null) {
                held.resume();
            }
        }

        /** The stream is over. */
        void end() {
            over = true;
            leave.run();
            Subscription held = subscription;
            if (held != null) {
                held.close();
            }
        }

        void beat() {
            CompletableFuture.delayedExecutor(heartbeat.toNanos(), TimeUnit.NANOSECONDS, out.eventLoop())
                    .execute(() -> {
                        if (!over) {
                            if (out.isWritable()) {
                                out.send(":\n\n");
                            }
                            beat();
                        }
                    });
        }
    }
}
