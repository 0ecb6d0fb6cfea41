package io.hotplex.hooks.internal.delivery;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookStatus;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The hooks of one engine. Thread-safe: a fixed list of thread-safe runners. */
public final class RunningHooks implements JournalReader {
    private final List<HookRunner> runners;
    private volatile boolean running;

    private RunningHooks(List<HookRunner> runners) {
        this.runners = List.copyOf(runners);
    }

    /** @throws HotPlexException CONFIG_INVALID or STATE_IN_USE; then none is left open */
    public static RunningHooks open(
            Path directory,
            List<HookConfig> configs,
            Map<String, EventHookFactory> factories,
            Map<String, String> environment,
            Duration drainTimeout,
            Clock clock) {
        List<HookRunner> runners = new ArrayList<>();
        try {
            for (HookConfig configured : configs) {
                HookConfig config = withDefaults(configured, factories);
                RetryPolicy retries =
                        RetryPolicy.of(config, () -> ThreadLocalRandom.current().nextDouble());
                EventHook hook = make(directory, config, factories, environment);
                runners.add(new HookRunner(
                        config, hook, own(directory, config, hook), retries, drainTimeout, clock, System::nanoTime));
            }
            return new RunningHooks(runners);
        } catch (RuntimeException e) {
            runners.forEach(HookRunner::close);
            throw e;
        }
    }

    /** A hook whose files somebody else has is closed. */
    private static HookFiles own(Path directory, HookConfig config, EventHook hook) {
        try {
            return HookFiles.own(directory, config);
        } catch (RuntimeException e) {
            hook.close();
            throw e;
        }
    }

    /** Makes a hook, and checks the settings that all hooks have. */
    static EventHook make(
            Path directory,
            HookConfig config,
            Map<String, EventHookFactory> factories,
            Map<String, String> environment) {
        HookRunner.check(config);
        return factory(config, factories)
                .open(config, new EventHookFactory.Surroundings(directory.resolve(config.name()), environment));
    }

    static HookConfig withDefaults(HookConfig config, Map<String, EventHookFactory> factories) {
        return config.withDefaults(factory(config, factories).defaults());
    }

    private static EventHookFactory factory(HookConfig config, Map<String, EventHookFactory> factories) {
        EventHookFactory factory = factories.get(config.type());
        if (factory == null) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    HookConfig.PREFIX + config.name() + ".type: there is no hook of type '" + config.type()
                            + "' (expected: one of " + new TreeSet<>(factories.keySet()) + ")");
        }
        return factory;
    }

    public List<HookStatus> status() {
        return runners.stream().map(HookRunner::status).toList();
    }

    /** Where the traces of turns are known. */
    public void traces(Function<String, @Nullable String> traces) {
        runners.forEach(runner -> runner.traces(traces));
    }

    /** One that cannot start keeps the engine from opening: nobody would notice what it does not tell. */
    @Override
    public void start(Journal journal) {
        runners.forEach(runner -> runner.start(journal));
        running = true;
    }

    public boolean running() {
        return running;
    }

    @Override
    public void opened(SessionSpec spec, SessionLog log) {
        runners.forEach(runner -> runner.opened(spec, log));
    }

    @Override
    public void readable(String sessionId, long newest) {
        for (HookRunner runner : runners) {
            runner.readable(sessionId, newest);
        }
    }

    @Override
    public void completed(String sessionId) {
        runners.forEach(runner -> runner.completed(sessionId));
    }

    @Override
    public void deleting(String sessionId) {
        runners.forEach(runner -> runner.deleting(sessionId));
    }

    @Override
    public void deleted(String sessionId) {
        runners.forEach(runner -> runner.deleted(sessionId));
    }

    /** All at once: each may take its whole time. */
    @Override
    public void close() {
        running = false;
        List<Thread> threads = new ArrayList<>();
        for (HookRunner runner : runners) {
            Thread thread = new Thread(runner::close, "hotplex-hooks-close");
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
