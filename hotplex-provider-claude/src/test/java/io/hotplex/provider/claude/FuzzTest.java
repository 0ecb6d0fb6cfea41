package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.testkit.provider.RecordingSink;
import io.hotplex.testkit.provider.Transcript;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Nothing that an agent can write breaks the protocol or makes it grow. */
@NullMarked
class FuzzTest {
    private static final int LINES = Integer.getInteger("hotplex.fuzz.lines", 250_000);
    private static final int MAX_LINE = 4_000;
    private static final String LONE_SURROGATE = "<lone-surrogate>";
    private static final Pattern REQUEST_ID = Pattern.compile("\"request_id\":\"([^\"]*)\"");

    private static ClaudeProtocol protocol() {
        return new ClaudeProtocol(new LaunchRequest.Start(LaunchRequest.Mode.NEW, "id", null), false);
    }

    private static List<String> realLines() {
        return Stream.of("v2.1.197", "v2.1.330")
                .flatMap(version -> Transcript.resources("claude/" + version).stream())
                .flatMap(transcript -> transcript.processes().stream())
                .flatMap(run -> run.output().stream())
                .map(AgentLine::text)
                .filter(line -> line.length() < MAX_LINE)
                .distinct()
                .toList();
    }

    @Test
    void survivesMutationsOfRealLines() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        List<String> lines = realLines();
        List<byte[]> pool = new ArrayList<>();
        lines.forEach(line -> pool.add(line.getBytes(StandardCharsets.UTF_8)));
        ClaudeProtocol protocol = protocol();
        CountingSink sink = new CountingSink();
        protocol.started(sink);
        for (int i = 0; i < LINES; i++) {
            byte[] line = i % 4 == 0
                    ? changed(lines.get(random.nextInt(lines.size())), random)
                    : damaged(pool.get(random.nextInt(pool.size())), random);
            try {
                protocol.receive(new AgentLine(line, 0, line.length, false), sink);
                if (i % 100 == 0) {
                    call(protocol, i, random, lines, sink);
                }
            } catch (RuntimeException | StackOverflowError e) {
                throw new AssertionError(
                        "seed " + seed + ", line " + i + ": " + new String(line, StandardCharsets.UTF_8), e);
            }
        }

        assertThat(sink.events).as("seed %d", seed).isGreaterThan(LINES / 4);
        assertThat(protocol.openRequests()).isLessThanOrEqualTo(ControlChannel.MAX_OPEN + PermissionDesk.MAX_PENDING);
    }

    /** A call of the engine, as it may come between any two lines. */
    private static void call(ClaudeProtocol protocol, int i, Random random, List<String> lines, ProtocolSink sink) {
        Matcher id = REQUEST_ID.matcher(lines.get(random.nextInt(lines.size())));
        String request = id.find() ? id.group(1) : "none";
        switch (random.nextInt(8)) {
            case 0 -> protocol.prompt("turn-" + i, Prompt.of("x"), sink);
            case 1 -> protocol.steer("steered-" + i, Prompt.of("x"), sink);
            case 2 -> protocol.interrupt(sink);
            case 3 -> protocol.answer(request, PermissionAnswer.allow(), sink);
            case 4 -> protocol.answer(request, PermissionAnswer.deny("no"), sink);
            case 5 ->
                protocol.answerQuestion(request, random.nextBoolean() ? Map.of() : Map.of("q", List.of("a")), sink);
            case 6 -> protocol.setModel("model-" + i, "m", sink);
            default -> protocol.setPermissionMode("mode-" + i, "plan", sink);
        }
    }

    private static byte[] damaged(byte[] line, Random random) {
        byte[] copy = line.clone();
        switch (random.nextInt(4)) {
            case 0 -> {
                return java.util.Arrays.copyOf(copy, random.nextInt(copy.length + 1));
            }
            case 1 -> copy[random.nextInt(copy.length)] = (byte) random.nextInt(256);
            case 2 -> {
                for (int i = 0; i < 5; i++) {
                    copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            default -> {
                // as it is, out of order
            }
        }
        return copy;
    }

    /** Drops a field, or puts a value of another type in its place, somewhere in the tree. */
    private static byte[] changed(String line, Random random) {
        JsonNode tree = Replay.tree(line);
        JsonNode node = tree;
        for (int depth = 0; node != null && node.size() > 0; depth++) {
            if (node instanceof ObjectNode object) {
                List<String> names = new ArrayList<>();
                object.fieldNames().forEachRemaining(names::add);
                String name = names.get(random.nextInt(names.size()));
                if (random.nextInt(3) == 0 || !object.get(name).isContainerNode() || depth > 6) {
                    if (random.nextBoolean()) {
                        object.remove(name);
                    } else {
                        object.set(name, odd(random));
                    }
                    break;
                }
                node = object.get(name);
            } else {
                int index = random.nextInt(node.size());
                if (random.nextInt(3) == 0 && node instanceof ArrayNode array) {
                    array.set(index, odd(random));
                    break;
                }
                node = node.get(index);
            }
        }
        // as an escape: a Java string with half a character would be written as a question mark
        return tree.toString().replace(LONE_SURROGATE, "\\ud800").getBytes(StandardCharsets.UTF_8);
    }

    private static @Nullable JsonNode odd(Random random) {
        return switch (random.nextInt(8)) {
            case 0 -> Replay.JSON.nullNode();
            case 1 -> Replay.JSON.createArrayNode().add(1);
            case 2 -> Replay.JSON.createObjectNode().put("x", 1);
            case 3 -> Replay.JSON.getNodeFactory().numberNode(-1);
            case 4 -> Replay.JSON.getNodeFactory().numberNode(Long.MAX_VALUE);
            case 5 -> Replay.JSON.getNodeFactory().numberNode(1e300);
            case 6 -> Replay.JSON.getNodeFactory().textNode(LONE_SURROGATE);
            default -> Replay.JSON.getNodeFactory().booleanNode(true);
        };
    }

    @Test
    void takesHugeDeepAndBrokenLines() {
        ClaudeProtocol protocol = protocol();
        RecordingSink sink = new RecordingSink();
        String huge = "x".repeat(5_000_000);
        protocol.receive(AgentLine.of(start()), sink);
        protocol.receive(AgentLine.of(delta(huge)), sink);
        protocol.receive(
                AgentLine.of(
                        "{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{\"type\":\"text\",\"text\":\""
                                + huge + "\"}]}}"),
                sink);
        protocol.receive(AgentLine.of("{\"type\":\"assistant\",\"message\":" + "[".repeat(2_000_000)), sink);
        protocol.receive(AgentLine.of("{\"type\":\"x\",\"n\":" + "9".repeat(100_000) + "}"), sink);
        protocol.receive(AgentLine.of("\0\0{}"), sink);
        byte[] invalid = delta("a?b").getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < invalid.length; i++) {
            invalid[i] = invalid[i] == '?' ? (byte) 0xff : invalid[i];
        }
        protocol.receive(new AgentLine(invalid, 0, invalid.length, false), sink);
        protocol.receive(new AgentLine("{\"type\":\"result\"".getBytes(StandardCharsets.UTF_8), 0, 16, true), sink);

        assertThat(sink.events(AgentEvent.TextDelta.class))
                .extracting(e -> e.text().length())
                .containsExactly(5_000_000);
        assertThat(sink.events(AgentEvent.Text.class))
                .extracting(e -> e.text().length())
                .containsExactly(5_000_000);
        assertThat(sink.events(AgentEvent.Raw.class))
                .extracting(AgentEvent.Raw::kind)
                .containsExactly("invalid", "invalid", "invalid", "invalid", "oversize");
        assertThat(sink.events(AgentEvent.Raw.class).get(0).truncated()).isTrue();
    }

    @Test
    void takesDepthUpToItsLimit() {
        ClaudeProtocol protocol = protocol();
        RecordingSink sink = new RecordingSink();
        int depth = ClaudeJson.MAX_DEPTH - 10;
        protocol.receive(
                AgentLine.of("{\"type\":\"assistant\",\"message\":{\"id\":\"m\",\"content\":[{\"type\":\"tool_use\","
                        + "\"id\":\"t\",\"name\":\"X\",\"input\":{\"a\":" + "[".repeat(depth) + "]".repeat(depth)
                        + "}}]}}"),
                sink);

        assertThat(sink.events(AgentEvent.ToolStarted.class)).hasSize(1);
    }

    private static String start() {
        return "{\"type\":\"stream_event\",\"event\":{\"type\":\"message_start\",\"message\":{\"id\":\"m\"}}}";
    }

    private static String delta(String text) {
        return "{\"type\":\"stream_event\",\"event\":{\"type\":\"content_block_delta\",\"index\":0,"
                + "\"delta\":{\"type\":\"text_delta\",\"text\":\"" + text + "\"}}}";
    }

    /** Keeps nothing, so that only the protocol could grow. */
    private static final class CountingSink implements ProtocolSink {
        int events;

        @Override
        public void send(byte[] line) {}

        @Override
        public void event(AgentEvent event) {
            events++;
        }

        @Override
        public void toolCall(String callId, ToolCall call) {}

        @Override
        public void ready() {}

        @Override
        public void turnStarted(@Nullable String turnId) {}

        @Override
        public void turnEnded(@Nullable String turnId, TurnEnd end) {}

        @Override
        public void agentSession(String agentSessionId, String reason) {}

        @Override
        public void commandEnded(String commandId, @Nullable String error) {}
    }
}
