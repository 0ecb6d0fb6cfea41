package io.hotplex.server.internal.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that files change, by looking: that works for mounted ones and for those that editors replace. Confined to
 * its thread.
 */
public final class FileWatch implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(FileWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Supplier<List<Path>> files;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread watching = new Thread(task, "hotplex-config");
        watching.setDaemon(true);
        return watching;
    });
    private String seen;
    private boolean failing;

    private FileWatch(Supplier<List<Path>> files) {
        this.files = files;
        this.seen = state();
    }

    /**
     * Takes a first look; whoever reads the files after it misses no change.
     *
     * @param files which ones; asked for at each look, and when there are others that counts as a change: nobody knows
     *     whether they changed since they were read
     */
    public static FileWatch of(Supplier<List<Path>> files) {
        return new FileWatch(files);
    }

    /** @param action runs after a change, on a thread of the watch; when it throws, again at the next look */
    public void start(Runnable action) {
        start(action, INTERVAL);
    }

    void start(Runnable action, Duration interval) {
        var unused = thread.scheduleWithFixedDelay(
                () -> look(action), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** What goes wrong is tried again at the next look: a task that throws would be the last one. */
    @SuppressWarnings("IllegalCatch") // the top of a thread
    private void look(Runnable action) {
        try {
            String now = state();
            if (!now.equals(seen)) {
                action.run();
                seen = now;
            }
            failing = false;
        } catch (RuntimeException e) {
            if (!failing) {
                log.warn("cannot tell whether files changed, or not do what is to be done then; trying again", e);
            }
            failing = true;
        }
    }

    private String state() {
        StringBuilder state = new StringBuilder();
        for (Path file : files.get()) {
            try {
                state.append(file.toRealPath()).append(' ');
                state.append(Files.getLastModifiedTime(file).toMillis()).append(' ');
                state.append(Files.size(file)).append('\n');
            } catch (IOException e) {
                state.append(file).append(" is not there\n");
            }
        }
        return state.toString();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
