package io.hotplex.os;

import static org.awaitility.Awaitility.await;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.ProcessListener;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Writes down what a launcher tells, and notices calls that overlap. */
class Recorder implements ProcessListener {
    final List<String> calls = new CopyOnWriteArrayList<>();
    final List<AgentLine> lines = new CopyOnWriteArrayList<>();
    final AtomicInteger overlaps = new AtomicInteger();
    private final AtomicInteger inside = new AtomicInteger();
    private final CompletableFuture<Exit> exit = new CompletableFuture<>();

    @Override
    public void onLine(AgentLine line) {
        enter();
        AgentLine copy = line.copy();
        lines.add(copy);
        calls.add(copy.length() > 100 ? copy.toString() : copy.text());
        inside.decrementAndGet();
    }

    @Override
    public void onOutputEnd() {
        enter();
        calls.add("<end>");
        inside.decrementAndGet();
    }

    @Override
    public void onExit(Exit exit) {
        enter();
        calls.add("<" + exit.status() + ">");
        inside.decrementAndGet();
        this.exit.complete(exit);
    }

    private void enter() {
        if (inside.incrementAndGet() > 1) {
            overlaps.incrementAndGet();
        }
    }

    boolean exited() {
        return exit.isDone();
    }

    Exit exit() throws Exception {
        return exit.get(30, TimeUnit.SECONDS);
    }

    /** What was found after the end. */
    Cleanup cleanup() throws Exception {
        return Objects.requireNonNull(exit().cleanup());
    }

    /** Waits for that many lines and returns the last of them. */
    String line(int number) {
        await().pollInterval(Duration.ofMillis(5))
                .atMost(Duration.ofSeconds(20))
                .until(() -> lines.size() >= number);
        return lines.get(number - 1).text();
    }
}
