package io.hotplex.hooks.internal.slack;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.HookEvent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A turn as one message: what is known of it, and how it looks. Confined to its hook. */
final class Card {
    /** Slack takes 3,000 characters in a section. */
    private static final int MAX_TEXT = 2_500;

    /** Slack takes 50 blocks in a message. */
    private static final int MAX_REQUESTS = 20;

    private final String session;
    private final String owner;
    private final String provider;
    private final Map<String, Request> requests = new LinkedHashMap<>();
    private final List<String> denials = new ArrayList<>();
    private String state = ":hourglass_flowing_sand: runs";
    private String more = "";
    private int tools;
    private long newest;
    private boolean noteworthy;
    private boolean endedWithEngine;
    /** Names the message; {@code null} as long as there is none. */
    @Nullable
    String message;

    boolean changed;

    /** Whether its message was written before a restart, so that what it tells is not known here. */
    boolean resumed;

    /** A permission request; {@code end} is how it ended, {@code null} as long as it has not. */
    private record Request(String tool, @Nullable String end) {}

    Card(HookEvent event) {
        session = event.record().sessionId();
        owner = event.owner();
        provider = event.provider();
    }

    String session() {
        return session;
    }

    String owner() {
        return owner;
    }

    /** Takes a record in, unless it was taken in before: what could not be shown comes again. */
    void take(EventRecord record) {
        if (record.offset() > newest) {
            newest = record.offset();
            take(record.event());
        }
    }

    private void take(AgentEvent event) {
        changed = true;
        if (event instanceof AgentEvent.ToolStarted) {
            tools++;
        } else if (event instanceof AgentEvent.PermissionRequested asked) {
            if (requests.size() < MAX_REQUESTS) {
                requests.put(asked.requestId(), new Request(asked.toolName() + detail(asked.description()), null));
            }
            noteworthy = true;
        } else if (event instanceof AgentEvent.PermissionResolved resolved) {
            requests.computeIfPresent(
                    resolved.requestId(),
                    (id, request) -> new Request(request.tool, word(resolved.resolution()) + " by " + resolved.by()));
        } else if (event instanceof AgentEvent.ToolDenied denied) {
            denials.add(denied.toolName() + ": " + denied.finding().ruleId());
            noteworthy = true;
        } else if (event instanceof AgentEvent.ProcessExited exited) {
            noteworthy |= !exited.expected();
        } else {
            end(event);
        }
    }

    private void end(AgentEvent event) {
        if (event instanceof AgentEvent.TurnCompleted completed) {
            state = ":white_check_mark: completed in " + completed.duration().toSeconds() + " s";
            more = completed.text();
        } else if (event instanceof AgentEvent.TurnFailed failed) {
            state = ":x: failed: " + failed.code();
            more = failed.message();
            endedWithEngine = failed.code() == ErrorCode.ENGINE_RESTARTED;
            noteworthy = true;
        } else if (event instanceof AgentEvent.TurnTimedOut timedOut) {
            state = ":alarm_clock: timed out: " + timedOut.code();
            noteworthy = true;
        } else if (event instanceof AgentEvent.TurnCancelled) {
            state = ":black_square_for_stop: cancelled";
        } else if (event instanceof AgentEvent.TurnBlocked blocked) {
            state = ":no_entry: blocked by rule " + blocked.ruleId() + " (" + blocked.level() + ")";
            noteworthy = true;
        }
    }

    private static String detail(String description) {
        return description.isEmpty() ? "" : ": " + description;
    }

    private static String word(Resolution resolution) {
        return resolution.name().toLowerCase(Locale.ROOT);
    }

    /** Whether somebody should be told who is told only once. */
    boolean noteworthy() {
        return noteworthy;
    }

    /** Whether the turn ended because its engine did. */
    boolean endedWithEngine() {
        return endedWithEngine;
    }

    /** The message in one line. */
    String text() {
        return provider + ", session " + session + ": " + state.replaceAll("^:[a-z_]+: ", "");
    }

    /** @param buttons whether requests can be answered from here */
    List<Map<String, Object>> blocks(boolean buttons) {
        List<Map<String, Object>> blocks = new ArrayList<>();
        StringBuilder head = new StringBuilder();
        head.append('*').append(escaped(provider)).append("* · session `").append(escaped(session));
        head.append("` · ").append(escaped(owner)).append('\n').append(escaped(state));
        if (tools > 0) {
            head.append(" · ").append(tools).append(tools == 1 ? " tool call" : " tool calls");
        }
        blocks.add(section(head.toString()));
        if (!more.isEmpty()) {
            blocks.add(section(escaped(more)));
        }
        denials.forEach(denial -> blocks.add(section(":no_entry: denied " + escaped(denial))));
        requests.forEach((id, request) -> {
            String end = request.end;
            blocks.add(section(":raised_hand: " + escaped(request.tool)
                    + (end == null ? " needs a permission" : " was " + escaped(end))));
            if (end == null && buttons) {
                blocks.add(Map.of(
                        "type",
                        "actions",
                        "elements",
                        List.of(button("allow", "Allow", "primary", id), button("deny", "Deny", "danger", id))));
            }
        });
        return blocks;
    }

    private Map<String, Object> button(String action, String label, String style, String request) {
        return Map.of(
                "type",
                "button",
                "action_id",
                action,
                "style",
                style,
                "text",
                Map.of("type", "plain_text", "text", label),
                "value",
                SlackRequests.value(session, request));
    }

    static Map<String, Object> section(String text) {
        String cut = text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + " …" : text;
        return Map.of("type", "section", "text", Map.of("type", "mrkdwn", "text", cut));
    }

    /** As Slack asks for text that is not meant to be markup. */
    static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
