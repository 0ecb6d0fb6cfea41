package io.hotplex.api.spi;

/** Looks at prompts and at tool calls; made by a {@link GuardProvider}. Thread-safe. */
public interface Guard extends AutoCloseable {
    /** Looks at prompts. */
    default PromptGuard prompts() {
        return PromptGuard.NONE;
    }

    /** Looks at tool calls. */
    default ToolGuard tools() {
        return ToolGuard.NONE;
    }

    /** Called once, when the engine is closed. */
    @Override
    default void close() {}
}
