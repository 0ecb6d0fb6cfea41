package io.hotplex.api;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a person, or a policy, decides on a permission request. */
public sealed interface PermissionAnswer {
    /** How long a permission lasts. */
    enum Scope {
        ONCE,
        /** As long as the session lives in this engine: the same call is not asked again. */
        SESSION,
        /**
         * Remembered for the owner's sessions in that work directory with that provider, over restarts, until it is
         * forgotten: the same call, input and all.
         */
        ALWAYS
    }

    /**
     * The tool call may run.
     *
     * @param updatedInput replaces the call's input, and is put before the guards as that was; {@code null} keeps it
     */
    record Allow(Scope scope, @Nullable Map<String, @Nullable Object> updatedInput) implements PermissionAnswer {
        public Allow {
            updatedInput = updatedInput == null ? null : Values.immutable(updatedInput);
        }
    }

    /**
     * The tool call must not run.
     *
     * @param message tells the agent why
     * @param interrupt whether the turn ends as well
     */
    record Deny(String message, boolean interrupt) implements PermissionAnswer {}

    /** Allows this one call as it is. */
    static PermissionAnswer allow() {
        return new Allow(Scope.ONCE, null);
    }

    /** Denies this call; the turn goes on. */
    static PermissionAnswer deny(String message) {
        return new Deny(message, false);
    }
}
