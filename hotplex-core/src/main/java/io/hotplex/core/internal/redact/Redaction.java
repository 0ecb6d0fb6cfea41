package io.hotplex.core.internal.redact;

import io.hotplex.api.AgentEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes secrets out of the events of one session. What has none stays the same object. Confined to the session's owner.
 *
 * <p>Text that is written piece by piece may have a secret in several pieces: a piece that ends with what could be the
 * beginning of one waits for the next. The complete text that follows the pieces has all of it.
 */
public final class Redaction {
    /** Stands where a secret was. */
    public static final String MARK = "[redacted]";

    /** What waits of a piece; a longer token is one whatever follows. */
    private static final int MOST_WAITING = 512;
    /** What was shown of a beginning before it could be told. */
    private static final int SHOWN = 2;

    private Secrets secrets;
    private int taken;

    private String stream = "";
    private String shown = "";
    private String waiting = "";
    /** Whether what comes next still belongs to a secret that was taken out. */
    private boolean inside;

    public Redaction(Secrets secrets) {
        this.secrets = secrets;
    }

    /** The session's process has these variables. */
    public void learn(Map<String, String> environment) {
        secrets = secrets.with(environment);
    }

    /** How many secrets were taken out since the last call. */
    public int taken() {
        int count = taken;
        taken = 0;
        return count;
    }

    /** The event without secrets; {@code null} when all of its text waits for more. */
    public @Nullable AgentEvent of(AgentEvent event) {
        if (event instanceof AgentEvent.TextDelta e) {
            String text = piece(e.messageId() + '/' + e.block(), e.text());
            return text.equals(e.text())
                    ? e
                    : text.isEmpty()
                            ? null
                            : new AgentEvent.TextDelta(e.messageId(), e.block(), text, e.parentToolId());
        }
        if (event instanceof AgentEvent.ThinkingDelta e) {
            String text = piece(e.messageId() + '/' + e.block(), e.text());
            return text.equals(e.text())
                    ? e
                    : text.isEmpty()
                            ? null
                            : new AgentEvent.ThinkingDelta(e.messageId(), e.block(), text, e.parentToolId());
        }
        return complete(event);
    }

    private AgentEvent complete(AgentEvent event) {
        if (event instanceof AgentEvent.Text e) {
            forget();
            return new AgentEvent.Text(e.messageId(), e.block(), text(e.text()), e.parentToolId());
        }
        if (event instanceof AgentEvent.Thinking e) {
            forget();
            return new AgentEvent.Thinking(e.messageId(), e.block(), text(e.text()), e.parentToolId());
        }
        if (event instanceof AgentEvent.ToolStarted e) {
            return new AgentEvent.ToolStarted(
                    e.toolId(),
                    e.name(),
                    e.kind(),
                    text(e.title()),
                    map(e.input()),
                    texts(e.paths()),
                    e.parentToolId());
        }
        if (event instanceof AgentEvent.ToolProgress e) {
            return new AgentEvent.ToolProgress(e.toolId(), text(e.text()), e.parentToolId());
        }
        if (event instanceof AgentEvent.ToolCompleted e) {
            return new AgentEvent.ToolCompleted(
                    e.toolId(), e.name(), e.isError(), text(e.output()), maps(e.content()), e.parentToolId());
        }
        if (event instanceof AgentEvent.PermissionRequested e) {
            return new AgentEvent.PermissionRequested(
                    e.requestId(),
                    e.toolId(),
                    e.toolName(),
                    map(e.input()),
                    text(e.description()),
                    maps(e.suggestions()),
                    e.kind(),
                    e.expiresAt(),
                    e.finding());
        }
        if (event instanceof AgentEvent.TurnStarted e) {
            String prompt = e.prompt();
            return prompt == null ? e : new AgentEvent.TurnStarted(e.origin(), e.clientId(), text(prompt), e.traceparent());
        }
        if (event instanceof AgentEvent.TurnCompleted e) {
            forget();
            return new AgentEvent.TurnCompleted(
                    text(e.text()), e.usage(), e.costUsd(), e.duration(), e.stopReason(), e.mergedInto());
        }
        if (event instanceof AgentEvent.TurnFailed e) {
            forget();
            return new AgentEvent.TurnFailed(
                    e.code(), text(e.message()), e.retryable(), e.usage(), e.costUsd(), e.duration());
        }
        if (event instanceof AgentEvent.Raw e) {
            return new AgentEvent.Raw(e.kind(), text(e.line()), e.truncated());
        }
        if (event instanceof AgentEvent.ProcessExited e) {
            return new AgentEvent.ProcessExited(
                    e.generation(),
                    e.pid(),
                    e.exitCode(),
                    e.signal(),
                    e.expected(),
                    text(e.reason()),
                    e.survivorsFound(),
                    e.survivorsLeft(),
                    e.cleanup(),
                    e.outOfMemory());
        }
        return event;
    }

    /** A complete text without secrets; the same object when it has none. */
    String text(String text) {
        StringBuilder out = null;
        int from = 0;
        int i = 0;
        while (i < text.length()) {
            int end = secrets.end(text, i);
            if (end > i) {
                out = out == null ? new StringBuilder(text.length()) : out;
                out.append(text, from, i).append(MARK);
                taken++;
                from = end;
                i = end;
            } else {
                i++;
            }
        }
        return out == null ? text : out.append(text, from, text.length()).toString();
    }

    private void forget() {
        stream = "";
        shown = "";
        waiting = "";
        inside = false;
    }

    /** A piece of a text that is being written. */
    private String piece(String id, String text) {
        if (!id.equals(stream)) {
            forget();
            stream = id;
        }
        String rest = inside ? behindToken(text) : text;
        if (inside) {
            return "";
        }
        String all = shown + waiting + rest;
        int start = shown.length();
        StringBuilder out = null;
        int from = start;
        int i = 0;
        while (i < all.length()) {
            if (secrets.opens(all, i)) {
                if (all.length() - i <= MOST_WAITING) {
                    break;
                }
                out = mark(out, all, from, Math.max(i, start));
                inside = true;
                from = all.length();
                i = all.length();
            } else {
                int end = secrets.end(all, i);
                if (end > i && end > start) {
                    out = mark(out, all, from, Math.max(i, start));
                    from = end;
                }
                i = Math.max(i + 1, end);
            }
        }
        int stop = Math.max(Math.min(i, all.length()), from);
        boolean same = out == null && waiting.isEmpty() && stop == all.length() && rest.equals(text);
        waiting = all.substring(Math.max(stop, start));
        shown = all.substring(Math.max(0, Math.max(start, stop) - SHOWN), Math.max(start, stop));
        if (same) {
            return text;
        }
        String tail = from < stop ? all.substring(Math.max(from, start), stop) : "";
        return out == null ? tail : out.append(tail).toString();
    }

    private StringBuilder mark(@Nullable StringBuilder out, String all, int from, int to) {
        taken++;
        StringBuilder marked = out == null ? new StringBuilder() : out;
        return marked.append(all, Math.min(from, to), to).append(MARK);
    }

    /** The rest of a token is gone as well. */
    private String behindToken(String text) {
        int i = 0;
        while (i < text.length() && !Character.isWhitespace(text.charAt(i)) && "\"'`,;)".indexOf(text.charAt(i)) < 0) {
            i++;
        }
        inside = i == text.length();
        return text.substring(i);
    }

    private List<String> texts(List<String> texts) {
        return texts.stream().map(this::text).toList();
    }

    private List<Map<String, @Nullable Object>> maps(List<Map<String, @Nullable Object>> maps) {
        List<Map<String, @Nullable Object>> out = new ArrayList<>(maps.size());
        maps.forEach(map -> out.add(map(map)));
        return out;
    }

    private Map<String, @Nullable Object> map(Map<String, @Nullable Object> map) {
        Map<String, @Nullable Object> out = new LinkedHashMap<>();
        map.forEach((key, value) -> out.put(key, value(value)));
        return out;
    }

    @SuppressWarnings("unchecked") // values inside of events are JSON's
    private @Nullable Object value(@Nullable Object value) {
        if (value instanceof String text) {
            return text(text);
        }
        if (value instanceof Map<?, ?> map) {
            return map((Map<String, @Nullable Object>) map);
        }
        if (value instanceof List<?> list) {
            List<@Nullable Object> out = new ArrayList<>(list.size());
            list.forEach(item -> out.add(value(item)));
            return out;
        }
        return value;
    }

    /** Whether a value has a mark in it. */
    public static boolean marked(@Nullable Object value) {
        if (value instanceof String text) {
            return text.contains(MARK);
        }
        if (value instanceof Map<?, ?> map) {
            return map.values().stream().anyMatch(Redaction::marked);
        }
        return value instanceof List<?> list && list.stream().anyMatch(Redaction::marked);
    }
}
