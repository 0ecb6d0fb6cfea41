package io.hotplex.testkit.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;
import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Plays a recorded process through a fresh protocol: what the recorded host wrote becomes calls, what the agent wrote
 * is received, and what the protocol says is kept. Works for every agent; how its lines are to be understood is told by
 * a {@link Dialect}. Not thread-safe.
 *
 * <pre>{@code
 * for (Transcript.Run run : transcript.processes()) {
 *     TranscriptPlayer player = new TranscriptPlayer(run, newProtocol(run), new MyDialect()).play();
 *     assertThat(player.described()).isEqualTo(goldenFile(run));
 * }
 * }</pre>
 */
public final class TranscriptPlayer {
    private static final ObjectMapper JSON =
            new ObjectMapper().configure(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS, true);

    private static final int MAX_TEXT = 300;

    private final Transcript.Run run;
    private final AgentProtocol protocol;
    private final Dialect dialect;
    private final RecordingSink sink = new RecordingSink();
    private final List<String> prompts = new ArrayList<>();
    private int asked;
    private int answered;

    /** What one agent's lines mean. */
    public interface Dialect {
        /** The recorded host wrote a line: make the calls of the protocol that it stands for. */
        void call(String line, TranscriptPlayer player);

        /**
         * A line of the agent as the protocol is to get it, for example with the ids of its own requests instead of the
         * recorded host's.
         */
        default String received(String line) {
            return line;
        }

        /**
         * What the agent would have written after a line that the protocol sends of itself; the recorded host did not
         * send it, so no answer to it was recorded.
         */
        default List<String> answers(String sent) {
            return List.of();
        }
    }

    /** How the lines that the agent wrote in a row reach the protocol. */
    @FunctionalInterface
    public interface Feed {
        /**
         * @param lines without their ends
         * @param receiver takes each of them, in order
         */
        void feed(List<String> lines, Consumer<AgentLine> receiver);
    }

    /** @param protocol a protocol that was not started yet */
    public TranscriptPlayer(Transcript.Run run, AgentProtocol protocol, Dialect dialect) {
        this.run = run;
        this.protocol = protocol;
        this.dialect = dialect;
    }

    /** Plays it line by line. */
    public TranscriptPlayer play() {
        return play((lines, receiver) -> lines.forEach(line -> receiver.accept(AgentLine.of(line))));
    }

    /** Plays it with a feed of one's own, for example one that cuts the bytes at random places. */
    public TranscriptPlayer play(Feed feed) {
        protocol.started(sink);
        answerOwnRequests();
        List<String> row = new ArrayList<>();
        for (Transcript.Entry entry : run.entries()) {
            if (entry.direction() == Transcript.Direction.OUT) {
                row.add(entry.line());
            } else {
                feedRow(feed, row);
                dialect.call(entry.line(), this);
                answerOwnRequests();
            }
        }
        feedRow(feed, row);
        return this;
    }

    private void feedRow(Feed feed, List<String> row) {
        if (!row.isEmpty()) {
            feed.feed(List.copyOf(row), this::receive);
            row.clear();
        }
    }

    private void receive(AgentLine line) {
        String recorded = line.text();
        String text = dialect.received(recorded);
        // an unchanged line stays a slice of the feed's buffer, as in production
        protocol.receive(text.equals(recorded) ? line : AgentLine.of(text), sink);
        answerOwnRequests();
    }

    private void answerOwnRequests() {
        for (String sent : sink.sent().subList(answered, sink.sent().size())) {
            answered++;
            for (String answer : dialect.answers(sent)) {
                protocol.receive(AgentLine.of(answer), sink);
            }
        }
    }

    /**
     * Hands a prompt over, or steers it while another is open. Does nothing when the protocol is not ready.
     *
     * @param recordedId the id that the recorded host gave it; {@code null}, or one that was used before, is replaced
     */
    public void prompt(Prompt prompt, @Nullable String recordedId) {
        if (!sink.isReady()) {
            return;
        }
        String turnId = recordedId != null && !prompts.contains(recordedId)
                ? recordedId
                : String.format("00000000-0000-4000-8000-%012d", ++asked);
        if (open() == 0) {
            prompts.add(turnId);
            protocol.prompt(turnId, prompt, sink);
        } else if (protocol.steer(turnId, prompt, sink)) {
            prompts.add(turnId);
        }
    }

    /** The protocol. */
    public AgentProtocol protocol() {
        return protocol;
    }

    /** What the protocol said. */
    public RecordingSink sink() {
        return sink;
    }

    /** The turns of the prompts that were handed over, in order. */
    public List<String> prompts() {
        return List.copyOf(prompts);
    }

    /** How many prompts have no end. */
    public long open() {
        return prompts.stream().filter(id -> sink.ends(id).isEmpty()).count();
    }

    /** What the protocol said, one line for each, and its verdict on the exit; for golden files. Long texts are cut. */
    public List<String> described() {
        List<String> lines = new ArrayList<>();
        for (RecordingSink.Entry entry : sink.entries()) {
            lines.add(describe(entry));
        }
        lines.add("exit: " + protocol.exited(run.exit(), run.stderr()));
        lines.add("open prompts: " + open());
        return lines;
    }

    private static String describe(RecordingSink.Entry entry) {
        if (entry instanceof RecordingSink.Sent sent) {
            return "send " + cut(ordered(sent.line()));
        }
        if (entry instanceof RecordingSink.Event event) {
            AgentEvent e = event.event();
            Object data = EventSchema.toMap(new EventRecord("s", 1, 1, null, Instant.EPOCH, e))
                    .get("data");
            return "event " + e.type() + " " + cut(json(data));
        }
        if (entry instanceof RecordingSink.TurnEnded ended) {
            return "turn ended " + ended.turnId() + " " + end(ended.end());
        }
        return entry.toString();
    }

    private static String end(TurnEnd end) {
        Map<String, @Nullable Object> map = new TreeMap<>();
        map.put("text", end.text());
        map.put("cost", end.costUsd());
        map.put("usage", end.usage().toString());
        map.put("stop", end.stopReason());
        map.put("code", end.code());
        map.put("message", end.message());
        map.put("merged", end.mergedInto());
        map.values().removeIf(value -> value == null);
        return end.outcome() + " " + cut(json(map));
    }

    private static String cut(String text) {
        return text.length() <= MAX_TEXT ? text : text.substring(0, MAX_TEXT) + "…(" + text.length() + ")";
    }

    /** JSON with its keys in order; anything else as it is. */
    private static String ordered(String line) {
        try {
            JsonNode tree = JSON.readTree(line);
            return tree.isObject() ? json(JSON.convertValue(tree, Object.class)) : line;
        } catch (JsonProcessingException e) {
            return line;
        }
    }

    private static String json(@Nullable Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("plain values cannot be written", e);
        }
    }
}
