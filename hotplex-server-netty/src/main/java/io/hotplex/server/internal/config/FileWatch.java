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

/**
 * Notices that files change, by looking: that works for mounted ones and for those that editors replace. Confined to
 * its thread.
 */
public final class FileWatch implements AutoCloseable {
    private static final Duration INTERVAL = Duration.ofSeconds(1);

    private final Supplier<List<Path>> files;
    private final Runnable action;
    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread watching = new Thread(task, "hotplex-config");
        watching.setDaemon(true);
        return watching;
    });
    private String seen;

    private FileWatch(Supplier<List<Path>> files, Runnable action) {
        this.files = files;
        this.action = action;
        this.seen = state();
    }

    /**
     * @param files which ones; asked for at each look
     * @param action runs after a change, on a thread of the watch; must not throw
     */
    public static FileWatch start(Supplier<List<Path>> files, Runnable action) {
        FileWatch watch = new FileWatch(files, action);
        var unused = watch.thread.scheduleWithFixedDelay(
                watch::look, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
        return watch;
    }

    private void look() {
        String now = state();
        if (!now.equals(seen)) {
            seen = now;
            action.run();
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
