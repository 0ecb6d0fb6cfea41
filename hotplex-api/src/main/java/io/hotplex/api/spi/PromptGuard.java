package io.hotplex.api.spi;

import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import java.util.List;

/**
 * Looks at every accepted prompt before the agent does. Thread-safe; called with small prompts on the session's owner
 * thread, so it must be quick and never block, and with large ones on the executor, where a minute is the most. A throw
 * blocks the prompt: guards fail closed.
 */
@FunctionalInterface
public interface PromptGuard {
    /** Lets everything pass. */
    PromptGuard NONE = (spec, prompt) -> Decision.ALLOW;

    /** Whether the prompt may pass. */
    Decision check(SessionSpec spec, Prompt prompt);

    /** What a guard says. */
    sealed interface Decision {
        /** The prompt may pass. */
        Decision ALLOW = new Allow();

        /** The prompt may pass. */
        record Allow() implements Decision {}

        /**
         * The prompt must not pass.
         *
         * @param ruleId which rule says so
         * @param category what kind of danger
         * @param level how bad: {@code critical}, {@code high} or {@code moderate}
         * @param message what was wrong
         * @param suggestions what to do instead
         */
        record Block(String ruleId, String category, String level, String message, List<String> suggestions)
                implements Decision {
            public Block {
                suggestions = List.copyOf(suggestions);
            }
        }
    }
}
