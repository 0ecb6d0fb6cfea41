package io.hotplex.provider.opencode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers of one provider, one for each {@link ServerKey}. Thread-safe; {@code lock} guards the tables and is not
 * held while anything is called.
 */
final class Servers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Servers.class);

    /** A launch takes milliseconds; one that waits for a guardian, some seconds. */
    private static final long LAUNCH_SECONDS = 30;

    /** A server that is asked ends within two seconds, or is killed. */
    private static final long CLOSE_SECONDS = 8;

    /** How often a server may end just when somebody wants to join it. */
    private static final int MAX_TRIES = 3;

    private final String name;
    private final ServerLimits limits;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Map<ServerKey, CompletableFuture<OpenCodeServer>> open = new HashMap<>();

    @GuardedBy("lock")
    private final Set<OpenCodeServer> living = new HashSet<>();

    @GuardedBy("lock")
    private @Nullable ScheduledExecutorService timer;

    @GuardedBy("lock")
    private boolean closed;

    /** @param name the provider's, for threads and processes */
    Servers(String name, ServerLimits limits) {
        this.name = name;
        this.limits = limits;
    }

    /** A view of the server that the key names, which is started if there is none. Blocks as a launch does. */
    SessionView join(
            ServerKey key, ProcessLauncher launcher, ProcessSpec spec, String directory, ProcessListener listener) {
        for (int i = 0; i < MAX_TRIES; i++) {
            SessionView view = server(key, launcher, spec).join(directory, listener);
            if (view != null) {
                return view;
            }
        }
        throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "the OpenCode server ended while a session joined it");
    }

    private OpenCodeServer server(ServerKey key, ProcessLauncher launcher, ProcessSpec spec) {
        CompletableFuture<OpenCodeServer> mine = new CompletableFuture<>();
        CompletableFuture<OpenCodeServer> others;
        ScheduledExecutorService clock;
        lock.lock();
        try {
            if (closed) {
                throw new HotPlexException(ErrorCode.ENGINE_CLOSED, "the provider is closed");
            }
            others = open.putIfAbsent(key, mine);
            clock = timer == null ? newTimer() : timer;
            timer = clock;
        } finally {
            lock.unlock();
        }
        return others != null
                ? await(others)
                : launch(key, mine, new OpenCodeServer(this, key, limits, launcher, spec, clock));
    }

    @SuppressWarnings("IllegalCatch") // others wait for the outcome, whatever it is
    private OpenCodeServer launch(ServerKey key, CompletableFuture<OpenCodeServer> mine, OpenCodeServer server) {
        try {
            lock.lock();
            try {
                living.add(server);
            } finally {
                lock.unlock();
            }
            server.launch();
            mine.complete(server);
            return server;
        } catch (Throwable e) {
            lock.lock();
            try {
                living.remove(server);
                open.remove(key, mine);
            } finally {
                lock.unlock();
            }
            mine.completeExceptionally(e);
            throw e;
        }
    }

    private static OpenCodeServer await(CompletableFuture<OpenCodeServer> others) {
        try {
            return others.get(LAUNCH_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HotPlexException failure) {
                throw new HotPlexException(failure.code(), String.valueOf(failure.getMessage()), failure);
            }
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "the OpenCode server could not be started", e);
        } catch (TimeoutException e) {
            throw new HotPlexException(
                    ErrorCode.AGENT_START_FAILED,
                    "the OpenCode server was not launched within " + LAUNCH_SECONDS + " s",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "interrupted", e);
        }
    }

    /** No more sessions join it. */
    void forget(OpenCodeServer server) {
        lock.lock();
        try {
            CompletableFuture<OpenCodeServer> known = open.get(server.key());
            if (known != null && known.isDone() && !known.isCompletedExceptionally() && known.join() == server) {
                open.remove(server.key());
            }
        } finally {
            lock.unlock();
        }
    }

    /** Its process has ended. */
    void gone(OpenCodeServer server) {
        forget(server);
        lock.lock();
        try {
            living.remove(server);
        } finally {
            lock.unlock();
        }
    }

    String name() {
        return name;
    }

    private ScheduledExecutorService newTimer() {
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "hotplex-opencode-" + name);
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        return executor;
    }

    @Override
    public void close() {
        List<OpenCodeServer> ending;
        ScheduledExecutorService clock;
        lock.lock();
        try {
            closed = true;
            ending = List.copyOf(living);
            clock = timer;
            timer = null;
        } finally {
            lock.unlock();
        }
        ending.forEach(OpenCodeServer::close);
        try {
            CompletableFuture.allOf(ending.stream().map(OpenCodeServer::ended).toArray(CompletableFuture[]::new))
                    .get(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.warn("an OpenCode server did not end within {} s; it is killed", CLOSE_SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (clock != null) {
            clock.shutdownNow();
        }
    }
}
