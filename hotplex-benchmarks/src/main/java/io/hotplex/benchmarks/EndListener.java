package io.hotplex.benchmarks;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.ProcessListener;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** When the first line and the exit of a process came. Thread-safe. */
final class EndListener implements ProcessListener {
    private static final long LIMIT_SECONDS = 30;

    private final CompletableFuture<Long> first = new CompletableFuture<>();
    private final CompletableFuture<Long> exit = new CompletableFuture<>();

    /** Waits for the first line; in nanoseconds. */
    long first() throws Exception {
        return first.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    /** Waits for the exit; in nanoseconds. */
    long exit() throws Exception {
        return exit.get(LIMIT_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onLine(AgentLine line) {
        first.complete(System.nanoTime());
    }

    @Override
    public void onOutputEnd() {
        // the exit comes after it
    }

    @Override
    public void onExit(Exit end) {
        exit.complete(System.nanoTime());
    }
}
