package io.hotplex.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * What do 1,000 idle sessions cost, in threads, memory and time to start?
 *
 * <p>Each session had one turn and has a living agent, {@code cat}. The baseline is a {@link Process} and two reader
 * threads for each. Each side runs in a JVM of its own ({@link IdleProbe}), one after the other, with a heap of fixed
 * size whose pages are all touched at the start: so growth of the resident memory is what lies outside of the heap, and
 * the bytes of a session are that plus the growth of the live heap. Memory of the kernel and of the agents does not
 * count. Everything is measured for sessions beyond the first 100; the threads of all, with those of the engine, are
 * told beside it.
 */
final class IdleSessions implements Benchmark {
    private static final int MOST_THREADS = 2;
    private static final double MOST_KIB = 40;
    private static final ObjectMapper JSON = new ObjectMapper();

    @Override
    public String name() {
        return "idle-sessions";
    }

    @Override
    public String question() {
        return "What do 1,000 idle sessions cost, in threads, memory and time to start?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int count = options.quick() ? 10 : 1_000;
        JsonNode ours = probe("engine", count);
        JsonNode bare = probe("bare", count);
        double threads = ours.path("threads").asDouble();
        double kib = kib(ours, count);
        return List.of(
                new Result(
                        "threads for " + count + " sessions more",
                        "",
                        threads,
                        bare.path("threads").asDouble(),
                        new Result.Goal("<= " + MOST_THREADS, threads <= MOST_THREADS),
                        Map.of(
                                "inAll", ours.path("threadsInAll").asInt(),
                                "baselineInAll", bare.path("threadsInAll").asInt())),
                new Result(
                        "JVM memory per session",
                        "KiB",
                        kib,
                        kib(bare, count),
                        new Result.Goal("<= 40", kib <= MOST_KIB),
                        Map.of(
                                "heapKib", ours.path("heapBytes").asDouble() / count / 1024,
                                "residentKib", ours.path("residentBytes").asDouble() / count / 1024,
                                "baselineHeapKib", bare.path("heapBytes").asDouble() / count / 1024,
                                "baselineResidentKib",
                                        bare.path("residentBytes").asDouble() / count / 1024)),
                new Result(
                        "starts, each with a first answer",
                        "1/s",
                        count / ours.path("seconds").asDouble(),
                        count / bare.path("seconds").asDouble(),
                        null,
                        Map.of()));
    }

    private static double kib(JsonNode probe, int count) {
        return (probe.path("heapBytes").asDouble() + probe.path("residentBytes").asDouble()) / count / 1024;
    }

    private static JsonNode probe(String side, int count) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xms512m",
                        "-Xmx512m",
                        "-XX:+AlwaysPreTouch",
                        "-cp",
                        System.getProperty("java.class.path"),
                        IdleProbe.class.getName(),
                        side,
                        Integer.toString(count))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            String line = out.readLine();
            if (process.waitFor() != 0 || line == null) {
                throw new IllegalStateException("the probe of '" + side + "' failed");
            }
            return JSON.readTree(line);
        }
    }
}
