package io.hotplex.benchmarks;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.core.MemoryJournal;
import io.hotplex.os.LineFramer;
import io.hotplex.provider.claude.ClaudeProviderFactory;
import io.hotplex.testkit.provider.Transcript;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * How fast do an agent's bytes become events in the journal, compared with only looking at every JSON token of them?
 *
 * <p>The bytes are turns of a recorded conversation with Claude Code whose text deltas are repeated, 400 in each turn:
 * streamed answers are nearly all that a busy engine reads. Ours is what a line passes on the I/O thread: framing in
 * pieces of 64 KiB, the Claude protocol, the journal in memory. The baseline is one Jackson parser over all of the
 * bytes that asks for each token and for no text; a parser for each line is shown beside it. JMH runs them, in forks
 * that alternate.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EventThroughput implements Benchmark {
    private static final double GOAL = 0.60;
    private static final int TURNS = 10;
    private static final int DELTAS_PER_TURN = 400;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int MAX_LINE_BYTES = 64 << 20;
    private static final JsonFactory JSON = new JsonFactory();

    private final byte[] bytes = transcript();
    private final Clock clock = Clock.systemUTC();

    /** Made by JMH. */
    public EventThroughput() {}

    @Override
    public String name() {
        return "event-throughput";
    }

    @Override
    public String question() {
        return "How fast do an agent's bytes become events, against a walk over their JSON tokens?";
    }

    /** Frames, parses and keeps all of the transcript; returns the number of events. */
    @org.openjdk.jmh.annotations.Benchmark
    public long events() {
        try (MemoryJournal journal = new MemoryJournal(256 << 20, 16 << 20)) {
            SessionLog log = journal.open("benchmark");
            Keeper keeper = new Keeper(log, clock);
            AgentProtocol protocol = protocol();
            LineFramer framer = new LineFramer(MAX_LINE_BYTES);
            pieces((at, length) -> framer.feed(bytes, at, length, line -> protocol.receive(line, keeper)));
            return log.newest();
        }
    }

    /** Looks at every token; returns their number. */
    @org.openjdk.jmh.annotations.Benchmark
    public long tokens() throws IOException {
        long count = 0;
        try (JsonParser parser = JSON.createParser(bytes)) {
            while (parser.nextToken() != null) {
                count++;
            }
        }
        return count;
    }

    /** Frames, and looks at every token with a parser for each line, as any reader of lines must. */
    @org.openjdk.jmh.annotations.Benchmark
    public long tokensByLine() {
        long[] count = new long[1];
        LineFramer framer = new LineFramer(MAX_LINE_BYTES);
        pieces((at, length) -> framer.feed(bytes, at, length, line -> count[0] += tokens(line)));
        return count[0];
    }

    private static long tokens(AgentLine line) {
        long count = 0;
        try (JsonParser parser = JSON.createParser(line.bytes(), line.offset(), line.length())) {
            while (parser.nextToken() != null) {
                count++;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return count;
    }

    private interface Piece {
        void read(int at, int length);
    }

    private void pieces(Piece piece) {
        for (int at = 0; at < bytes.length; at += PIECE_BYTES) {
            piece.read(at, Math.min(PIECE_BYTES, bytes.length - at));
        }
    }

    @Override
    public List<Result> run(Options options) throws RunnerException {
        int rounds = options.quick() ? 1 : 4;
        Samples ours = new Samples();
        Samples walk = new Samples();
        Samples byLine = new Samples();
        double allocated = 0;
        for (int i = 0; i < rounds; i++) {
            RunResult run = jmh("events", options.quick());
            ours.add((long) run.getPrimaryResult().getScore());
            allocated = allocated(run);
            walk.add((long) jmh("tokens", options.quick()).getPrimaryResult().getScore());
            byLine.add((long)
                    jmh("tokensByLine", options.quick()).getPrimaryResult().getScore());
        }
        long events = events();
        Map<String, Object> details = Map.of(
                "bytes", bytes.length,
                "lines", lines(),
                "events", events,
                "eventsPerSecond", Math.round(events * 1e6 / ours.p50()),
                "allocatedPerEvent", Math.round(allocated / events));
        return List.of(
                compared("throughput, against one parser", ours, walk, true, details),
                compared("throughput, against a parser for each line", ours, byLine, false, details));
    }

    private Result compared(
            String measure, Samples ours, Samples baseline, boolean judged, Map<String, Object> details) {
        Result.Goal goal = new Result.Goal(">= " + GOAL, baseline.p50() / ours.p50() >= GOAL);
        double kilobytes = bytes.length / 1e3; // per microsecond: GB/s
        return new Result(
                measure, "GB/s", kilobytes / ours.p50(), kilobytes / baseline.p50(), judged ? goal : null, details);
    }

    private long lines() {
        long count = 0;
        for (byte each : bytes) {
            count += each == '\n' ? 1 : 0;
        }
        return count;
    }

    private static RunResult jmh(String method, boolean quick) throws RunnerException {
        if (quick) { // whose figures mean nothing, so another run on this machine may go on
            System.setProperty("jmh.ignoreLock", "true");
        }
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(EventThroughput.class.getName() + "\\." + method + "$")
                .verbosity(VerboseMode.SILENT)
                .addProfiler(GCProfiler.class)
                .shouldFailOnError(true)
                .forks(quick ? 0 : 1)
                .warmupIterations(quick ? 1 : 4)
                .warmupTime(quick ? TimeValue.milliseconds(50) : TimeValue.seconds(1))
                .measurementIterations(quick ? 1 : 5)
                .measurementTime(quick ? TimeValue.milliseconds(50) : TimeValue.seconds(1));
        return new Runner(options.build()).runSingle();
    }

    private static double allocated(RunResult run) {
        for (org.openjdk.jmh.results.Result<?> result :
                run.getSecondaryResults().values()) {
            if (result.getLabel().endsWith("alloc.rate.norm")) {
                return result.getScore();
            }
        }
        return Double.NaN;
    }

    private static AgentProtocol protocol() {
        LaunchRequest.Start start = new LaunchRequest.Start(
                LaunchRequest.Mode.NEW, UUID.randomUUID().toString(), null);
        SessionSpec spec = SessionSpec.builder("benchmark", Path.of("/")).build();
        return new ClaudeProviderFactory()
                .create(ProviderConfig.of("claude"))
                .launch(new LaunchRequest(spec, start))
                .protocol();
    }

    private static byte[] transcript() {
        List<String> recorded =
                Transcript.resource("claude/v2.1.330/03-partial-messages.ndjson").processes().get(0).entries().stream()
                        .filter(entry -> entry.direction() == Transcript.Direction.OUT)
                        .map(Transcript.Entry::line)
                        .toList();
        List<String> deltas = recorded.stream()
                .filter(line -> line.contains("\"text_delta\""))
                .toList();
        List<String> turn = new ArrayList<>();
        boolean repeated = false;
        for (String line : recorded) {
            turn.add(line);
            if (!repeated && deltas.contains(line)) {
                repeated = true;
                for (int i = deltas.size(); i < DELTAS_PER_TURN; i++) {
                    turn.add(deltas.get(i % deltas.size()));
                }
            }
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < TURNS; i++) {
            for (String line : turn) {
                bytes.writeBytes(line.getBytes(StandardCharsets.UTF_8));
                bytes.write('\n');
            }
        }
        return bytes.toByteArray();
    }

    /** Appends what the protocol says, as the engine does. */
    private static final class Keeper implements ProtocolSink {
        private final SessionLog log;
        private final Clock clock;

        Keeper(SessionLog log, Clock clock) {
            this.log = log;
            this.clock = clock;
        }

        @Override
        public void send(byte[] line) {
            // nobody is there
        }

        @Override
        public void event(AgentEvent event) {
            log.append("turn", clock.instant(), event);
        }

        @Override
        public void toolCall(String callId, ToolCall call) {}

        @Override
        public void ready() {
            // it was not started
        }

        @Override
        public void turnStarted(@Nullable String turnId) {
            event(new AgentEvent.TurnStarted(AgentEvent.Origin.AGENT, null, null));
        }

        @Override
        public void turnEnded(@Nullable String turnId, TurnEnd end) {
            event(new AgentEvent.TurnCompleted(end.text(), TokenUsage.ZERO, null, Duration.ZERO, null, null));
        }

        @Override
        public void agentSession(String agentSessionId, String reason) {
            // the recording's own
        }

        @Override
        public void commandEnded(String commandId, @Nullable String error) {
            // there are none
        }
    }
}
