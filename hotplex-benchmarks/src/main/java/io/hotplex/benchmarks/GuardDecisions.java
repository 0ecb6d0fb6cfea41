package io.hotplex.benchmarks;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Guard;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.guard.RuleGuardProvider;
import io.hotplex.testkit.guard.GuardCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;

/**
 * What does it cost to look at a prompt and at a tool call, and can a text make it slow?
 *
 * <p>The prompt is looked at with the rules that come with the guard and sixty more; the baseline searches with the
 * same expressions in {@code java.util.regex}, one after the other. The hostile text has a literal of a rule
 * everywhere, and matches none; the hostile expression is one that {@code java.util.regex} goes back in, stopped after
 * five seconds.
 */
final class GuardDecisions implements Benchmark {
    private static final int LARGE = 100_000;
    private static final int SMALL = 2_000;
    private static final double LARGE_GOAL_MICROS = 3_000;
    private static final double SMALL_GOAL_MICROS = 200;
    private static final double CALL_GOAL_MICROS = 1_000;
    /** A curve is a line when its end is no steeper than its beginning, with room for caches that overflow. */
    private static final double LINEAR = 2;

    /** The baseline takes so much longer that fewer rounds have to do. */
    private static final int BASELINE_EACH = 10;

    /** Of each size, the best of which counts: the largest takes ten seconds and more. */
    private static final int HOSTILE_ROUNDS = 3;

    private static final int TURNS = 2_000;
    private static final int PROCESSES = 6;
    /** Two processes of one program differ by this much. */
    private static final double NOT_MEASURABLE = 1.05;

    private static final long STUCK_NANOS = 5_000_000_000L;

    @Override
    public String name() {
        return "guard";
    }

    @Override
    public String question() {
        return "What does it cost to look at a prompt and at a tool call, and can a text make it slow?";
    }

    @Override
    public List<Result> run(Options options) throws Exception {
        int rounds = options.quick() ? 3 : 100;
        List<Rule> rules = rules();
        List<Pattern> patterns =
                rules.stream().map(rule -> Pattern.compile(rule.regex())).toList();
        try (Scratch scratch = new Scratch();
                Guard guard = guard(scratch.directory("rules"), rules)) {
            SessionSpec spec =
                    SessionSpec.builder("s", Path.of("/projects/one")).build();
            List<Result> results = new ArrayList<>();
            results.add(
                    prompt("prompt of 100 KB without a hit", guard, spec, patterns, LARGE, rounds, LARGE_GOAL_MICROS));
            results.add(
                    prompt("prompt of 2 KB without a hit", guard, spec, patterns, SMALL, rounds, SMALL_GOAL_MICROS));
            results.add(hostile(guard, spec, options.quick()));
            results.add(stuck(guard, spec, options.quick()));
            results.add(calls(guard, spec, options.quick()));
            results.add(hotTurn(scratch, options.quick()));
            return results;
        }
    }

    private record Rule(String regex, String literal) {}

    /** Secrets, commands and tricks, as rule sets have them. */
    private static List<Rule> rules() {
        List<Rule> rules = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            rules.add(new Rule("\\bkey" + i + "_[A-Za-z0-9]{20,40}\\b", "key" + i + "_"));
            rules.add(new Rule("\\btool" + i + "\\s+(-\\w+\\s+)*--force\\s+/\\w*", "tool" + i));
            rules.add(new Rule("(ignore|forget)\\s+(all\\s+)?(the\\s+)?rules?\\s+of\\s+part" + i, "part" + i));
        }
        return rules;
    }

    private static Guard guard(Path directory, List<Rule> rules) throws Exception {
        StringBuilder yaml = new StringBuilder("rules:\n");
        int number = 0;
        rules = new ArrayList<>(rules);
        rules.add(new Rule("^(.*?,){14}P", ",,"));
        for (Rule rule : rules) {
            String example = rule.regex().startsWith("\\bkey")
                    ? rule.literal() + "a".repeat(30)
                    : rule.regex().startsWith("\\btool")
                            ? rule.literal() + " --force /x"
                            : rule.regex().startsWith("^") ? ",".repeat(14) + "P" : "ignore rules of " + rule.literal();
            yaml.append("  - id: bench-")
                    .append(number++)
                    .append(
                            "\n    category: bench\n    level: high\n    decision: deny\n    message: no\n    prompt: {regex: '")
                    .append(rule.regex())
                    .append("', literals: ['")
                    .append(rule.literal())
                    .append("']}\n    examples: {match: ['")
                    .append(example)
                    .append("']}\n");
        }
        Files.writeString(directory.resolve("bench.yaml"), yaml);
        return new RuleGuardProvider()
                .open(new GuardConfig(true, List.of(directory), List.of(), Action.ASK, Action.NONE, List.of()));
    }

    private static Result prompt(
            String measure, Guard guard, SessionSpec spec, List<Pattern> patterns, int size, int rounds, double goal) {
        String text = prose(size);
        Prompt prompt = Prompt.of(text);
        Samples ours = new Samples();
        Samples theirs = new Samples();
        for (int i = 0; i < 2 * rounds; i++) {
            if (i == rounds) {
                ours.clear();
                theirs.clear();
            }
            ours.add(nanos(() -> guard.prompts().check(spec, prompt) instanceof PromptGuard.Decision.Allow ? 1 : 0));
            if ((i - rounds) % BASELINE_EACH != 0) { // among the first, too
                continue;
            }
            theirs.add(nanos(
                    () -> patterns.stream().anyMatch(p -> p.matcher(text).find()) ? 1 : 0));
        }
        return new Result(
                measure,
                "us",
                ours.p50(),
                theirs.p50(),
                new Result.Goal("<= " + goal, ours.p50() <= goal),
                Map.of("p99", ours.p99(), "nanosPerByte", 1000 * ours.p50() / size, "rounds", rounds));
    }

    private static Result hostile(Guard guard, SessionSpec spec, boolean quick) {
        Map<String, Object> curve = new LinkedHashMap<>();
        double first = 0;
        double last = 0;
        Prompt warmUp = Prompt.of("part7 of rules, ".repeat(quick ? 1 : 6_000));
        for (int i = 0; i < HOSTILE_ROUNDS; i++) {
            var unused = guard.prompts().check(spec, warmUp);
        }
        for (int size :
                quick ? new int[] {10_000, 100_000} : new int[] {100_000, 300_000, 1_000_000, 3_000_000, 10_000_000}) {
            Prompt prompt = Prompt.of("part7 of rules, ".repeat(size / 16));
            Samples samples = new Samples();
            for (int i = 0; i < HOSTILE_ROUNDS; i++) {
                samples.add(
                        nanos(() -> guard.prompts().check(spec, prompt) instanceof PromptGuard.Decision.Allow ? 1 : 0));
            }
            last = 1000 * samples.micros(0) / size;
            first = first == 0 ? last : first;
            curve.put("nanosPerByteAt" + size, last);
        }
        return new Result(
                "hostile text: per byte at the most, at the least",
                "ns",
                last,
                first,
                new Result.Goal("<= " + LINEAR + " times", last <= LINEAR * first),
                curve);
    }

    /** The same expression, the same text: linear here, without end there. */
    private static Result stuck(Guard guard, SessionSpec spec, boolean quick) {
        String text = "x,,".repeat(quick ? 8 : 40);
        Prompt prompt = Prompt.of(text);
        Samples ours = new Samples();
        for (int i = 0; i < 100; i++) {
            ours.add(nanos(() -> guard.prompts().check(spec, prompt) instanceof PromptGuard.Decision.Allow ? 1 : 0));
        }
        Pattern pattern = Pattern.compile("^(.*?,){14}P");
        long start = System.nanoTime();
        long limit = quick ? STUCK_NANOS / 50 : STUCK_NANOS;
        boolean stuck = false;
        try {
            var unused = pattern.matcher(new Limited(text, start + limit)).find();
        } catch (StuckException e) {
            stuck = true;
        }
        return new Result(
                "an expression that goes back, on " + text.length() + " characters",
                "us",
                ours.p50(),
                (System.nanoTime() - start) / 1000.0,
                null,
                Map.of("baselineStopped", stuck));
    }

    /** Text that cannot be read any more after a time, which is how a search in it is stopped. */
    private record Limited(String text, long deadline) implements CharSequence {
        @Override
        public int length() {
            return text.length();
        }

        @Override
        public char charAt(int index) {
            if (System.nanoTime() - deadline > 0) {
                throw new StuckException();
            }
            return text.charAt(index);
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class StuckException extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static Result calls(Guard guard, SessionSpec spec, boolean quick) {
        List<ToolCall> calls = new ArrayList<>();
        GuardCorpus.dangerousCommands().forEach(sample -> calls.add(call(sample.text())));
        GuardCorpus.harmlessCommands().forEach(sample -> calls.add(call(sample.text())));
        Samples samples = new Samples();
        for (int round = 0; round < (quick ? 1 : 30); round++) {
            samples.clear();
            for (ToolCall call : calls) {
                samples.add(nanos(() -> guard.tools().check(spec, call).action() == Action.DENY ? 1 : 0));
            }
        }
        return new Result(
                "decision on a tool call, p99",
                "us",
                samples.p99(),
                samples.p50(),
                new Result.Goal("<= " + CALL_GOAL_MICROS, quick || samples.p99() <= CALL_GOAL_MICROS),
                Map.of("calls", calls.size(), "most", samples.micros(1)));
    }

    /** Turns of an agent that costs nothing, in turn by an engine with the guard and by one without. */
    private static Result hotTurn(Scratch scratch, boolean quick) throws IOException {
        String agent = EchoAgent.write(scratch.directory("agent")).toString();
        Samples with = new Samples();
        Samples without = new Samples();
        int processes = quick ? 1 : PROCESSES;
        int turns = quick ? 3 : TURNS;
        try (Engine guarded = engine("on", agent, scratch);
                Engine bare = engine("off", agent, scratch)) {
            for (int process = 0; process < processes; process++) {
                SessionSpec spec = SessionSpec.builder("s" + process, scratch.directory("work"))
                        .build();
                Session ours = guarded.open(spec);
                Session theirs = bare.open(spec);
                InTurn.measure(quick ? 0 : TURNS, () -> turn(ours), () -> turn(theirs));
                InTurn ofProcess = InTurn.measure(turns, () -> turn(ours), () -> turn(theirs));
                with.add((long) (1000 * ofProcess.ours().p50()));
                without.add((long) (1000 * ofProcess.theirs().p50()));
                ours.close().toCompletableFuture().join();
                theirs.close().toCompletableFuture().join();
            }
        }
        return new Result(
                "hot turn of an echo agent with the guard, without, p50",
                "us",
                with.p50(),
                without.p50(),
                new Result.Goal("<= " + NOT_MEASURABLE, quick || with.p50() <= NOT_MEASURABLE * without.p50()),
                Map.of("turns", turns * processes, "addedMicros", with.p50() - without.p50()));
    }

    private static Engine engine(String guard, String agent, Scratch scratch) {
        return HotPlex.builder()
                .config(EngineConfig.builder()
                        .set(EngineConfig.STATE_DIRECTORY, scratch.directory("state-" + guard))
                        .set(EngineConfig.NAMESPACE, guard)
                        .set(EngineConfig.GUARD, guard)
                        .build())
                .provider(ProviderConfig.of("claude").with("command", agent))
                .build();
    }

    private static long turn(Session session) {
        long start = System.nanoTime();
        session.submit(Prompt.of("Say hello to whoever reads this, and tell what day it is."))
                .result()
                .toCompletableFuture()
                .join();
        return System.nanoTime() - start;
    }

    private static ToolCall call(String command) {
        return new ToolCall("c", "Bash", ToolKind.EXECUTE, Map.of("command", command));
    }

    private static long nanos(LongSupplier work) {
        long start = System.nanoTime();
        long answer = work.getAsLong();
        return System.nanoTime() - start + (answer == Long.MIN_VALUE ? 1 : 0); // so that the work is done
    }

    private static String prose(int size) {
        StringBuilder text = new StringBuilder(size);
        for (int i = 0; text.length() < size; i++) {
            text.append("Please look at the parser of module ")
                    .append(i)
                    .append(" and tell why tests of it are slow.\n");
        }
        return text.substring(0, size);
    }
}
