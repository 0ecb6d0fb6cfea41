package io.hotplex.testkit.provider;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ToolCall;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A sink that keeps what a protocol says, in order. Not thread-safe, like the protocols that it serves. */
public final class RecordingSink implements ProtocolSink {
    private final List<Entry> entries = new ArrayList<>();

    /** An empty one. */
    public RecordingSink() {}

    /** One thing that a protocol said. */
    public sealed interface Entry {}

    /** A line written to the agent, without its end. */
    public record Sent(String line) implements Entry {}

    /** An event. */
    public record Event(AgentEvent event) implements Entry {}

    /** The agent takes prompts. */
    public record Ready() implements Entry {}

    /** A turn began; {@code null} for one of the agent's own. */
    public record TurnStarted(@Nullable String turnId) implements Entry {}

    /** A turn ended; {@code null} for one of the agent's own. */
    public record TurnEnded(@Nullable String turnId, TurnEnd end) implements Entry {}

    /** The conversation has another id. */
    public record AgentSession(String agentSessionId, String reason) implements Entry {}

    /** A tool call was put before the guards. */
    public record ToolCalled(String callId, ToolCall call) implements Entry {}

    /** A command is done. */
    public record CommandEnded(String commandId, @Nullable String error) implements Entry {}

    /** All of it, in order. */
    public List<Entry> entries() {
        return List.copyOf(entries);
    }

    /** What was said since the last call. */
    public List<Entry> drain() {
        List<Entry> drained = List.copyOf(entries);
        entries.clear();
        return drained;
    }

    /** The lines written to the agent, without their ends. */
    public List<String> sent() {
        return of(Sent.class).stream().map(Sent::line).toList();
    }

    /** The events. */
    public List<AgentEvent> events() {
        return of(Event.class).stream().map(Event::event).toList();
    }

    /** The events of a kind. */
    public <E extends AgentEvent> List<E> events(Class<E> kind) {
        return events().stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    /** The ends of turns. */
    public List<TurnEnded> ends() {
        return of(TurnEnded.class);
    }

    /** The ends of one turn; {@code null} for those of the agent's own. */
    public List<TurnEnd> ends(@Nullable String turnId) {
        return ends().stream()
                .filter(ended -> Objects.equals(ended.turnId(), turnId))
                .map(TurnEnded::end)
                .toList();
    }

    /** Whether the agent takes prompts. */
    public boolean isReady() {
        return !of(Ready.class).isEmpty();
    }

    /** The entries of a kind. */
    public <E extends Entry> List<E> of(Class<E> kind) {
        return entries.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    @Override
    public void send(byte[] line) {
        String text = new String(line, StandardCharsets.UTF_8);
        if (!text.endsWith("\n") || text.indexOf('\n') != text.length() - 1) {
            throw new AssertionError("not exactly one line: " + text.length() + " characters");
        }
        entries.add(new Sent(text.substring(0, text.length() - 1)));
    }

    @Override
    public void event(AgentEvent event) {
        if (event instanceof AgentEvent.Terminal || event instanceof AgentEvent.TurnStarted) {
            throw new AssertionError("the engine writes " + event.type() + ", not a protocol");
        }
        entries.add(new Event(event));
    }

    @Override
    public void toolCall(String callId, ToolCall call) {
        entries.add(new ToolCalled(callId, call));
    }

    @Override
    public void ready() {
        entries.add(new Ready());
    }

    @Override
    public void turnStarted(@Nullable String turnId) {
        entries.add(new TurnStarted(turnId));
    }

    @Override
    public void turnEnded(@Nullable String turnId, TurnEnd end) {
        entries.add(new TurnEnded(turnId, end));
    }

    @Override
    public void agentSession(String agentSessionId, String reason) {
        entries.add(new AgentSession(agentSessionId, reason));
    }

    @Override
    public void commandEnded(String commandId, @Nullable String error) {
        entries.add(new CommandEnded(commandId, error));
    }
}
