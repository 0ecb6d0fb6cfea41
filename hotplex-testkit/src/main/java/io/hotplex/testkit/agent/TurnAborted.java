package io.hotplex.testkit.agent;

/** Ends a turn early, because the host interrupted it or because an answer asked for that. */
final class TurnAborted extends Exception {
    private static final long serialVersionUID = 1L;

    private final String reason;

    TurnAborted(String reason) {
        super(reason, null, false, false);
        this.reason = reason;
    }

    /** {@code aborted_streaming} or {@code aborted_tools}, as the result line spells it. */
    String reason() {
        return reason;
    }
}
