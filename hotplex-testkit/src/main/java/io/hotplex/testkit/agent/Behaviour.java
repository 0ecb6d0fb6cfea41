package io.hotplex.testkit.agent;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What an agent says, and where it misbehaves; the dialect around it is {@link StreamJsonAgent}'s. */
interface Behaviour {
    /**
     * Answer a prompt. Called on the turn thread, one turn at a time; may block. A throw fails the turn.
     *
     * @throws TurnAborted when the turn was interrupted meanwhile
     */
    void answer(Turn turn) throws TurnAborted;

    /** Called on the reading thread before the first line is read. */
    default void starting(StreamJsonAgent agent) {}

    /** Called on the reading thread after each control request was answered. */
    default void answered(StreamJsonAgent agent) {}

    /** Called on the turn thread after each piece of text that was streamed. */
    default void streamed(Turn turn) {}

    /** Called on the turn thread after a turn's result. */
    default void idle(StreamJsonAgent agent) {}

    /** Called on the reading thread with a prompt handed over and before the next line is read. */
    default void handedOver(StreamJsonAgent agent) {}

    /** The names of the tools that the agent claims to have. */
    List<String> tools();

    /** Whether an interrupt reaches the running turn. */
    default boolean heedsInterrupts() {
        return true;
    }

    /** Whether this session may be resumed although it exists. */
    default boolean resumes() {
        return true;
    }

    /** Whether a session id that nobody uses counts as taken. */
    default boolean claimsIdsTaken() {
        return false;
    }

    /** A tool: gets its input, gives its output. Called on the turn thread. */
    @FunctionalInterface
    interface Tool {
        ToolOutput run(Map<String, @Nullable Object> input) throws TurnAborted;
    }

    /** What a tool gave. */
    record ToolOutput(String text, boolean isError) {}
}
