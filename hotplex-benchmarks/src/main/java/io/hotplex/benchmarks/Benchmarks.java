package io.hotplex.benchmarks;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.testkit.agent.InstalledAgents;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Runs benchmarks and prints what came out: a table for people, and one JSON object per result, with the machine, for
 * keeping.
 *
 * <p>{@code java -jar benchmarks.jar [name …] [--quick] [--claude=path,path]}; without a name all of them run, one
 * after the other; {@code --list} tells the names. The programs of Claude Code and OpenCode are by default those that
 * {@code npm ci} in {@code hotplex-e2e} installed, in the repository that it is run in.
 */
public final class Benchmarks {
    private static final List<Benchmark> ALL = List.of(
            new HotTurnEcho(),
            new HotTurnClaude(),
            new HotTurnOpenCode(),
            new EventThroughput(),
            new IdleSessions(),
            new ProcessStart(),
            new ConfinedStart(),
            new ServerStart(),
            new JournalThroughput(),
            new HotTurnJournal(),
            new Gateway(),
            new GuardDecisions(),
            new HookCosts(),
            new OpenCodeGateway());

    private static final ObjectMapper JSON = new ObjectMapper();

    private Benchmarks() {}

    /** All benchmarks. */
    static List<Benchmark> all() {
        return ALL;
    }

    /** Runs what the arguments name; ends with status 2 when they cannot be understood. */
    public static void main(String[] arguments) throws Exception {
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
        boolean quick = false;
        String postgresql = null;
        Path here = Path.of("").toAbsolutePath();
        List<Path> claudes = agents(here).claudes();
        List<Benchmark> chosen = new ArrayList<>();
        for (String argument : arguments) {
            Benchmark named = byName(argument);
            if (named != null) {
                chosen.add(named);
            } else if (argument.equals("--quick")) {
                quick = true;
            } else if (argument.startsWith("--claude=")) {
                claudes = Stream.of(argument.substring("--claude=".length()).split(",", -1))
                        .map(Path::of)
                        .toList();
                claudes.stream().filter(program -> !Files.isExecutable(program)).forEach(program -> {
                    System.err.println("--claude: " + program + " (expected: a program)");
                    System.exit(2);
                });
            } else if (argument.startsWith("--postgresql=")) {
                postgresql = argument.substring("--postgresql=".length());
            } else {
                usage(argument.equals("--list") ? System.out : System.err);
                System.exit(argument.equals("--list") ? 0 : 2);
            }
        }
        Options options = new Options(
                quick,
                claudes,
                builtDistribution(here),
                postgresql,
                agents(here).openCode().orElse(null));
        for (Benchmark benchmark : chosen.isEmpty() ? ALL : chosen) {
            run(benchmark, options, System.out);
        }
        System.exit(0); // whatever threads a baseline may have left
    }

    private static @Nullable Benchmark byName(String name) {
        return ALL.stream()
                .filter(benchmark -> benchmark.name().equals(name))
                .findFirst()
                .orElse(null);
    }

    private static void usage(PrintStream out) {
        out.println("benchmarks.jar [name ...] [--quick] [--claude=path,path] [--postgresql=url]");
        ALL.forEach(benchmark -> out.printf("  %-18s %s%n", benchmark.name(), benchmark.question()));
    }

    /** Runs one benchmark and prints its results. */
    static List<Result> run(Benchmark benchmark, Options options, PrintStream out) throws Exception {
        Map<String, Object> machine = Machine.facts();
        out.printf("%n%s: %s%n%s%n", benchmark.name(), benchmark.question(), machine);
        String missing = benchmark.missing(options);
        if (missing != null) {
            out.println("left out, since it is not there: " + missing);
        }
        Double before = Machine.load();
        List<Result> results = benchmark.run(options);
        Double after = Machine.load();
        out.printf("load %s at the start, %s at the end%n", before, after);
        print(results, out);
        for (Result result : results) {
            Map<String, Object> line = new LinkedHashMap<>();
            line.put("benchmark", benchmark.name());
            line.put("quick", options.quick());
            line.putAll(fields(result));
            line.put("loadBefore", before);
            line.put("loadAfter", after);
            line.putAll(machine);
            out.println(json(line));
        }
        return results;
    }

    private static void print(List<Result> results, PrintStream out) {
        if (results.isEmpty()) {
            out.println("nothing was measured");
            return;
        }
        String row = "%-44s %12s %12s %-6s %7s  %s%n";
        out.printf(row, "measure", "hotplex", "baseline", "unit", "ratio", "goal");
        for (Result result : results) {
            Result.Goal goal = result.goal();
            out.printf(
                    row,
                    result.measure(),
                    number(result.subject()),
                    number(result.baseline()),
                    result.unit(),
                    String.format(Locale.ROOT, "%.2f", result.ratio()),
                    goal == null ? "" : goal.text() + (goal.met() ? ": met" : ": MISSED"));
        }
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, Math.abs(value) < 10 ? "%.3f" : "%,.1f", value);
    }

    private static Map<String, Object> fields(Result result) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("measure", result.measure());
        fields.put("unit", result.unit());
        fields.put("subject", result.subject());
        fields.put("baseline", result.baseline());
        fields.put("ratio", result.ratio());
        Result.Goal goal = result.goal();
        if (goal != null) {
            fields.put("goal", goal.text());
            fields.put("met", goal.met());
        }
        fields.putAll(result.details());
        return fields;
    }

    private static String json(Map<String, Object> line) {
        try {
            return JSON.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a map of plain values cannot be written", e);
        }
    }

    /** The distribution that {@code mvn package} made, looked for in a directory and those above it. */
    static @Nullable Path builtDistribution(Path from) {
        Path built = above(from, "hotplex-server-netty/target/hotplex");
        return Files.isExecutable(built.resolve("bin/hotplex")) ? built : null;
    }

    /** What npm installed for the end-to-end tests, looked for in a directory and those above it. */
    static InstalledAgents agents(Path from) {
        return InstalledAgents.in(above(from, "hotplex-e2e/node_modules"));
    }

    /** What is there, or nothing that is. */
    private static Path above(Path from, String name) {
        for (Path directory = from; directory != null; directory = directory.getParent()) {
            if (Files.exists(directory.resolve(name))) {
                return directory.resolve(name);
            }
        }
        return from.resolve(name);
    }
}
