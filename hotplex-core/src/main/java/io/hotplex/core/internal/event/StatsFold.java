package io.hotplex.core.internal.event;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.EventRecord;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Sums a session's events up.
 *
 * <p>Tokens and cost come from terminal events alone, which are final, so nothing is counted twice. Thinking and
 * writing are measured for the agent itself; what subagents do is part of the tool call that runs them.
 *
 * <p>Threads: {@link #fold} belongs to the session's owner. {@link #snapshot} is for everybody: it is replaced when a
 * tool call starts or ends and when a turn ends, not per delta, so the hot path allocates nothing.
 */
public final class StatsFold {
    private static final int MAX_NAMES = 1_000;

    /** What fits into a list of sessions. */
    private static final int TITLE_CHARS = 50;

    /** A turn has few calls at once; an agent that never ends its calls must not fill the memory. */
    private static final int MAX_OPEN_CALLS = 1_000;

    private final String sessionId;
    private final Set<String> toolsUsed = new LinkedHashSet<>();
    private final Set<String> filePaths = new LinkedHashSet<>();
    private final Map<String, Instant> openCalls = new HashMap<>();
    private final PhaseClock phases = new PhaseClock();
    private final Duration earlierThinking;
    private final Duration earlierWriting;

    private long turns;
    private long failedTurns;
    private long toolCalls;
    private Duration totalDuration = Duration.ZERO;
    private Duration toolDuration = Duration.ZERO;
    private TokenUsage usage = TokenUsage.ZERO;
    private double costUsd;
    private @Nullable String runningTurn;
    private @Nullable String title;
    private volatile SessionStats published;

    public StatsFold(String sessionId) {
        this.sessionId = sessionId;
        earlierThinking = Duration.ZERO;
        earlierWriting = Duration.ZERO;
        published = build(List.of(), List.of());
    }

    /** Goes on from what was summed up before. */
    public StatsFold(SessionStats earlier) {
        sessionId = earlier.sessionId();
        earlierThinking = earlier.thinkingDuration();
        earlierWriting = earlier.generationDuration();
        turns = earlier.turns();
        failedTurns = earlier.failedTurns();
        toolCalls = earlier.toolCalls();
        totalDuration = earlier.totalDuration();
        toolDuration = earlier.toolDuration();
        usage = earlier.usage();
        costUsd = earlier.costUsd();
        toolsUsed.addAll(earlier.toolsUsed());
        filePaths.addAll(earlier.filePaths());
        title = earlier.title();
        published = earlier;
    }

    /** Takes the next record of the journal in. */
    public void fold(EventRecord record) {
        AgentEvent event = record.event();
        phases.see(event, record.time());
        if (event instanceof AgentEvent.TurnStarted started) {
            runningTurn = record.turnId();
            if (title == null && started.prompt() != null) {
                title = begin(started.prompt());
                publish();
            }
        } else if (event instanceof AgentEvent.SessionRenamed renamed) {
            title = renamed.title();
            publish();
        } else if (event instanceof AgentEvent.ToolStarted started) {
            toolStarted(started, record.time());
        } else if (event instanceof AgentEvent.ToolCompleted completed) {
            endCall(openCalls.remove(completed.toolId()), record.time());
            publish();
        } else if (event instanceof AgentEvent.Terminal terminal) {
            turnEnded(terminal, record);
        }
    }

    /** What was done until now, up to the last tool call or turn end. Thread-safe. */
    public SessionStats snapshot() {
        return published;
    }

    /** What a session is called by its first prompt: its first line that says something, or the begin of that. */
    private static @Nullable String begin(String prompt) {
        String line = prompt.lines()
                .map(String::strip)
                .filter(text -> !text.isEmpty())
                .findFirst()
                .orElse(null);
        if (line == null || line.codePointCount(0, line.length()) <= TITLE_CHARS) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, TITLE_CHARS)) + "…";
    }

    private void toolStarted(AgentEvent.ToolStarted started, Instant time) {
        if (openCalls.containsKey(started.toolId())) {
            return; // announced again, with more detail
        }
        toolCalls++;
        if (openCalls.size() < MAX_OPEN_CALLS) {
            openCalls.put(started.toolId(), time);
        }
        remember(toolsUsed, started.name());
        ToolKind kind = started.kind();
        if (kind == ToolKind.EDIT || kind == ToolKind.DELETE || kind == ToolKind.MOVE) {
            started.paths().forEach(path -> remember(filePaths, path));
        }
        publish();
    }

    private void endCall(@Nullable Instant start, Instant end) {
        if (start != null && end.isAfter(start)) {
            toolDuration = toolDuration.plus(Duration.between(start, end));
        }
    }

    private void turnEnded(AgentEvent.Terminal terminal, EventRecord record) {
        String turnId = record.turnId();
        if (turnId != null && turnId.equals(runningTurn)) { // a waiting turn may end while another one runs
            phases.stop(record.time());
            openCalls.values().forEach(start -> endCall(start, record.time()));
            openCalls.clear();
            runningTurn = null;
        }
        turns++;
        if (terminal instanceof AgentEvent.TurnCompleted end) {
            add(end.usage(), end.costUsd(), end.duration());
        } else if (terminal instanceof AgentEvent.TurnCancelled end) {
            add(end.usage(), end.costUsd(), end.duration());
        } else if (terminal instanceof AgentEvent.TurnFailed end) {
            failedTurns++;
            add(end.usage(), end.costUsd(), end.duration());
        } else if (terminal instanceof AgentEvent.TurnTimedOut end) {
            failedTurns++;
            add(end.usage(), end.costUsd(), end.duration());
        } else {
            failedTurns++; // blocked: the agent never saw it
        }
        publish();
    }

    private void add(TokenUsage tokens, @Nullable Double cost, Duration duration) {
        usage = usage.plus(tokens);
        costUsd += cost == null ? 0 : cost;
        totalDuration = totalDuration.plus(duration);
    }

    private static void remember(Set<String> names, String name) {
        if (names.size() < MAX_NAMES) {
            names.add(name);
        }
    }

    private void publish() {
        SessionStats last = published;
        published = build(extended(last.toolsUsed(), toolsUsed), extended(last.filePaths(), filePaths));
    }

    /** Names are only ever added: a list of the same size has the same names. */
    private static List<String> extended(List<String> last, Set<String> names) {
        return last.size() == names.size() ? last : List.copyOf(names);
    }

    private SessionStats build(List<String> tools, List<String> paths) {
        return new SessionStats(
                sessionId,
                turns,
                failedTurns,
                totalDuration,
                earlierThinking.plus(phases.thinking()),
                toolDuration,
                earlierWriting.plus(phases.writing()),
                usage,
                costUsd,
                toolCalls,
                tools,
                paths,
                title);
    }
}
