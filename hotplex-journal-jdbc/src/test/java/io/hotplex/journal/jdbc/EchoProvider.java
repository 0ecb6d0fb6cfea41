package io.hotplex.journal.jdbc;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProviderProbe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** An agent that answers with what it was asked, in several pieces: {@code cat}. */
final class EchoProvider implements AgentProvider {
    private static final int PIECES = 4;

    /** How the processes were started. */
    final List<LaunchRequest> launches = new CopyOnWriteArrayList<>();

    @Override
    public String name() {
        return "echo";
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of(Capability.RESUME, Capability.CHOSEN_SESSION_ID);
    }

    @Override
    public void check(SessionSpec spec) {}

    @Override
    public Launch launch(LaunchRequest request) {
        launches.add(request);
        return new Launch(List.of("cat"), Map.of(), List.of(), new Echo());
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        throw new UnsupportedOperationException();
    }

    private static final class Echo implements AgentProtocol {
        private int left;

        @Override
        public void started(ProtocolSink sink) {
            sink.ready();
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            left = PIECES;
            for (int i = 0; i < PIECES; i++) {
                sink.send((turnId + " " + prompt.text() + "\n").getBytes(StandardCharsets.UTF_8));
            }
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            String[] parts = line.text().strip().split(" ", 2);
            sink.event(new AgentEvent.TextDelta(parts[0], 0, parts[1], null));
            if (parts[1].startsWith("silent")) {
                return; // the turn does not end
            }
            left--;
            if (left == 0) {
                sink.turnEnded(
                        parts[0], ProtocolSink.TurnEnd.completed(parts[1], new TokenUsage(1, 1, 0, 0), 0.01, null));
            }
        }

        @Override
        public void interrupt(ProtocolSink sink) {}

        @Override
        public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {}

        @Override
        public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
            return ExitVerdict.CRASHED;
        }
    }
}
