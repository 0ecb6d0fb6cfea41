package io.hotplex.core.internal.session;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.LogRedaction;
import io.hotplex.core.MemoryJournal;
import io.hotplex.core.internal.event.Followers;
import io.hotplex.core.internal.event.StatsFold;
import io.hotplex.core.internal.guard.Guards;
import io.hotplex.core.internal.guard.RememberedApprovals;
import io.hotplex.core.internal.redact.Secrets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** What a session's parts need when there is no engine: tasks and timers run when the test says so, on its thread. */
final class Parts implements AutoCloseable {
    /** What the executor was given and the test has not run. */
    final Deque<Runnable> tasks = new ArrayDeque<>();

    private final List<Timer> timers = new ArrayList<>();
    private final ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1) {
        @Override
        public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
            ScheduledFuture<?> future = super.schedule(() -> {}, 1, TimeUnit.DAYS);
            timers.add(new Timer(Duration.of(delay, unit.toChronoUnit()), command, future));
            return future;
        }
    };

    private record Timer(Duration delay, Runnable command, ScheduledFuture<?> future) {}

    /** @param scans how many large prompts are looked at at a time */
    @SuppressWarnings("NullAway") // there is nothing to launch
    EngineParts parts(Path dir, PromptGuard guard, int scans) {
        EngineConfig config = EngineConfig.fromProperties(Map.of());
        return new EngineParts(
                config,
                null,
                new Guards("off", config.guardConfig(), guard, List.of()),
                new RememberedApprovals(dir),
                Secrets.of(List.of()),
                new LogRedaction(),
                new EngineListener() {},
                new JournalReader() {},
                new Followers(tasks::add, 1, 1),
                tasks::add,
                new FewAtATime(tasks::add, scans),
                timer,
                Clock.systemUTC(),
                () -> 0);
    }

    @SuppressWarnings("NullAway") // nobody asks the provider
    static SessionScope scope(Path dir, EngineParts parts) {
        Journal journal = new MemoryJournal(1 << 20, 1 << 20);
        Recorder recorder = new Recorder(parts, journal, new StatsFold("s"), "s", () -> {}, () -> {});
        Mailbox mailbox = new Mailbox(parts.executor(), e -> {
            throw new AssertionError(e);
        });
        return new SessionScope(SessionSpec.builder("s", dir).build(), null, parts, mailbox, recorder);
    }

    /** Runs what the executor was given, and what comes of that. */
    void runAll() {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
            task.run();
        }
    }

    /** The delays of the timers that were set and not cancelled. */
    List<Duration> pending() {
        return timers.stream()
                .filter(t -> !t.future.isCancelled())
                .map(Timer::delay)
                .toList();
    }

    /** Fires the timers that are pending. */
    void fire() {
        List<Timer> due = List.copyOf(timers);
        timers.clear();
        due.stream().filter(t -> !t.future.isCancelled()).forEach(t -> t.command.run());
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
