package io.hotplex.core;

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
 * An agent that has descendants of every kind and then answers {@code hello}, and nothing else. All carry a tag in
 * their command lines. Stateless.
 */
record TreeProvider(String tag) implements AgentProvider {
    /** Processes of one agent, itself counted. */
    static final int PROCESSES = 12;

    /** One that daemonizes properly: fork, session, fork, closed descriptors, empty environment, deaf to TERM. */
    private static final String DAEMON =
            "use POSIX; exit 0 if fork; POSIX::setsid(); exit 0 if fork; %ENV=(); $SIG{TERM}=$SIG{HUP}=q(IGNORE);"
                    + " POSIX::close($_) for 0..9; sleep 1000 while 1";

    private static final String SCRIPT = "sleep T &" // plain fork
            + " sh -c \"trap '' TERM; sleep T; :\" &" // two that ignore TERM
            + " (sleep T &);" // double fork
            + " (setsid sleep T &);" // another session
            + " (setsid env -i /bin/sleep T &);" // and no environment
            + " setsid sh -c 'sleep T & sleep T >/dev/null 2>&1 &';" // orphans, with the pipes and without
            + " (setsid sh -c 'while :; do sleep T; done' &);" // one starts again what is killed
            + " perl -e 'D' T;" // a daemon
            + " echo ready; while read a b; do [ \"$a\" = hello ] && echo \"done $b\"; done";

    @Override
    public String name() {
        return "tree";
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
        String script = SCRIPT.replace("'D'", "'" + DAEMON + "'").replace(" T", " " + tag);
        return new Launch(List.of("sh", "-c", script), Map.of(), List.of(), new Protocol());
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return new ProviderProbe(true, "sh", null, "tree");
    }

    /** Lines of one word and a turn. Stateless. */
    private static final class Protocol implements AgentProtocol {
        @Override
        public void started(ProtocolSink sink) {
            // it says when it is ready
        }

        @Override
        public void receive(AgentLine line, ProtocolSink sink) {
            String text = line.text();
            if (text.equals("ready")) {
                sink.ready();
            } else if (text.startsWith("done ")) {
                sink.turnEnded(text.substring(5), ProtocolSink.TurnEnd.completed("", TokenUsage.ZERO, null, null));
            }
        }

        @Override
        public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
            sink.send((prompt.text() + " " + turnId + "\n").getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public void interrupt(ProtocolSink sink) {
            // it cannot be interrupted
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
