package io.hotplex.core;

import io.hotplex.api.Engine;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.core.internal.event.Followers;
import io.hotplex.core.internal.guard.Guards;
import io.hotplex.core.internal.guard.RememberedApprovals;
import io.hotplex.core.internal.pool.PooledEngine;
import io.hotplex.core.internal.redact.Secrets;
import io.hotplex.core.internal.session.EngineParts;
import io.hotplex.core.internal.session.FewAtATime;
import io.hotplex.core.internal.spi.GuardedListener;
import io.hotplex.core.internal.spi.GuardedReaders;
import io.hotplex.core.internal.spi.Journals;
import io.hotplex.core.internal.spi.Providers;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Builds engines.
 *
 * <pre>{@code
 * try (Engine engine = HotPlex.builder().build()) {
 *     Session session = engine.open(SessionSpec.builder("demo", Path.of("/srv/project")).build());
 *     session.subscribe(0, record -> System.out.println(record.event()));
 *     session.submit(Prompt.of("Say hello")).result().toCompletableFuture().join();
 * }
 * }</pre>
 *
 * <p>A builder is not thread-safe and builds one engine.
 */
public final class HotPlex {
    private EngineConfig config = EngineConfig.builder().build();
    private final List<ProviderConfig> providerConfigs = new ArrayList<>();
    private final List<AgentProvider> providers = new ArrayList<>();
    private final List<AgentProviderFactory> factories = new ArrayList<>();
    private final List<EngineListener> listeners = new ArrayList<>();
    private final List<JournalReader> readers = new ArrayList<>();
    private PromptGuard guard = PromptGuard.NONE;
    private final List<ToolGuard> toolGuards = new ArrayList<>();
    private final List<String> secrets = new ArrayList<>();
    private LogRedaction logs = new LogRedaction();
    private Clock clock = Clock.systemUTC();
    private @Nullable ProcessLauncher launcher;
    private @Nullable Journal journal;
    private @Nullable Executor executor;

    private HotPlex() {}

    public static HotPlex builder() {
        return new HotPlex();
    }

    /** Limits, timeouts, directories. */
    public HotPlex config(EngineConfig value) {
        config = Objects.requireNonNull(value, "config");
        return this;
    }

    /**
     * Adds a provider, made by the factory of its type. Without any provider the engine has one of each type that is on
     * the class path.
     */
    public HotPlex provider(ProviderConfig value) {
        providerConfigs.add(value);
        return this;
    }

    /** Adds a provider that the application made. The engine closes it. */
    public HotPlex provider(AgentProvider value) {
        providers.add(value);
        return this;
    }

    /**
     * Adds a type of provider besides those on the class path, which a configuration can then name. It counts more than
     * one of the same name that is on the class path.
     */
    public HotPlex factory(AgentProviderFactory value) {
        factories.add(value);
        return this;
    }

    /** Starts processes; by default the one that is on the class path. The engine closes it. */
    public HotPlex launcher(ProcessLauncher value) {
        launcher = value;
        return this;
    }

    /** Keeps sessions and events; by default what the setting {@code journal} says. The engine closes it. */
    public HotPlex journal(Journal value) {
        journal = value;
        return this;
    }

    /** Looks at prompts before the agent does, as the guards do that are on the class path. */
    public HotPlex guard(PromptGuard value) {
        guard = Objects.requireNonNull(value, "guard");
        return this;
    }

    /** Looks at tool calls before they run, as the guards do that are on the class path. */
    public HotPlex toolGuard(ToolGuard value) {
        toolGuards.add(value);
        return this;
    }

    /** A value that must not be written down or shown, besides those that agents are given. */
    public HotPlex secret(String value) {
        secrets.add(value);
        return this;
    }

    /** Takes secrets out of the program's log, and is told of those that the engine gets to know. */
    public HotPlex logRedaction(LogRedaction value) {
        logs = Objects.requireNonNull(value, "logRedaction");
        return this;
    }

    /** Hears of what the engine does. */
    public HotPlex listener(EngineListener value) {
        listeners.add(value);
        return this;
    }

    /** Reads what all sessions write down, such as the hooks of {@code hotplex-hooks}. The engine closes it. */
    public HotPlex reader(JournalReader value) {
        readers.add(value);
        return this;
    }

    /**
     * Runs subscribers, completions and process starts. It may run tasks on virtual threads, and should not have a
     * small bound, since subscribers may block. The engine does not close it. By default daemon threads that come and
     * go.
     */
    public HotPlex executor(Executor value) {
        executor = value;
        return this;
    }

    /** Gives the time of records. */
    public HotPlex clock(Clock value) {
        clock = Objects.requireNonNull(value, "clock");
        return this;
    }

    /**
     * Opens the engine.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID or PROVIDER_UNKNOWN; then nothing was started
     */
    public Engine build() {
        Providers found =
                new Providers(factories, providerConfigs, providers, config.get(EngineConfig.DEFAULT_PROVIDER));
        Guards guards = new Guards(config.get(EngineConfig.GUARD), config.guardConfig(), guard, toolGuards);
        Journal chosenJournal = chosenJournal(guards);
        ProcessLauncher chosenLauncher = chosenLauncher(chosenJournal, guards);
        ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, threads("timer"));
        timer.setRemoveOnCancelPolicy(true);
        ExecutorService own = executor == null ? workers() : null;
        Executor chosenExecutor = own != null ? own : Objects.requireNonNull(executor);
        EngineParts parts = new EngineParts(
                config,
                chosenLauncher,
                guards,
                new RememberedApprovals(config.get(EngineConfig.STATE_DIRECTORY)),
                Secrets.of(secrets),
                logs,
                new GuardedListener(listeners),
                new GuardedReaders(readers),
                new Followers(
                        chosenExecutor,
                        config.get(EngineConfig.SUBSCRIPTION_BATCH),
                        config.get(EngineConfig.MERGE_BACKLOG)),
                chosenExecutor,
                new FewAtATime(chosenExecutor, Math.max(1, Runtime.getRuntime().availableProcessors() / 2)),
                timer,
                clock,
                System::nanoTime);
        logs.enabled(config.get(EngineConfig.REDACT_SECRETS));
        logs.learn(secrets);
        logs.counted(parts.listener()::onLogRedacted);
        try {
            PooledEngine engine = new PooledEngine(parts, found, chosenJournal, () -> end(timer, own, guards));
            engine.start();
            return engine;
        } catch (RuntimeException e) {
            end(timer, own, guards);
            parts.readers().close();
            found.close();
            chosenLauncher.close();
            chosenJournal.close();
            throw e;
        }
    }

    private Journal chosenJournal(Guards guards) {
        try {
            return journal != null ? journal : openJournal();
        } catch (RuntimeException e) {
            guards.close();
            throw e;
        }
    }

    private Journal openJournal() {
        return config.get(EngineConfig.JOURNAL).equals("memory")
                ? MemoryJournal.of(config)
                : Journals.open(config.journalConfig());
    }

    private ProcessLauncher chosenLauncher(Journal opened, Guards guards) {
        try {
            return launcher != null ? launcher : Providers.launcher(config.launcherConfig());
        } catch (RuntimeException e) {
            guards.close();
            opened.close();
            throw e;
        }
    }

    private static void end(ExecutorService timer, @Nullable ExecutorService own, Guards guards) {
        timer.shutdownNow();
        guards.close();
        if (own != null) {
            own.shutdown(); // what was accepted is still delivered
        }
    }

    /** No bound on threads: each session has one subscriber call and one start at a time, so sessions bound them. */
    private static ExecutorService workers() {
        return new ThreadPoolExecutor(
                0, Integer.MAX_VALUE, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), threads("worker"));
    }

    private static ThreadFactory threads(String role) {
        AtomicInteger count = new AtomicInteger();
        return task -> {
            Thread thread = new Thread(task, "hotplex-" + role + "-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        };
    }
}
