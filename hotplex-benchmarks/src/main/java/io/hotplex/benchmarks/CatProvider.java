package io.hotplex.benchmarks;

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

/**
 * The smallest agent there is: {@code cat}, for which a prompt is a line and its echo the end of the turn. Stateless.
 */
final class CatProvider implements AgentProvider {
    static final String CAT = "/bin/cat";

    @Override
    public String name() {
        return "cat";
    }

    @Override
    public Set<Capability> capabilities() {
        return Set.of();
    }

    @Override
    public void check(SessionSpec spec) {
        // it serves everybody
    }

    @Override
    public Launch launch(LaunchRequest request) {
        return new Launch(List.of(CAT), Map.of(), List.of(), new Protocol());
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return new ProviderProbe(true, CAT, null, "cat");
    }

    /** Ready at once. Stateless. */
    private static final class Protocol implements AgentProtocol {
        @Override
        public void started(ProtocolSink sink) {
            sink.ready();
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            sink.turnEnded(line.text(), ProtocolSink.TurnEnd.completed("", TokenUsage.ZERO, null, null));
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            sink.send((turnId + "\n").getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void interrupt(ProtocolSink sink) {
            // the echo is on its way
        }

        @Override
        public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
            // it never asks
        }

        @Override
        public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
            return ExitVerdict.CRASHED;
        }
    }
}
