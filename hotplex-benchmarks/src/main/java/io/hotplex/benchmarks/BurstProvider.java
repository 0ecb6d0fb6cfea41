package io.hotplex.benchmarks;

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

/**
 * An agent that says as many words as it is asked for, at once: {@code cat}, whose echo of a number becomes so many
 * deltas. So what follows the journal is measured, and not how fast an agent's lines are parsed. Stateless.
 */
final class BurstProvider implements AgentProvider {
    @Override
    public String name() {
        return "burst";
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
        return new Launch(List.of(CatProvider.CAT), Map.of(), List.of(), new Protocol());
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return new ProviderProbe(true, CatProvider.CAT, null, "cat");
    }

    /** Ready at once. Stateless. */
    private static final class Protocol implements AgentProtocol {
        @Override
        public void started(ProtocolSink sink) {
            sink.ready();
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            String[] words = line.text().split(" ", 2);
            int count = Integer.parseInt(words[1]);
            for (int i = 0; i < count; i++) {
                sink.event(new AgentEvent.TextDelta("m", 0, "word ", null));
            }
            sink.turnEnded(words[0], ProtocolSink.TurnEnd.completed("", TokenUsage.ZERO, null, null));
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            sink.send((turnId + " " + prompt.text() + "\n").getBytes(StandardCharsets.UTF_8));
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
