package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One {@code opencode acp} process, its HTTP interface, and the sessions that it serves.
 *
 * <p>It is started for that protocol because then it ends, and kills its tools, when its standard input ends, that is
 * also when we are killed. It opens the HTTP interface before it answers there, so its answer to {@code initialize} is
 * the sign that requests can be made; the first event on the stream is the sign that none will be missed.
 *
 * <pre>
 * from               event                                            to        who
 * STARTING           answered, and the stream of events is open       UP        reader of the stream
 * STARTING           exit because somebody took the port              STARTING  timer, with another port
 * UP                 as many turns, or as much memory, as allowed     RETIRED   whoever ended a turn; timer
 * STARTING, UP       nobody used it for the idle time; close          CLOSING   timer; who closes
 * RETIRED            the last session left; close                     CLOSING   who left; who closes
 * any                exit                                             GONE      the launcher; stays
 * </pre>
 *
 * <p>Thread-safe; {@code lock} guards what changes and is not held while anybody is called. {@code routes} is written
 * by sessions and the reader of the stream, and read by the latter.
 */
final class OpenCodeServer implements ProcessListener {
    private static final Logger log = LoggerFactory.getLogger(OpenCodeServer.class);

    private static final byte[] INITIALIZE =
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":1,"
                            + "\"clientCapabilities\":{}}}\n")
                    .getBytes(StandardCharsets.UTF_8);

    /** How often another port is tried when somebody takes it between our look and the server's. */
    private static final int MAX_PORTS = 3;

    /** How often it is looked for silence while that lasts. */
    private static final int LOOKS = 7;

    /** Connections in a row that fail, or end soon; with the pauses between them about six seconds. */
    private static final int MAX_RECONNECTS = 6;

    private static final long FIRST_PAUSE_MILLIS = 100;

    /** A connection that lives on until the server has said once that it does, is a good one. */
    private static final Duration STEADY = Duration.ofSeconds(11);

    private static final Duration DISPOSE_LIMIT = Duration.ofSeconds(2);
    /** What is left for it to do when its sessions are disposed of. */
    private static final Duration EOF_GRACE = Duration.ofMillis(500);

    private static final Duration TERM_GRACE = Duration.ofSeconds(2);
    private static final int PASSWORD_BYTES = 32;

    private enum State {
        STARTING,
        UP,
        RETIRED,
        CLOSING,
        GONE
    }

    private final Servers servers;
    private final ServerKey key;
    private final ServerLimits limits;
    private final ProcessLauncher launcher;
    private final ProcessSpec spec;
    private final ScheduledExecutorService timer;
    private final String password;
    private final Map<String, SessionView> routes = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private State state = State.STARTING;

    @GuardedBy("lock")
    private final Set<SessionView> views = new HashSet<>();

    @GuardedBy("lock")
    private int ports;

    @GuardedBy("lock")
    private int turns;

    @GuardedBy("lock")
    private int reconnects;

    /** Whether the stream is there, and since when it was there last. */
    @GuardedBy("lock")
    private boolean connected;

    @GuardedBy("lock")
    private long connectedAt;

    @GuardedBy("lock")
    private boolean measuring;

    @GuardedBy("lock")
    private @Nullable Future<?> idleTimer;

    @GuardedBy("lock")
    private @Nullable Future<?> watch;

    private volatile @Nullable AgentProcess process;
    private volatile @Nullable Http http;
    private volatile @Nullable EventStream stream;

    /** @param spec the process without the arguments and variables of the server */
    OpenCodeServer(
            Servers servers,
            ServerKey key,
            ServerLimits limits,
            ProcessLauncher launcher,
            ProcessSpec spec,
            ScheduledExecutorService timer) {
        this.servers = servers;
        this.key = key;
        this.limits = limits;
        this.launcher = launcher;
        this.spec = spec;
        this.timer = timer;
        byte[] random = new byte[PASSWORD_BYTES];
        new SecureRandom().nextBytes(random);
        password = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    ServerKey key() {
        return key;
    }

    ServerLimits limits() {
        return limits;
    }

    /** Whether it serves one session only. */
    boolean exclusive() {
        return key.session() != null;
    }

    /** Completes when the process has ended. */
    CompletableFuture<Void> ended() {
        return ended;
    }

    // ---- the start

    /** Starts the process; blocks as a launch does. */
    void launch() {
        lock.lock();
        try {
            ports++;
        } finally {
            lock.unlock();
        }
        int port = freePort();
        http = new Http(port, password);
        List<String> command = new ArrayList<>(spec.command());
        command.addAll(List.of("acp", "--hostname", "127.0.0.1", "--port", Integer.toString(port)));
        Map<String, String> environment = new HashMap<>(spec.environment());
        environment.put("OPENCODE_SERVER_USERNAME", Http.USER);
        environment.put("OPENCODE_SERVER_PASSWORD", password);
        AgentProcess started = launcher.launch(
                new ProcessSpec(spec.label(), command, spec.workDir(), spec.inherit(), environment, spec.isolation()),
                this);
        process = started;
        started.write(INITIALIZE);
        boolean unwanted;
        lock.lock();
        try {
            unwanted = state == State.CLOSING;
        } finally {
            lock.unlock();
        }
        if (unwanted) {
            started.terminate(Duration.ZERO, TERM_GRACE);
        }
    }

    private static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "no port is free on the loopback interface", e);
        }
    }

    /** The answer to {@code initialize}; what else it says there is for other clients. */
    @Override
    public void onLine(AgentLine line) {
        EventStream known = stream;
        if (known == null) {
            ObjectNode message = OpenCodeJson.object(line);
            if (message != null && message.path("id").asInt() == 1 && message.has("result")) {
                listen();
            }
        }
    }

    @Override
    public void onOutputEnd() {
        // it has not to do with the HTTP interface; the exit counts
    }

    @Override
    public void onExit(Exit exit) {
        List<SessionView> ending;
        lock.lock();
        try {
            if (state == State.STARTING && ports < MAX_PORTS && portTaken(exit) && submit(this::again)) {
                return;
            }
            state = State.GONE;
            ending = List.copyOf(views);
            cancelTimers();
        } finally {
            lock.unlock();
        }
        EventStream open = stream;
        if (open != null) {
            open.cut();
        }
        servers.gone(this);
        ending.forEach(view -> view.end(exit));
        ended.complete(null);
    }

    private static boolean portTaken(Exit exit) {
        return exit.stderrTail().stream().anyMatch(line -> line.contains("ServeError") || line.contains("EADDRINUSE"));
    }

    /** On the timer's thread, since that of the exit must not block. */
    @SuppressWarnings("IllegalCatch") // a launcher is foreign code, and sessions wait
    private void again() {
        try {
            launch();
        } catch (RuntimeException e) {
            log.error("an OpenCode server could not be started again", e);
            lock.lock();
            try {
                ports = MAX_PORTS;
            } finally {
                lock.unlock();
            }
            onExit(new Exit(new ExitStatus(null, null), List.of(String.valueOf(e.getMessage())), null));
        }
    }

    // ---- the stream of events

    private void listen() {
        EventStream next = new EventStream(this::event);
        stream = next;
        CompletableFuture<Void> over = new CompletableFuture<>(); // also when it is cut before an answer began
        var unusedCall = http().events(next).whenComplete((response, failure) -> over.complete(null));
        var unusedBody = next.getBody().whenComplete((response, failure) -> over.complete(null));
        var unusedEnd = over.thenRun(() -> streamEnded(next));
    }

    private void connected() {
        boolean first;
        List<SessionView> all;
        lock.lock();
        try {
            first = state == State.STARTING;
            if (first) {
                state = State.UP;
                long interval = Math.max(1, limits.silence().toMillis() / LOOKS);
                watch = timer.scheduleWithFixedDelay(this::watchSilence, interval, interval, TimeUnit.MILLISECONDS);
            }
            connected = true;
            connectedAt = System.nanoTime();
            all = List.copyOf(views);
        } catch (RejectedExecutionException e) {
            return; // it is being closed
        } finally {
            lock.unlock();
        }
        all.forEach(first ? SessionView::up : SessionView::resync);
    }

    private void watchSilence() {
        EventStream open = stream;
        if (open != null
                && System.nanoTime() - open.heardAt() > limits.silence().toNanos()) {
            log.warn("nothing came from an OpenCode server for {}, connecting again", limits.silence());
            open.cut();
        }
    }

    private void streamEnded(EventStream which) {
        long pause;
        lock.lock();
        try {
            if (which != stream || state == State.CLOSING || state == State.GONE) {
                return;
            }
            boolean steady = connected && System.nanoTime() - connectedAt > STEADY.toNanos();
            connected = false;
            reconnects = steady ? 1 : reconnects + 1;
            pause = reconnects == 1 ? 0 : FIRST_PAUSE_MILLIS << (reconnects - 1);
            if (reconnects <= MAX_RECONNECTS) {
                var unused = timer.schedule(this::listen, pause, TimeUnit.MILLISECONDS);
                return;
            }
        } catch (RejectedExecutionException e) {
            return; // it is being closed
        } finally {
            lock.unlock();
        }
        kill("its stream of events cannot be read");
    }

    /** Called by the reader of the stream. */
    private void event(AgentLine line) {
        EventAddress address = EventAddress.of(line);
        String session = address.sessionId();
        switch (address.type()) {
            case "sync", "server.heartbeat" -> {
                return; // the first repeats what was said
            }
            case "server.connected" -> connected();
            case "server.instance.disposed" -> disposed(address.directory());
            case "session.created" -> {
                SessionView parent = address.parentId() == null ? null : routes.get(address.parentId());
                if (session != null && parent != null) {
                    routes.put(session, parent);
                }
            }
            default -> {
                // for whom it is, is all that matters here
            }
        }
        SessionView view = session == null ? null : routes.get(session);
        if (view != null) {
            view.event(address.type(), line);
        }
    }

    /** Somebody made OpenCode forget what it knows of a directory, which ends what runs there without a word. */
    private void disposed(@Nullable String directory) {
        List<SessionView> all;
        lock.lock();
        try {
            all = List.copyOf(views);
        } finally {
            lock.unlock();
        }
        all.stream().filter(view -> view.directory().equals(directory)).forEach(SessionView::resync);
    }

    // ---- sessions

    /** A session's view, or {@code null} when this server takes no more. */
    @Nullable
    SessionView join(String directory, ProcessListener listener) {
        SessionView view = new SessionView(this, listener, directory);
        boolean up;
        lock.lock();
        try {
            up = state == State.UP;
            if (!up && state != State.STARTING) {
                return null;
            }
            views.add(view);
            if (idleTimer != null) {
                idleTimer.cancel(false);
                idleTimer = null;
            }
        } finally {
            lock.unlock();
        }
        if (up) {
            view.up();
        }
        return view;
    }

    /** Events of a conversation are for this view. */
    void route(String session, SessionView view) {
        routes.put(session, view);
    }

    /** A view has ended. */
    void left(SessionView view) {
        routes.values().removeIf(view::equals);
        boolean close = false;
        lock.lock();
        try {
            if (!views.remove(view) || !views.isEmpty()) {
                return;
            }
            if (state == State.RETIRED || exclusive()) {
                close = true;
            } else if (state == State.STARTING || state == State.UP) {
                idleTimer = timer.schedule(this::closeIdle, limits.idle().toMillis(), TimeUnit.MILLISECONDS);
            }
        } catch (RejectedExecutionException e) {
            return; // it is being closed
        } finally {
            lock.unlock();
        }
        if (close) {
            close();
        }
    }

    private void closeIdle() {
        stop(EOF_GRACE, TERM_GRACE, true);
    }

    /** A turn of one of its sessions is over. */
    void turnEnded() {
        boolean measure;
        boolean retire;
        lock.lock();
        try {
            turns++;
            retire = state == State.RETIRED || state == State.UP && limits.turns() > 0 && turns >= limits.turns();
            measure = !retire && limits.memoryBytes() > 0 && !measuring && !exclusive();
            measuring |= measure;
        } finally {
            lock.unlock();
        }
        if (retire) {
            var unused = submit(this::retire); // whoever ends a turn is in the middle of it
        } else if (measure) {
            var unused = submit(this::measure);
        }
    }

    private void measure() {
        AgentProcess running = process;
        boolean large = running != null
                && running.usage()
                        .filter(usage -> usage.rssBytes() > limits.memoryBytes())
                        .isPresent();
        lock.lock();
        try {
            measuring = false;
        } finally {
            lock.unlock();
        }
        if (large) {
            retire();
        }
    }

    /** Takes no more sessions; those that do nothing leave now, the others when their turn is over. */
    private void retire() {
        List<SessionView> all;
        lock.lock();
        try {
            if (state != State.UP && state != State.RETIRED) {
                return;
            }
            state = State.RETIRED;
            all = List.copyOf(views);
        } finally {
            lock.unlock();
        }
        servers.forget(this);
        all.forEach(SessionView::retire);
        if (all.isEmpty()) {
            close();
        }
    }

    // ---- the end

    /** Ends it politely: its tools first. Idempotent. */
    void close() {
        stop(EOF_GRACE, TERM_GRACE);
    }

    /** Ends it, politely when there is time for it. A shorter second call shortens the first. */
    void stop(Duration eofGrace, Duration termGrace) {
        stop(eofGrace, termGrace, false);
    }

    private void stop(Duration eofGrace, Duration termGrace, boolean onlyIdle) {
        boolean up;
        lock.lock();
        try {
            if (state == State.GONE || onlyIdle && !views.isEmpty()) {
                return;
            }
            up = state == State.UP || state == State.RETIRED;
            state = State.CLOSING;
            cancelTimers();
        } finally {
            lock.unlock();
        }
        servers.forget(this);
        if (up && !eofGrace.isZero()) {
            var unused = http().send("POST", "/global/dispose", new byte[0], DISPOSE_LIMIT)
                    .whenComplete((reply, failure) -> terminate(eofGrace, termGrace));
        } else {
            terminate(eofGrace, termGrace);
        }
    }

    /** Runs something a little later; not at all when everything is closed. */
    void later(Runnable task, Duration pause) {
        try {
            var unused = timer.schedule(task, pause.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("an OpenCode server is closed already");
        }
    }

    /** Ends it at once; its sessions hear that it crashed. */
    void kill(String reason) {
        log.warn("OpenCode server {} is killed: {}", pid(), reason);
        servers.forget(this);
        terminate(Duration.ZERO, Duration.ZERO);
    }

    private void terminate(Duration eofGrace, Duration termGrace) {
        AgentProcess running = process;
        if (running != null) {
            running.terminate(eofGrace, termGrace);
        }
    }

    @GuardedBy("lock")
    private void cancelTimers() {
        if (idleTimer != null) {
            idleTimer.cancel(false);
        }
        if (watch != null) {
            watch.cancel(false);
        }
    }

    /** Runs something behind what runs now; returns whether there is still somebody to do so. */
    private boolean submit(Runnable task) {
        try {
            timer.execute(task);
            return true;
        } catch (RejectedExecutionException e) {
            return false; // it is being closed
        }
    }

    // ---- what it is

    Http http() {
        Http known = http;
        if (known == null) {
            throw new IllegalStateException("the server was not launched");
        }
        return known;
    }

    long pid() {
        AgentProcess running = process;
        return running == null ? -1 : running.pid();
    }

    Isolation.Applied isolation() {
        AgentProcess running = process;
        return running == null ? Isolation.Applied.NONE : running.isolation();
    }

    Optional<ProcessUsage> usage() {
        AgentProcess running = process;
        return running == null ? Optional.empty() : running.usage();
    }
}
