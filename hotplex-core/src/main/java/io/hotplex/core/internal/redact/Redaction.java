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

    /** More texts than an agent and its subagents write at a time. */
    private static final int MOST_STREAMS = 64;

    private Secrets secrets;
    private int taken;

    /** Texts that are being written: several, when subagents write as well. */
    private final Map<String, Pieces> streams = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Pieces> eldest) {
            return size() > MOST_STREAMS;
        }
    };

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
            String text = piece(stream(e.messageId(), e.block()), e.text());
            return text.equals(e.text())
                    ? e
                    : text.isEmpty()
                            ? null
                            : new AgentEvent.TextDelta(e.messageId(), e.block(), text, e.parentToolId());
        }
        if (event instanceof AgentEvent.ThinkingDelta e) {
            String text = piece(stream(e.messageId(), e.block()), e.text());
            return text.equals(e.text())
                    ? e
                    : text.isEmpty()
                            ? null
                            : new AgentEvent.ThinkingDelta(e.messageId(), e.block(), text, e.parentToolId());
        }
        return complete(event);
    }

    private static String stream(@Nullable String messageId, int block) {
        return messageId + '/' + block;
    }

    private AgentEvent complete(AgentEvent event) {
        if (event instanceof AgentEvent.Text e) {
            streams.remove(stream(e.messageId(), e.block()));
            return new AgentEvent.Text(e.messageId(), e.block(), text(e.text()), e.parentToolId());
        }
        if (event instanceof AgentEvent.Thinking e) {
            streams.remove(stream(e.messageId(), e.block()));
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
            return prompt == null
                    ? e
                    : new AgentEvent.TurnStarted(
                            e.origin(), e.clientId(), text(prompt), e.traceparent(), e.attachments());
        }
        if (event instanceof AgentEvent.SessionRenamed e) {
            return new AgentEvent.SessionRenamed(text(e.title()), e.by());
        }
        if (event instanceof AgentEvent.TurnCompleted e) {
            streams.clear();
            return new AgentEvent.TurnCompleted(
                    text(e.text()), e.usage(), e.costUsd(), e.duration(), e.stopReason(), e.mergedInto());
        }
        if (event instanceof AgentEvent.TurnFailed e) {
            streams.clear();
            return new AgentEvent.TurnFailed(
                    e.code(), text(e.message()), e.retryable(), e.usage(), e.costUsd(), e.duration());
        }
        if (event instanceof AgentEvent.QuestionAsked e) {
            return new AgentEvent.QuestionAsked(
                    e.requestId(),
                    e.toolId(),
                    e.questions().stream().map(this::question).toList());
        }
        if (event instanceof AgentEvent.QuestionAnswered e) {
            Map<String, List<String>> answers = new LinkedHashMap<>();
            e.answers().forEach((question, chosen) -> answers.put(text(question), texts(chosen)));
            return new AgentEvent.QuestionAnswered(e.requestId(), answers, e.by());
        }
        if (event instanceof AgentEvent.PermissionResolved e) {
            String message = e.message();
            return message == null
                    ? e
                    : new AgentEvent.PermissionResolved(
                            e.requestId(), e.resolution(), e.by(), text(message), e.scope(), e.edited(), e.ruleId());
        }
        if (event instanceof AgentEvent.Retrying e) {
            return new AgentEvent.Retrying(e.attempt(), e.maxAttempts(), e.delay(), e.status(), text(e.reason()));
        }
        if (event instanceof AgentEvent.RateLimited e) {
            return new AgentEvent.RateLimited(e.status(), e.resetsAt(), text(e.message()));
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
    public String text(String text) {
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

    /**
     * A text without secrets, which do not count.
     *
     * @param all whether nothing follows; otherwise what could be the beginning of a secret at its end is left out
     */
    public String preview(String text, boolean all) {
        int before = taken;
        String shown = all ? text(text) : new Pieces().next(text, secrets);
        taken = before;
        return shown;
    }

    /** A piece of a text that is being written. */
    private String piece(String id, String text) {
        Pieces pieces = streams.computeIfAbsent(id, key -> new Pieces());
        String shown = pieces.next(text, secrets);
        taken += pieces.taken();
        return shown;
    }

    private AgentEvent.Question question(AgentEvent.Question q) {
        return new AgentEvent.Question(
                text(q.question()),
                text(q.header()),
                q.options().stream()
                        .map(option -> new AgentEvent.Option(text(option.label()), text(option.description())))
                        .toList(),
                q.multiSelect());
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
