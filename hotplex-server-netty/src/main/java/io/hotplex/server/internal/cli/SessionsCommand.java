package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.SessionStats;
import io.hotplex.api.spi.SessionState;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.server.internal.config.Settings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code hotplex sessions}: what the durable journal keeps. */
final class SessionsCommand {
    private static final String ACTIONS = "list, show ID, export ID or delete ID";

    private final Surroundings surroundings;
    private final Lane out;

    SessionsCommand(Surroundings surroundings, Lane out) {
        this.surroundings = surroundings;
        this.out = out;
    }

    static Arguments parse(List<String> arguments) {
        return Arguments.parse(arguments, Set.of("--json", "--debug", "--help"), Set.of("--config", "--set"));
    }

    /** Runs it. The result is the exit code. */
    int run(Arguments arguments) {
        List<String> operands = arguments.operands();
        String action = operands.isEmpty() ? "list" : operands.get(0);
        boolean list = action.equals("list");
        if (!Set.of("list", "show", "export", "delete").contains(action) || operands.size() > (list ? 1 : 2)) {
            throw new UsageException("sessions: expected " + ACTIONS);
        }
        if (!list && operands.size() < 2) {
            throw new UsageException("sessions " + action + " needs the id of a session");
        }
        String id = list ? "" : operands.get(1);
        Settings settings = Configured.settings(arguments, surroundings);
        try (KeptSessions sessions = KeptSessions.open(settings.engine(), !action.equals("delete"))) {
            switch (action) {
                case "list" -> sessions.list().forEach(s -> show(s, arguments.has("--json"), false));
                case "show" -> show(sessions.get(id), arguments.has("--json"), true);
                case "export" -> {
                    JsonView view = new JsonView(out, new Lane(surroundings.err()));
                    sessions.records(id, view::show);
                }
                default -> sessions.delete(id);
            }
        }
        return ExitCode.OK;
    }

    private void show(StoredSession session, boolean json, boolean all) {
        if (json) {
            out.line(json(session));
        } else if (all) {
            map(session).forEach((key, value) -> out.line(String.format(Locale.ROOT, "%-18s %s", key, clean(value))));
        } else {
            SessionState state = session.state();
            out.line(String.format(
                    Locale.ROOT,
                    "%-32s %-6s %-12s %6d turns %8d events  %s",
                    session.id(),
                    state.closed() ? "closed" : "open",
                    clean(state.spec().provider()),
                    state.stats().turns(),
                    session.newest() - session.oldest() + 1,
                    state.lastActivity()));
        }
    }

    private static String clean(@Nullable Object value) {
        return value == null ? "" : Style.harmless(value.toString());
    }

    private static String json(StoredSession session) {
        try {
            return new ObjectMapper().writeValueAsString(map(session));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a session that is not JSON", e);
        }
    }

    /** No prompts, no environment: those may be secret. */
    private static Map<String, @Nullable Object> map(StoredSession session) {
        SessionState state = session.state();
        SessionStats stats = state.stats();
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("session", session.id());
        map.put("owner", state.spec().owner());
        map.put("provider", state.spec().provider());
        map.put("work_dir", state.spec().workDir().toString());
        map.put("model", state.current().model());
        map.put("permission_mode", state.current().permissionMode());
        map.put("agent_session_id", state.agentSessionId());
        map.put("closed", state.closed());
        map.put("last_activity", state.lastActivity().toString());
        map.put("oldest_offset", session.oldest());
        map.put("newest_offset", session.newest());
        map.put("open_turns", session.openTurns());
        map.put("pending_requests", state.pendingRequests().size());
        map.put("processes", state.generation());
        map.put("turns", stats.turns());
        map.put("failed_turns", stats.failedTurns());
        map.put("tool_calls", stats.toolCalls());
        map.put("tokens", stats.usage().total());
        map.put("cost_usd", stats.costUsd());
        return map;
    }
}
