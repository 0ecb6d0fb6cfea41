package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.spi.ProtocolSink;
import io.hotplex.api.spi.ProtocolSink.TurnEnd;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which prompts are open, and which of them a {@code result} line answers. Confined to its protocol's caller.
 *
 * <p>Claude writes one result per turn, not per prompt. A prompt that comes while a turn runs is folded into it when
 * the turn makes another step, or else runs afterwards, together with all others that wait, as one turn. And Claude
 * begins turns by itself when a background task ends. So a prompt counts as <em>taken</em> once Claude says so: with a
 * {@code command_lifecycle} line or {@code user_message_uuids} (2.1.330), or by repeating it ({@code isReplay}; both
 * versions, each prompt under its own {@code uuid}, before the result of the turn that took it). Then
 *
 * <ul>
 *   <li>a result ends the running prompt, and with it every other prompt taken so far;
 *   <li>a result with an {@code origin} belongs to a turn that nobody asked for, unless that turn took prompts in;
 *   <li>prompts that are left were not taken; Claude runs them at once as the next turn, so the first of them is
 *       announced as running.
 * </ul>
 *
 * <p>A prompt that crosses with a turn that Claude begins by itself: 2.1.330 reports it {@code queued} before that turn
 * begins, so the turn is announced as its own. 2.1.197 reports nothing; there the turn's events count for the prompt,
 * but its result, which has an origin, does not.
 */
final class TurnTracker {
    /** How many prompts may wait inside of Claude; more are left to the engine's queue. */
    static final int MAX_OPEN = 64;

    private final Map<String, Open> open = new LinkedHashMap<>();
    private @Nullable String running;
    private boolean own;

    private static final class Open {
        boolean queued;
        boolean taken;
        boolean withdrawing;
    }

    /** A prompt is handed over while none runs. */
    void prompt(String turnId) {
        open.put(turnId, new Open());
        if (running == null) {
            running = turnId;
        }
    }

    /** Whether another prompt may be handed over while one runs. */
    boolean steerable() {
        return running != null && open.size() < MAX_OPEN;
    }

    /** Whether a turn runs, asked for or not. */
    boolean busy() {
        return running != null || own;
    }

    /** Claude begins to work. Announces a turn of its own if no prompt can be the reason; returns whether it did. */
    boolean began(ProtocolSink sink) {
        Open prompt = running == null ? null : open.get(running);
        boolean unasked = prompt == null || prompt.queued && !prompt.taken;
        if (own || !unasked) {
            return false;
        }
        own = true;
        sink.turnStarted(null);
        return true;
    }

    /** Claude repeated a prompt; returns whether it is one of ours that is open. */
    boolean echoed(@Nullable String turnId) {
        Open prompt = turnId == null ? null : open.get(turnId);
        if (prompt != null) {
            prompt.taken = true;
        }
        return prompt != null;
    }

    /** Claude tells what became of a prompt. */
    void lifecycle(@Nullable String turnId, String state, ProtocolSink sink) {
        Open prompt = turnId == null ? null : open.get(turnId);
        if (prompt == null || turnId == null) {
            return;
        }
        switch (state) {
            case "queued" -> prompt.queued = true;
            case "started" -> prompt.taken = true;
            case "cancelled" -> {
                // after its turn began, the result ends it
                if (!prompt.taken) {
                    withdrawn(turnId, TurnEnd.interrupted("", TokenUsage.ZERO, null), sink);
                }
            }
            default -> {
                // "completed" comes before or after the result, which alone ends a prompt
            }
        }
    }

    /** The prompts that Claude holds but has not taken, marked as being withdrawn. */
    List<String> withdraw() {
        List<String> waiting = new ArrayList<>();
        open.forEach((turnId, prompt) -> {
            // the running prompt waits only behind a turn that Claude began by itself
            if (!prompt.taken && (own || !turnId.equals(running))) {
                prompt.withdrawing = true;
                waiting.add(turnId);
            }
        });
        return waiting;
    }

    /** Claude dropped a prompt before it took it. */
    void withdrawn(String turnId, TurnEnd end, ProtocolSink sink) {
        if (open.remove(turnId) != null) {
            boolean wasRunning = turnId.equals(running);
            running = wasRunning ? null : running;
            sink.turnEnded(turnId, end);
            if (wasRunning) {
                promote(sink);
            }
        }
    }

    /** Claude had taken a prompt before it could be dropped; returns whether it runs now as a turn of its own. */
    boolean kept(String turnId, ProtocolSink sink) {
        Open prompt = open.get(turnId);
        if (prompt != null) {
            prompt.withdrawing = false;
            if (running == null) {
                promote(sink);
                return turnId.equals(running);
            }
        }
        return false;
    }

    /** A result line came, which means this end. */
    void ended(JsonNode result, TurnEnd end, ProtocolSink sink) {
        boolean foreign = markTaken(result);
        finished(foreign || result.path("origin").path("kind").isTextual(), end, sink);
    }

    /** A result line came that cannot be read; while a turn of the agent's own runs, it is that one's. */
    void lost(TurnEnd end, ProtocolSink sink) {
        if (busy()) {
            finished(own, end, sink);
        }
    }

    private void finished(boolean unasked, TurnEnd end, ProtocolSink sink) {
        String main = running;
        if (unasked && !anyTaken()) {
            main = null;
        }
        if (own || main == null) {
            if (!own) {
                sink.turnStarted(null);
            }
            own = false;
            // one result, one bill: what a prompt that was taken in accounts for is not counted here as well
            sink.turnEnded(null, main == null ? end : end.mergedInto(main));
        }
        if (main != null) {
            finish(main, end, sink);
            promote(sink);
        }
    }

    /** Returns whether the result names prompts, but none of ours. */
    private boolean markTaken(JsonNode result) {
        List<String> named = ClaudeJson.texts(result, "user_message_uuids");
        String last = ClaudeJson.text(result, "user_message_uuid");
        boolean ours = echoed(last);
        for (String turnId : named) {
            ours |= echoed(turnId);
        }
        return !ours && (last != null || !named.isEmpty());
    }

    private boolean anyTaken() {
        return open.values().stream().anyMatch(prompt -> prompt.taken);
    }

    private void finish(String main, TurnEnd end, ProtocolSink sink) {
        List<String> ended = new ArrayList<>();
        open.forEach((turnId, prompt) -> {
            if (prompt.taken && !turnId.equals(main)) {
                ended.add(turnId);
            }
        });
        open.remove(main);
        open.keySet().removeAll(ended);
        running = null;
        // those taken in end first, so that the turn's own end is the last word of it
        ended.forEach(turnId -> sink.turnEnded(turnId, end.mergedInto(main)));
        sink.turnEnded(main, end);
    }

    private void promote(ProtocolSink sink) {
        for (Map.Entry<String, Open> next : open.entrySet()) {
            if (!next.getValue().withdrawing) {
                running = next.getKey();
                sink.turnStarted(running);
                return;
            }
        }
    }
}
