package io.hotplex.testkit.agent;

import java.util.Locale;

/** When a {@link Fault} strikes. */
public enum FaultPoint {
    /** Before the agent reads its first line; it has shown no sign of life. */
    STARTING,
    /** Right after the first control request was answered, before any prompt. */
    HANDSHAKE,
    /** Idle, right after the result of the first turn. */
    READY,
    /** In the first turn, after the first piece of text was streamed. */
    BUSY;

    /** The name as it stands on the command line. */
    String flag() {
        return name().toLowerCase(Locale.ROOT);
    }

    static FaultPoint of(String flag) {
        return valueOf(flag.toUpperCase(Locale.ROOT));
    }
}
