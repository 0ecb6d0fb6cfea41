package io.hotplex.core.internal.event;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.TextDelta;
import io.hotplex.api.AgentEvent.ThinkingDelta;
import io.hotplex.api.EventRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Joins adjacent deltas of the same block into one record that names the first and last offset it stands for. */
final class DeltaMerger {
    private DeltaMerger() {}

    /** The same events in fewer records; a joined record has the time of its last part. */
    static List<EventRecord> merge(List<EventRecord> records) {
        List<EventRecord> merged = new ArrayList<>();
        int start = 0;
        while (start < records.size()) {
            int end = start + 1;
            while (end < records.size() && joins(records.get(start), records.get(end))) {
                end++;
            }
            merged.add(end == start + 1 ? records.get(start) : join(records.subList(start, end)));
            start = end;
        }
        return merged;
    }

    private static boolean joins(EventRecord a, EventRecord b) {
        return Objects.equals(a.turnId(), b.turnId()) && sameBlock(a.event(), b.event());
    }

    private static boolean sameBlock(AgentEvent a, AgentEvent b) {
        if (a instanceof TextDelta x && b instanceof TextDelta y) {
            return x.block() == y.block()
                    && x.messageId().equals(y.messageId())
                    && Objects.equals(x.parentToolId(), y.parentToolId());
        }
        return a instanceof ThinkingDelta x
                && b instanceof ThinkingDelta y
                && x.block() == y.block()
                && x.messageId().equals(y.messageId())
                && Objects.equals(x.parentToolId(), y.parentToolId());
    }

    private static EventRecord join(List<EventRecord> parts) {
        StringBuilder text = new StringBuilder();
        parts.forEach(part -> text.append(textOf(part.event())));
        EventRecord first = parts.get(0);
        EventRecord last = parts.get(parts.size() - 1);
        AgentEvent event = first.event() instanceof TextDelta delta
                ? new TextDelta(delta.messageId(), delta.block(), text.toString(), delta.parentToolId())
                : thinking((ThinkingDelta) first.event(), text.toString());
        return new EventRecord(
                first.sessionId(), first.firstOffset(), last.offset(), first.turnId(), last.time(), event);
    }

    private static ThinkingDelta thinking(ThinkingDelta like, String text) {
        return new ThinkingDelta(like.messageId(), like.block(), text, like.parentToolId());
    }

    private static String textOf(AgentEvent event) {
        return event instanceof TextDelta delta ? delta.text() : ((ThinkingDelta) event).text();
    }
}
