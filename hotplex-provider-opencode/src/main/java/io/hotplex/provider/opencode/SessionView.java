package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessListener;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One session's part of a server, as the process that the engine knows: its events and answers come as lines, lines
 * that are written become requests, made one after the other.
 *
 * <p>Guarded by {@code lock}, which is not held while anybody is called. Lines are handed over by whoever brings one,
 * one at a time. A session that does not read keeps its lines here, up to a limit; beyond it they are dropped and the
 * protocol is told to look at the conversation instead, so that it holds up no other session.
 */
final class SessionView implements AgentProcess {
    private static final Logger log = LoggerFactory.getLogger(SessionView.class);

    /** How much waits for a session that does not read. */
    static final long MAX_INBOX_BYTES = 32L << 20;

    /** How much waits to be sent; a prompt with pictures is some megabytes. */
    private static final long MAX_OUTBOX_BYTES = 64L << 20;

    private static final int MAX_OUTBOX = 512;

    /** A request is answered at once, unless the machine is very busy. */
    private static final Duration REQUEST_LIMIT = Duration.ofSeconds(60);

    /** A server that does not even abort a turn within this has to go, and all of its sessions with it. */
    private static final Duration ABORT_LIMIT = Duration.ofSeconds(10);

    private static final int MAX_ABORTS = 50;
    private static final int MIN_ABORTS = 3;
    private static final byte[] NOTHING = {};

    private final OpenCodeServer server;
    private final ProcessListener listener;
    private final String directory;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Deque<Waiting> inbox = new ArrayDeque<>();

    @GuardedBy("lock")
    private long inboxBytes;

    @GuardedBy("lock")
    private boolean overflowed;

    @GuardedBy("lock")
    private boolean handing;

    @GuardedBy("lock")
    private boolean reading = true;

    @GuardedBy("lock")
    private ProcessListener.@Nullable Exit exit;

    @GuardedBy("lock")
    private boolean exitTold;

    @GuardedBy("lock")
    private final Deque<Request> outbox = new ArrayDeque<>();

    @GuardedBy("lock")
    private long outboxBytes;

    @GuardedBy("lock")
    private boolean up;

    @GuardedBy("lock")
    private boolean sending;

    @GuardedBy("lock")
    private boolean turn;

    /** Whether OpenCode said anything of the state of the session since the turn began. */
    @GuardedBy("lock")
    private boolean working;

    @GuardedBy("lock")
    private boolean retiring;

    @GuardedBy("lock")
    private boolean terminating;

    @GuardedBy("lock")
    private @Nullable String conversation;

    /** What waits to be read. */
    private record Waiting(AgentLine line, boolean event) {}

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Request(String id, String method, String path, byte[] body) {}

    SessionView(OpenCodeServer server, ProcessListener listener, String directory) {
        this.server = server;
        this.listener = listener;
        this.directory = directory;
    }

    /** The work directory. */
    String directory() {
        return directory;
    }

    // ---- from the server

    /** Requests are answered from here on. */
    void up() {
        lock.lock();
        try {
            up = true;
        } finally {
            lock.unlock();
        }
        pump();
    }

    /**
     * A line for the session; valid during the call only.
     *
     * @param event whether it is one of the server's, which can be asked for again; answers cannot, and are few, since
     *     one request is made at a time
     */
    private void deliver(AgentLine line, boolean event) {
        AgentLine copy = line.copy();
        lock.lock();
        try {
            if (exit != null) {
                return;
            }
            if (inboxBytes + copy.length() > MAX_INBOX_BYTES && !inbox.isEmpty()) {
                inbox.removeIf(Waiting::event);
                inboxBytes =
                        inbox.stream().mapToLong(kept -> kept.line().length()).sum();
                overflowed = true;
            }
            inbox.add(new Waiting(copy, event));
            inboxBytes += copy.length();
        } finally {
            lock.unlock();
        }
        hand();
    }

    /** An event of the session. */
    void event(String type, AgentLine line) {
        if (type.equals("session.status")) {
            lock.lock();
            try {
                working |= turn;
            } finally {
                lock.unlock();
            }
        }
        deliver(line, true);
    }

    /** Events may be missing. */
    void resync() {
        deliver(own(Lines.notice("resync")), false);
    }

    /**
     * Leaves the server, since a fresh one is to take its place; what is written from then on the next process gets.
     * One that does something leaves when that is done.
     */
    void retire() {
        lock.lock();
        try {
            retiring = true;
            if (turn || sending || !outbox.isEmpty() || terminating || exit != null) {
                return;
            }
            inbox.add(new Waiting(own(Lines.notice("retired")), false));
            exit = ended();
        } finally {
            lock.unlock();
        }
        server.left(this);
        hand();
    }

    /** The session's part is over, with everything that came before handed over. */
    void end(ProcessListener.Exit how) {
        lock.lock();
        try {
            if (exit != null) {
                return;
            }
            exit = how;
            outbox.clear();
            outboxBytes = 0;
        } finally {
            lock.unlock();
        }
        server.left(this);
        hand();
    }

    private static ProcessListener.Exit ended() {
        return new ProcessListener.Exit(new ExitStatus(0, null), List.of(), null);
    }

    private static AgentLine own(byte[] bytes) {
        return new AgentLine(bytes, 0, bytes.length, false);
    }

    /** Hands over what there is, unless somebody does so already. */
    @SuppressWarnings("IllegalCatch") // whoever listens is foreign code; launchers end the process as well
    private void hand() {
        while (true) {
            AgentLine line;
            ProcessListener.Exit last = null;
            lock.lock();
            try {
                if (handing || exitTold) {
                    return;
                }
                line = next();
                if (line == null) {
                    if (exit == null) {
                        return;
                    }
                    last = exit;
                    exitTold = true;
                }
                handing = true;
            } finally {
                lock.unlock();
            }
            try {
                if (line != null) {
                    listener.onLine(line);
                } else if (last != null) {
                    listener.onOutputEnd();
                    listener.onExit(last);
                }
            } catch (RuntimeException | LinkageError e) {
                log.error("a listener failed; its session leaves the server", e);
                terminate(Duration.ZERO, Duration.ZERO);
            } finally {
                lock.lock();
                try {
                    handing = false;
                } finally {
                    lock.unlock();
                }
            }
        }
    }

    @GuardedBy("lock")
    private @Nullable AgentLine next() {
        if (!reading && exit == null) {
            return null;
        }
        if (overflowed) {
            overflowed = false;
            return own(Lines.notice("resync"));
        }
        Waiting waiting = inbox.poll();
        if (waiting == null) {
            return null;
        }
        inboxBytes -= waiting.line().length();
        return waiting.line();
    }

    // ---- from the session

    @Override
    public boolean write(byte[] data) {
        ObjectNode line = OpenCodeJson.object(own(data));
        if (line == null) {
            return false;
        }
        JsonNode attach = line.get("attach");
        if (attach != null) {
            attach(attach.asText());
        } else if (line.has("turn")) {
            turn(line.path("turn").asBoolean());
        } else if (line.has("leave")) {
            end(ended());
        } else {
            return request(line);
        }
        return true;
    }

    private void attach(String id) {
        lock.lock();
        try {
            if (conversation == null) {
                conversation = id;
            }
        } finally {
            lock.unlock();
        }
        server.route(id, this);
    }

    private void turn(boolean runs) {
        boolean over;
        lock.lock();
        try {
            over = turn && !runs;
            turn = runs && exit == null;
            working = false;
        } finally {
            lock.unlock();
        }
        if (over) {
            server.turnEnded();
        }
    }

    private boolean request(ObjectNode line) {
        JsonNode body = line.get("body");
        byte[] bytes = body == null ? new byte[0] : body.toString().getBytes(StandardCharsets.UTF_8);
        lock.lock();
        try {
            if (exit != null) {
                return true; // it left, and is about to say so; the next process gets it
            }
            if (outbox.size() >= MAX_OUTBOX || outboxBytes + bytes.length > MAX_OUTBOX_BYTES) {
                return false;
            }
            outbox.add(new Request(
                    OpenCodeJson.text(line, "request", ""),
                    OpenCodeJson.text(line, "method", "GET"),
                    OpenCodeJson.text(line, "path", "/"),
                    bytes));
            outboxBytes += bytes.length;
        } finally {
            lock.unlock();
        }
        pump();
        return true;
    }

    /** Sends the next request, when none is on its way. */
    private void pump() {
        Request request;
        lock.lock();
        try {
            request = up && !sending && !terminating ? outbox.poll() : null;
            if (request == null) {
                return;
            }
            outboxBytes -= request.body().length;
            sending = true;
        } finally {
            lock.unlock();
        }
        var unused = server.http()
                .send(request.method(), request.path(), request.body(), REQUEST_LIMIT)
                .whenComplete((reply, failure) -> answered(request, reply, failure));
    }

    private void answered(Request request, Http.@Nullable Reply reply, @Nullable Throwable failure) {
        String aborted;
        boolean leaves;
        lock.lock();
        try {
            sending = false;
            leaves = retiring;
            aborted = terminating && turn && exit == null && !server.exclusive() ? conversation : null;
        } finally {
            lock.unlock();
        }
        if (aborted != null) {
            abort(aborted, 1);
            return;
        }
        byte[] line = reply != null
                ? Lines.response(request.id(), reply.status(), reply.body())
                : Lines.failure(
                        request.id(),
                        failure == null
                                ? "nothing came"
                                : cause(failure).getClass().getSimpleName());
        deliver(own(line), false);
        pump();
        if (leaves) {
            retire();
        }
    }

    private static Throwable cause(Throwable failure) {
        Throwable cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    /** There is no input of its own: what is to be sent is sent. */
    @Override
    public void closeInput() {}

    @Override
    public void reading(boolean on) {
        lock.lock();
        try {
            reading = on;
        } finally {
            lock.unlock();
        }
        if (on) {
            hand();
        }
    }

    /**
     * Ends the session's part: a turn is aborted, which ends the processes of its tools as well. The graces are for a
     * process of its own; a server that others use has its own limit.
     */
    @Override
    public void terminate(Duration eofGrace, Duration termGrace) {
        String aborted;
        boolean started;
        boolean later;
        lock.lock();
        try {
            if (exit != null || terminating && !server.exclusive()) {
                return;
            }
            terminating = true;
            started = up;
            later = sending;
            aborted = turn ? conversation : null;
            outbox.clear();
            outboxBytes = 0;
        } finally {
            lock.unlock();
        }
        if (server.exclusive()) {
            server.stop(eofGrace, termGrace);
        } else if (!started && eofGrace.isZero()) {
            server.kill("it was not up in time for a session");
        } else if (aborted == null) {
            end(ended());
        } else if (!later) { // else behind the request that is on its way, which may be the prompt
            abort(aborted, 1);
        }
    }

    /**
     * Until OpenCode says that the session does nothing. An abort that comes before the turn has begun is lost, and the
     * session does nothing then, either; so that is believed at once only of one that had begun.
     */
    private void abort(String id, int attempt) {
        String query = "?directory=" + HttpCalls.encode(directory);
        Http http = server.http();
        var unused = http.send("POST", "/session/" + HttpCalls.encode(id) + "/abort" + query, NOTHING, ABORT_LIMIT)
                .thenCompose(reply -> http.send("GET", "/session/status" + query, NOTHING, ABORT_LIMIT))
                .whenComplete((reply, failure) -> {
                    if (failure != null || attempt == MAX_ABORTS) {
                        server.kill("it does not abort a turn");
                    } else if (OpenCodeJson.value(reply.body()) instanceof ObjectNode busy && busy.has(id)) {
                        server.later(
                                () -> abort(id, attempt + 1), server.limits().abortPause());
                    } else if (attempt < MIN_ABORTS && !worked()) {
                        server.later(
                                () -> abort(id, attempt + 1), server.limits().abortPause());
                    } else {
                        end(ended());
                    }
                });
    }

    private boolean worked() {
        lock.lock();
        try {
            return working;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long pid() {
        return server.pid();
    }

    @Override
    public Isolation.Applied isolation() {
        return server.isolation();
    }

    /** Of a server that others use, nobody can tell which part is whose. */
    @Override
    public Optional<ProcessUsage> usage() {
        return server.exclusive() ? server.usage() : Optional.empty();
    }
}
