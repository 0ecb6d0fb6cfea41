package io.hotplex.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * One side of {@link IdleSessions} in a JVM of its own: starts agents, lets each answer once, waits until all is quiet,
 * and prints what that took as one JSON object. Arguments: {@code engine} or {@code bare}, and how many.
 */
final class IdleProbe {
    /** As many as the engine starts at a time. */
    private static final int STARTERS = EngineConfig.MAX_STARTING_PROCESSES.defaultValue();

    /** Agents that run before anything is measured: classes are loaded, code is compiled, tables have grown. */
    static final int FIRST = 100;

    /** Longer than the engine's workers stay without work. */
    private static final Duration QUIET = Duration.ofSeconds(12);

    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private IdleProbe() {}

    /** Agents that run until they are closed. */
    private interface Agents extends AutoCloseable {
        /** Starts that many more; returns when each has answered. */
        void start(int count) throws Exception;

        @Override
        void close();
    }

    /** Never returns: the agents end with the JVM, or are ended by it. */
    public static void main(String[] arguments) throws Exception {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        int count = Integer.parseInt(arguments[1]);
        boolean quick = count < FIRST;
        int threadsAtFirst = THREADS.getThreadCount();
        try (Scratch scratch = new Scratch();
                Agents agents = arguments[0].equals("engine") ? new Sessions(scratch, count + FIRST) : new Pipes()) {
            agents.start(FIRST);
            settle(quick);
            State before = State.now();
            long start = System.nanoTime();
            agents.start(count);
            double seconds = (System.nanoTime() - start) / 1e9;
            settle(quick);
            State after = State.now();
            Map<String, Object> figures = new LinkedHashMap<>();
            figures.put("threads", after.threads - before.threads);
            figures.put("threadsInAll", after.threads - threadsAtFirst);
            figures.put("heapBytes", after.heapBytes - before.heapBytes);
            figures.put("residentBytes", after.residentBytes - before.residentBytes);
            figures.put("seconds", seconds);
            System.out.println(new ObjectMapper().writeValueAsString(figures));
        }
        System.exit(0);
    }

    /** What the JVM holds. */
    private record State(int threads, long heapBytes, long residentBytes) {
        static State now() {
            for (int i = 0; i < 3; i++) {
                System.gc();
            }
            Long resident = Machine.residentBytes();
            return new State(
                    THREADS.getThreadCount(),
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed(),
                    resident == null ? 0 : resident);
        }
    }

    /** Waits until no thread came or went for a while. */
    private static void settle(boolean quick) throws InterruptedException {
        CountDownLatch never = new CountDownLatch(1);
        long quietNanos = quick ? TimeUnit.MILLISECONDS.toNanos(100) : QUIET.toNanos();
        int threads = THREADS.getThreadCount();
        long since = System.nanoTime();
        while (System.nanoTime() - since < quietNanos && !never.await(20, TimeUnit.MILLISECONDS)) {
            if (THREADS.getThreadCount() != threads) {
                threads = THREADS.getThreadCount();
                since = System.nanoTime();
            }
        }
    }

    /** Sessions of an engine. */
    private static final class Sessions implements Agents {
        private final Scratch scratch;
        private final Engine engine;
        private int opened;

        Sessions(Scratch scratch, int most) {
            this.scratch = scratch;
            EngineConfig config = EngineConfig.builder()
                    .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state"))
                    .set(EngineConfig.MAX_PROCESSES, most)
                    .set(EngineConfig.MAX_SESSIONS_PER_OWNER, most)
                    .set(EngineConfig.ADMISSION_TIMEOUT, Duration.ofMinutes(10))
                    .build();
            engine =
                    HotPlex.builder().config(config).provider(new CatProvider()).build();
        }

        @Override
        public void start(int count) {
            List<Turn> turns = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                Session session = engine.open(SessionSpec.builder("session-" + opened++, scratch.root())
                        .build());
                turns.add(session.submit(Prompt.of("hello")));
            }
            for (Turn turn : turns) {
                var result = turn.result().toCompletableFuture().join();
                if (!result.completed()) {
                    throw new IllegalStateException("the turn ended with " + result.end());
                }
            }
        }

        @Override
        public void close() {
            engine.close();
        }
    }

    /** Processes of the JDK with a thread for each of their outputs. */
    private static final class Pipes implements Agents {
        private final List<Process> processes = new ArrayList<>();

        @Override
        public void start(int count) throws Exception {
            ExecutorService starters = Executors.newFixedThreadPool(STARTERS);
            try {
                List<Callable<Process>> starts = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    starts.add(Pipes::startOne);
                }
                for (Future<Process> started : starters.invokeAll(starts)) {
                    processes.add(started.get());
                }
            } finally {
                starters.shutdown();
            }
        }

        private static Process startOne() throws IOException, InterruptedException {
            Process process = new ProcessBuilder(CatProvider.CAT).start();
            CountDownLatch answered = new CountDownLatch(1);
            reader(process.inputReader(StandardCharsets.UTF_8), answered);
            reader(
                    new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8)),
                    answered);
            process.getOutputStream().write("hello\n".getBytes(StandardCharsets.UTF_8));
            process.getOutputStream().flush();
            if (!answered.await(1, TimeUnit.MINUTES)) {
                throw new IllegalStateException("no answer");
            }
            return process;
        }

        private static void reader(BufferedReader lines, CountDownLatch answered) {
            Thread thread = new Thread(() -> {
                try (lines) {
                    while (lines.readLine() != null) {
                        answered.countDown();
                    }
                } catch (IOException e) {
                    // the process was destroyed
                }
            });
            thread.setDaemon(true);
            thread.start();
        }

        @Override
        public void close() {
            processes.forEach(Process::destroyForcibly);
        }
    }
}
