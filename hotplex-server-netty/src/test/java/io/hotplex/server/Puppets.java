package io.hotplex.server;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import io.hotplex.api.spi.ProviderProbe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/**
 * Agents without processes, which do at once what a prompt says: {@code say TEXT}, {@code burst N} (deltas of one
 * character), {@code tool}, {@code ask} (for a permission, {@code p1}), {@code question} ({@code q1}), {@code fail},
 * {@code hold} (until it is interrupted or {@linkplain #tell told} more). Thread-safe.
 */
public final class Puppets implements AgentProvider, ProcessLauncher {
    private static final TokenUsage USAGE = new TokenUsage(3, 4, 0, 0);

    private final String name;
    private volatile boolean holding;
    private final List<Puppet> processes = new CopyOnWriteArrayList<>();
    /** What agents were started with. */
    public final List<SessionSpec> started = new CopyOnWriteArrayList<>();
    /** What agents were told. */
    final List<Prompt> prompts = new CopyOnWriteArrayList<>();

    public Puppets() {
        this("puppet");
    }

    /** @param name of the provider */
    public Puppets(String name) {
        this.name = name;
    }

    /** Makes the agent of the process that was started last go on, in its turn: with the class comment's words. */
    public void tell(String words) {
        awaitTurn();
        Puppet puppet = processes.get(processes.size() - 1);
        byte[] line = words.getBytes(StandardCharsets.UTF_8);
        puppet.listener.onLine(new AgentLine(line, 0, line.length, false));
    }

    /** Makes the process that was started last end by itself. */
    public void crash() {
        awaitTurn();
        processes.get(processes.size() - 1).exit(1, null);
    }

    private void awaitTurn() {
        Awaitility.await().atMost(Duration.ofSeconds(30)).until(() -> holding);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Set<Capability> capabilities() {
        return EnumSet.allOf(Capability.class);
    }

    @Override
    public void check(SessionSpec spec) {}

    @Override
    public Launch launch(LaunchRequest request) {
        started.add(request.spec());
        return new Launch(List.of("puppet"), Map.of(), List.of(), new Strings());
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return new ProviderProbe(true, "puppet", "1.2.3 (Puppet)", "puppet");
    }

    @Override
    public Info info() {
        return new Info("puppet", List.of());
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        Puppet puppet = new Puppet(listener);
        processes.add(puppet);
        return puppet;
    }

    @Override
    public void close() {
        processes.forEach(puppet -> puppet.exit(null, 9));
    }

    private record Puppet(ProcessListener listener, AtomicBoolean gone) implements AgentProcess {
        Puppet(ProcessListener listener) {
            this(listener, new AtomicBoolean());
        }

        void exit(@Nullable Integer code, @Nullable Integer signal) {
            if (gone.compareAndSet(false, true)) {
                listener.onOutputEnd();
                listener.onExit(new ProcessListener.Exit(
                        new ExitStatus(code, signal), List.of(), new ProcessListener.Cleanup(0, 0, Duration.ZERO)));
            }
        }

        @Override
        public long pid() {
            return 4711;
        }

        @Override
        public boolean write(byte[] data) {
            return true;
        }

        @Override
        public void closeInput() {}

        @Override
        public void reading(boolean on) {}

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            exit(null, 15);
        }
    }

    /** Pulls the strings. */
    private final class Strings implements AgentProtocol {
        private @Nullable String turn;
        private int message;

        @Override
        public void started(ProtocolSink sink) {
            sink.ready();
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            prompts.add(prompt);
            turn = turnId;
            message++;
            act(prompt.text(), sink);
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            act(line.text(), sink);
        }

        private void act(String words, ProtocolSink sink) {
            perform(words, sink);
            holding = turn != null;
        }

        private void perform(String words, ProtocolSink sink) {
            String[] parts = words.split(" ", 2);
            String rest = parts.length > 1 ? parts[1] : "";
            String id = "m" + message;
            switch (parts[0]) {
                case "say" -> {
                    sink.event(new AgentEvent.Thinking(id, 0, "about it", null));
                    sink.event(new AgentEvent.TextDelta(id, 1, rest, null));
                    sink.event(new AgentEvent.Text(id, 1, rest, null));
                    end(sink, TurnEnd.completed(rest, USAGE, 0.25, "end_turn"));
                }
                case "burst" -> {
                    for (int i = 0; i < Integer.parseInt(rest); i++) {
                        sink.event(new AgentEvent.TextDelta(id, 0, Character.toString('a' + i % 26), null));
                    }
                    end(sink, TurnEnd.completed("", USAGE, null, null));
                }
                case "deltas" -> {
                    for (int i = 0; i < Integer.parseInt(rest); i++) {
                        sink.event(new AgentEvent.TextDelta(id, 0, Character.toString('a' + i % 26), null));
                    }
                }
                case "tool" -> {
                    sink.event(new AgentEvent.ToolStarted(
                            "t1", "Bash", AgentEvent.ToolKind.EXECUTE, "ls", Map.of("command", "ls"), List.of(), null));
                    sink.event(new AgentEvent.ToolCompleted("t1", "Bash", false, "a.txt", List.of(), null));
                    end(sink, TurnEnd.completed("done", USAGE, null, null));
                }
                case "ask" ->
                    sink.event(new AgentEvent.PermissionRequested(
                            "p1", "t1", "Bash", Map.of("command", "ls"), "to look", List.of()));
                case "question" ->
                    sink.event(new AgentEvent.QuestionAsked(
                            "q1",
                            null,
                            List.of(new AgentEvent.Question(
                                    "which?", "one", List.of(new AgentEvent.Option("a", "the first")), false))));
                case "fail" -> end(sink, TurnEnd.failed(ErrorCode.RATE_LIMITED, "slow down", USAGE, null));
                default -> {} // hold
            }
        }

        private void end(ProtocolSink sink, TurnEnd end) {
            String ended = turn;
            turn = null;
            if (ended != null) {
                sink.turnEnded(ended, end);
            }
        }

        @Override
        public void interrupt(ProtocolSink sink) {
            holding = false;
            end(sink, TurnEnd.interrupted("", USAGE, null));
        }

        @Override
        public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
            boolean allowed = answer instanceof PermissionAnswer.Allow;
            end(sink, TurnEnd.completed(allowed ? "allowed" : "denied", USAGE, null, null));
        }

        @Override
        public void answerQuestion(String requestId, Map<String, List<String>> answers, ProtocolSink sink) {
            end(sink, TurnEnd.completed(answers.toString(), USAGE, null, null));
        }

        @Override
        public void setModel(String commandId, String model, ProtocolSink sink) {
            sink.commandEnded(commandId, model.equals("bad") ? "no such model" : null);
        }

        @Override
        public void setPermissionMode(String commandId, String mode, ProtocolSink sink) {
            sink.commandEnded(commandId, null);
        }

        @Override
        public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
            return ExitVerdict.CRASHED;
        }
    }
}
