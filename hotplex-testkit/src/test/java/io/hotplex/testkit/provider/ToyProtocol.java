package io.hotplex.testkit.provider;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.ProtocolSink;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A protocol of words: {@code ready}, {@code text …}, {@code ask}, {@code done} and {@code stopped} come,
 * {@code hello}, {@code prompt …}, {@code stop} and {@code yes} go.
 */
final class ToyProtocol implements AgentProtocol {
    private @Nullable String running;
    private boolean asked;

    @Override
    public void started(ProtocolSink sink) {
        send("hello", sink);
    }

    @Override
    public void receive(AgentLine line, ProtocolSink sink) {
        String text = line.text();
        String turn = running;
        if (text.equals("ready")) {
            sink.ready();
        } else if (text.startsWith("text ")) {
            sink.event(new AgentEvent.Text("m", 0, text.substring("text ".length()), null));
        } else if (text.equals("ask")) {
            asked = true;
            sink.event(new AgentEvent.PermissionRequested("ask", null, "Toy", Map.of(), "", List.of()));
        } else if (turn != null && text.equals("done")) {
            running = null;
            sink.turnEnded(turn, ProtocolSink.TurnEnd.completed("", TokenUsage.ZERO, null, null));
        } else if (turn != null && text.equals("stopped")) {
            running = null;
            sink.turnEnded(turn, ProtocolSink.TurnEnd.interrupted("", TokenUsage.ZERO, null));
        } else {
            sink.event(new AgentEvent.Raw("toy", text, line.truncated()));
        }
    }

    @Override
    public void prompt(String turnId, Prompt prompt, ProtocolSink sink) {
        running = turnId;
        send("prompt " + prompt.text(), sink);
    }

    @Override
    public void interrupt(ProtocolSink sink) {
        send("stop", sink);
    }

    @Override
    public void answer(String requestId, PermissionAnswer answer, ProtocolSink sink) {
        if (asked && requestId.equals("ask")) {
            asked = false;
            send("yes", sink);
        }
    }

    @Override
    public ExitVerdict exited(ExitStatus exit, List<String> stderrTail) {
        return ExitVerdict.CRASHED;
    }

    private static void send(String words, ProtocolSink sink) {
        sink.send((words + "\n").getBytes(StandardCharsets.UTF_8));
    }

    /** The other side. */
    static final class Peer implements AgentPeer {
        private boolean running;

        @Override
        public List<String> take(String line) {
            boolean was = running;
            running = false;
            if (line.equals("hello")) {
                return List.of("ready");
            }
            if (line.equals("stop")) {
                return was ? List.of("stopped") : List.of();
            }
            if (Objects.equals(line, "prompt " + HANG)) {
                running = true;
                return List.of();
            }
            return line.equals("prompt " + ASK) ? List.of("ask") : List.of("done");
        }
    }
}
