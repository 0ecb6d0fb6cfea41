package acme;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ProviderProbe;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A provider that somebody else wrote, for an agent that repeats what it is told. It knows the API and its own words. */
public final class ParrotFactory implements AgentProviderFactory {
    private static final String AGENT = "echo ready; while read -r line; do echo \"said $line\"; done";

    @Override
    public String type() {
        return "parrot";
    }

    @Override
    public AgentProvider create(ProviderConfig config) {
        config.allowOnly(Set.of());
        return new Parrot(config.name());
    }

    private record Parrot(String name) implements AgentProvider {
        @Override
        public Set<Capability> capabilities() {
            return Set.of();
        }

        @Override
        public void check(SessionSpec spec) {}

        @Override
        public Launch launch(LaunchRequest request) {
            return new Launch(List.of("/bin/sh", "-c", AGENT), Map.of(), List.of(), new Protocol());
        }

        @Override
        public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
            return new ProviderProbe(true, "/bin/sh", "7", Words.greeting());
        }
    }

    private static final class Protocol implements AgentProtocol {
        private String turn = "";

        @Override
        public void started(ProtocolSink sink) {}

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            if (line.text().equals("ready")) {
                sink.ready();
                return;
            }
            String text = Words.greeting() + ", " + line.text();
            sink.event(new AgentEvent.Text("message", 0, text, null));
            sink.turnEnded(turn, ProtocolSink.TurnEnd.completed(text, TokenUsage.ZERO, null, null));
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            turn = turnId;
            sink.send((prompt.text() + "\n").getBytes(StandardCharsets.UTF_8));
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
