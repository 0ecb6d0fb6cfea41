package io.hotplex.server.internal.cli;

import io.hotplex.api.AgentEvent;

/**
 * Makes one text of deltas and complete blocks: everything once, nothing lost. Confined to its view.
 *
 * <p>A complete block counts more than its deltas: what they lack is added, and where they said something else the
 * block is shown whole, as a new one.
 */
final class Answer {
    private static final Piece NOTHING = new Piece("", false, false);

    /** Message and block that deltas came of and that is not complete; empty when there is none. */
    private String open = "";

    private final StringBuilder shown = new StringBuilder();
    private boolean anything;

    /**
     * What to write next.
     *
     * @param newBlock whether it begins a block, and so a line
     * @param abandoned whether what was written before it has been given up by the agent
     */
    record Piece(String text, boolean newBlock, boolean abandoned) {}

    Piece delta(AgentEvent.TextDelta delta) {
        if (delta.text().isEmpty()) {
            return NOTHING;
        }
        String block = delta.messageId() + '#' + delta.block();
        boolean first = !block.equals(open);
        boolean abandoned = first && !open.isEmpty();
        if (first) {
            open = block;
            shown.setLength(0);
        }
        shown.append(delta.text());
        anything = true;
        return new Piece(delta.text(), first, abandoned);
    }

    Piece complete(AgentEvent.Text text) {
        String block = text.messageId() + '#' + text.block();
        String written = block.equals(open) ? shown.toString() : "";
        open = "";
        shown.setLength(0);
        anything |= !text.text().isEmpty();
        if (!written.isEmpty() && text.text().startsWith(written)) {
            return new Piece(text.text().substring(written.length()), false, false);
        }
        return new Piece(text.text(), true, !written.isEmpty());
    }

    /** Some answers come with the end alone. */
    Piece end(AgentEvent.TurnCompleted completed) {
        return anything ? NOTHING : new Piece(completed.text(), true, false);
    }
}
