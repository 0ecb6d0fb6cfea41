package io.hotplex.core;

import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.ProcessUsage;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A provider and a launcher without processes: the test says what the agent says, in a line protocol of words, and sees
 * what the engine wrote. Thread-safe.
 *
 * <p>Lines: {@code ready}, {@code delta TEXT}, {@code done TEXT}, {@code fail CODE MESSAGE}, {@code aborted},
 * {@code ask ID}, {@code withdraw ID}, {@code own} (a turn of its own begins), {@code owndone TEXT}, {@code renamed
 * ID}, {@code ok COMMAND}, {@code nok COMMAND}, {@code steer-runs TURN}, {@code merged TURN}, {@code throw}.
 */
final class FakeAgents implements AgentProvider, ProcessLauncher {
    final List<FakeProcess> processes = new CopyOnWriteArrayList<>();
    final Deque<HotPlexException> launchFailures = new ArrayDeque<>();
    final Set<Capability> capabilities = EnumSet.allOf(Capability.class);
    final AtomicBoolean closed = new AtomicBoolean();

    /** What {@link #endLeftBehind} was asked to end, and what it says. */
    final List<String> askedToEnd = new CopyOnWriteArrayList<>();

    volatile boolean leftBehindDies = true;
    volatile Launch.Starter starter = Launch.Starter.PROCESS;
    volatile Runnable onClose = () -> {};
    private final String name;

    FakeAgents(String name) {
        this.name = name;
    }

    /** The process of a generation, as soon as it was launched. */
    FakeProcess process(int number) {
        await().until(() -> processes.size() >= number);
        return processes.get(number - 1);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<Capability> capabilities() {
        return capabilities;
    }

    @Override
    public void check(SessionSpec spec) {
        if ("no-such-model".equals(spec.model())) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "model: unknown");
        }
    }

    @Override
    public Launch launch(LaunchRequest request) {
        String start = request.start().mode() + " " + request.start().agentSessionId() + " "
                + request.start().forkedFrom() + " model=" + request.spec().model() + " mode="
                + request.spec().permissionMode();
        Map<String, String> environment = new HashMap<>(request.spec().environment());
        environment.put("ADDED", "1");
        return new Launch(
                        List.of("fake", start),
                        environment,
                        List.of("FAKE_*"),
                        List.of(Path.of("/fake/state")),
                        List.of(Path.of("/fake/state/settings")),
                        new WordProtocol())
                .startedBy(starter);
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return new ProviderProbe(true, "fake", "1", "fake");
    }

    @Override
    public Info info() {
        return new Info("fake", List.of());
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        HotPlexException failure = launchFailures.poll();
        if (failure != null) {
            throw failure;
        }
        FakeProcess process = new FakeProcess(1000 + processes.size(), spec, listener);
        processes.add(process);
        return process;
    }

    @Override
    public boolean endLeftBehind(String identity) {
        askedToEnd.add(identity);
        return leftBehindDies;
    }

    @Override
    public void close() {
        onClose.run();
        closed.set(true);
        processes.stream().filter(p -> !p.immortal).forEach(p -> p.exit(null, 9));
    }

    /** A process that is nothing but lists. */
    static final class FakeProcess implements AgentProcess {
        final ProcessSpec spec;
        final List<String> written = new CopyOnWriteArrayList<>();
        final List<String> signals = new CopyOnWriteArrayList<>();
        volatile boolean full;
        volatile boolean immortal;
        volatile boolean reading = true;
        /** What its end tells of descendants. */
        volatile ProcessListener.@Nullable Cleanup cleanup;

        volatile Isolation.Applied isolation = Isolation.Applied.NONE;
        volatile Optional<ProcessUsage> usage = Optional.empty();
        final AtomicInteger usageCalls = new AtomicInteger();
        final AtomicInteger pauses = new AtomicInteger();
        private final long pid;
        private final ProcessListener listener;
        private final AtomicBoolean gone = new AtomicBoolean();

        FakeProcess(long pid, ProcessSpec spec, ProcessListener listener) {
            this.pid = pid;
            this.spec = spec;
            this.listener = listener;
        }

        /** How it was started: mode, id, forked from. */
        String start() {
            return spec.command().get(1);
        }

        FakeProcess say(String... lines) {
            for (String line : lines) {
                byte[] bytes = line.getBytes(StandardCharsets.UTF_8);
                listener.onLine(new AgentLine(bytes, 0, bytes.length, false));
            }
            return this;
        }

        /** Waits for what the engine writes. */
        FakeProcess expect(String prefix) {
            await(prefix).until(() -> written.stream().anyMatch(line -> line.startsWith(prefix)));
            return this;
        }

        void endOutput() {
            listener.onOutputEnd();
        }

        void exit(@Nullable Integer code, @Nullable Integer signal, String... stderr) {
            exit(new ExitStatus(code, signal), stderr);
        }

        void exit(ExitStatus status, String... stderr) {
            if (gone.compareAndSet(false, true)) {
                listener.onOutputEnd();
                listener.onExit(new ProcessListener.Exit(status, List.of(stderr), cleanup));
            }
        }

        boolean isGone() {
            return gone.get();
        }

        @Override
        public long pid() {
            return pid;
        }

        @Override
        public String identity() {
            return "fake " + pid;
        }

        @Override
        public boolean write(byte[] data) {
            if (!full) {
                written.add(new String(data, StandardCharsets.UTF_8).strip());
            }
            return !full;
        }

        @Override
        public void closeInput() {
            signals.add("eof");
        }

        @Override
        public void reading(boolean on) {
            reading = on;
            if (!on) {
                pauses.incrementAndGet();
            }
        }

        @Override
        public Isolation.Applied isolation() {
            return isolation;
        }

        @Override
        public Optional<ProcessUsage> usage() {
            usageCalls.incrementAndGet();
            return usage;
        }

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            signals.add("terminate " + eofGrace.toMillis() + " " + termGrace.toMillis());
            if (!immortal) {
                exit(null, 15);
            }
        }
    }

    /** See the class comment. */
    private static final class WordProtocol implements AgentProtocol {
        private @Nullable String turn;

        @Override
        public void started(ProtocolSink sink) {
            send(sink, "hello");
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            String[] words = line.text().split(" ", 2);
            String rest = words.length > 1 ? words[1] : "";
            TokenUsage usage = new TokenUsage(1, 2, 0, 0);
            switch (words[0]) {
                case "ready" -> sink.ready();
                case "delta" -> sink.event(new AgentEvent.TextDelta("m", 0, rest, null));
                case "done" -> end(sink, ProtocolSink.TurnEnd.completed(rest, usage, 0.5, "end_turn"));
                case "fail" ->
                    end(
                            sink,
                            ProtocolSink.TurnEnd.failed(ErrorCode.valueOf(rest.split(" ", -1)[0]), rest, usage, null));
                case "aborted" -> end(sink, ProtocolSink.TurnEnd.interrupted("", usage, null));
                case "ask" -> {
                    String[] parts = rest.split(" ", 2);
                    Map<String, Object> input = parts.length < 2 ? Map.of() : Map.of("command", parts[1]);
                    sink.event(new AgentEvent.PermissionRequested(parts[0], null, "Bash", input, "", List.of()));
                }
                case "tool" -> {
                    String[] parts = rest.split(" ", 2);
                    sink.toolCall(
                            parts[0],
                            new ToolCall(parts[0], "Bash", AgentEvent.ToolKind.EXECUTE, Map.of("command", parts[1])));
                }
                case "question" -> sink.event(new AgentEvent.QuestionAsked(rest, null, List.of()));
                case "withdraw" ->
                    sink.event(new AgentEvent.PermissionResolved(rest, AgentEvent.Resolution.WITHDRAWN, "agent", null));
                case "own" -> sink.turnStarted(null);
                case "owndone" -> sink.turnEnded(null, ProtocolSink.TurnEnd.completed(rest, usage, null, null));
                case "renamed" -> sink.agentSession(rest, "cleared");
                case "ok" -> sink.commandEnded(rest, null);
                case "nok" -> sink.commandEnded(rest, "no");
                case "steer-runs" -> {
                    turn = rest;
                    sink.turnStarted(rest);
                }
                case "merged" ->
                    sink.turnEnded(
                            rest,
                            ProtocolSink.TurnEnd.completed("", usage, null, null)
                                    .mergedInto(String.valueOf(turn)));
                case "throw" -> throw new IllegalStateException("planted");
                default -> sink.event(new AgentEvent.Raw(words[0], line.text(), false));
            }
        }

        private void end(ProtocolSink sink, ProtocolSink.TurnEnd end) {
            if (turn != null) {
                String ended = turn;
                turn = null;
                sink.turnEnded(ended, end);
            }
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            turn = turnId;
            send(sink, "prompt " + prompt.text());
        }

        @Override
        public boolean steer(String turnId, Prompt prompt, ProtocolSink sink) {
            if (prompt.text().startsWith("unsteerable")) {
                return false;
            }
            send(sink, "steer " + turnId + " " + prompt.text());
            return true;
        }

        @Override
        public void interrupt(ProtocolSink sink) {
            send(sink, "interrupt");
        }

        @Override
        public void decided(String callId, ToolGuard.Verdict verdict, ProtocolSink sink) {
            send(sink, "decided " + callId + " " + verdict.action());
        }

        @Override
        public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
            send(sink, "answer " + requestId + " " + answer.getClass().getSimpleName());
        }

        @Override
        public void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
            send(sink, "reply " + requestId + " " + answers);
        }

        @Override
        public void setModel(String commandId, String model, ProtocolSink sink) {
            send(sink, "model " + commandId + " " + model);
        }

        @Override
        public void setPermissionMode(String commandId, String mode, ProtocolSink sink) {
            send(sink, "mode " + commandId + " " + mode);
        }

        @Override
        public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
            String last = stderrTail.isEmpty() ? "" : stderrTail.get(0);
            return switch (last) {
                case "taken" -> new ExitVerdict(ExitKind.SESSION_ID_TAKEN, ErrorCode.AGENT_CRASHED, last);
                case "not found" -> new ExitVerdict(ExitKind.SESSION_NOT_FOUND, ErrorCode.AGENT_CRASHED, last);
                case "refused" -> new ExitVerdict(ExitKind.REFUSED, ErrorCode.AUTHENTICATION_FAILED, last);
                case "retired" -> new ExitVerdict(ExitKind.RETIRED, ErrorCode.AGENT_CRASHED, last);
                default -> ExitVerdict.CRASHED;
            };
        }

        private static void send(ProtocolSink sink, String line) {
            sink.send((line + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }
}
