package io.hotplex.server.internal.cli;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * For people: the answer on standard output, all else (reasoning, tools, notices, questions) on standard error.
 *
 * <p>Guarded by its monitor: records come from the engine's executor, questions from a thread of their own. Where both
 * streams are the same terminal, lines are kept apart there.
 */
final class TextView implements View {
    private static final int MAX_TITLE = 160;

    private final Terminal terminal;
    private final Style style;

    @GuardedBy("this")
    private final Lane out;

    @GuardedBy("this")
    private final Lane err;

    @GuardedBy("this")
    private final Answer answer = new Answer();

    /** When the tools that run were started. */
    @GuardedBy("this")
    private final Map<String, Instant> tools = new HashMap<>();

    /** The tool whose line the cursor is behind, or {@code null}. */
    @GuardedBy("this")
    private @Nullable String openTool;

    @GuardedBy("this")
    private @Nullable String shownThinking;

    @GuardedBy("this")
    private boolean waitingShown;

    TextView(Lane out, Lane err, Terminal terminal) {
        this.out = out;
        this.err = err;
        this.terminal = terminal;
        this.style = new Style(terminal.colours() && terminal.err());
    }

    @Override
    public synchronized void show(EventRecord record) {
        AgentEvent event = record.event();
        if (event instanceof AgentEvent.TextDelta delta) {
            if (delta.parentToolId() == null) {
                answer(answer.delta(delta));
            }
        } else if (event instanceof AgentEvent.Text text) {
            if (text.parentToolId() == null) {
                answer(answer.complete(text));
            }
        } else if (event instanceof AgentEvent.TurnCompleted completed) {
            answer(answer.end(completed));
        } else if (event instanceof AgentEvent.ThinkingDelta delta) {
            thinking(delta.messageId() + delta.block(), delta.text(), delta.parentToolId(), false);
        } else if (event instanceof AgentEvent.Thinking thinking) {
            thinking(thinking.messageId() + thinking.block(), thinking.text(), thinking.parentToolId(), true);
        } else if (event instanceof AgentEvent.ToolStarted started) {
            toolStarted(started, record.time());
        } else if (event instanceof AgentEvent.ToolCompleted completed) {
            toolCompleted(completed, record.time());
        } else {
            String notice = Notices.of(event);
            if (notice != null) {
                notice(notice);
            }
        }
    }

    @GuardedBy("this")
    private void answer(Answer.Piece piece) {
        if (piece.text().isEmpty()) {
            return;
        }
        wipe();
        if (sameScreen()) {
            err.endLine();
            openTool = null;
        }
        if (piece.abandoned()) {
            out.endLine();
            notice("the agent starts this answer again");
        }
        if (piece.newBlock()) {
            out.endLine();
        }
        out.write(terminal.out() ? Style.harmless(piece.text()) : piece.text());
    }

    /** Reasoning is for watching: without a terminal it would only be in the way of the rest. */
    @GuardedBy("this")
    private void thinking(String block, String text, @Nullable String parent, boolean complete) {
        boolean repeated = complete && block.equals(shownThinking);
        if (!terminal.err() || parent != null || text.isEmpty() || repeated) {
            return;
        }
        if (!block.equals(shownThinking)) {
            beginLine();
        } else if (sameScreen()) {
            out.endLine();
        }
        shownThinking = block;
        wipe();
        openTool = null;
        err.write(style.dim(Style.harmless(text)));
        if (complete) {
            err.endLine();
        }
    }

    @GuardedBy("this")
    private void toolStarted(AgentEvent.ToolStarted tool, Instant time) {
        beginLine();
        String indent = tool.parentToolId() == null ? "" : "  ";
        String title = tool.title().equals(tool.name()) ? "" : " " + Style.oneLine(clean(tool.title()), MAX_TITLE);
        err.write(indent + "● " + style.bold(clean(tool.name())) + title);
        tools.put(tool.toolId(), time);
        openTool = tool.toolId();
    }

    @GuardedBy("this")
    private void toolCompleted(AgentEvent.ToolCompleted tool, Instant time) {
        if (!tool.toolId().equals(openTool)) {
            beginLine();
            String name = tool.name();
            err.write("  " + clean(name == null ? "tool" : name));
        }
        openTool = null;
        Instant start = tools.remove(tool.toolId());
        String took = start == null ? "" : " " + Style.time(Duration.between(start, time));
        err.line("  "
                + (tool.isError()
                        ? style.red("✗" + took + ": " + Style.oneLine(clean(tool.output()), MAX_TITLE))
                        : style.green("✓" + took)));
    }

    @Override
    public synchronized void notice(String text) {
        beginLine();
        err.line(style.dim(clean(text)));
    }

    @Override
    public synchronized void ask(String text) {
        beginLine();
        err.write(clean(text));
    }

    @Override
    public synchronized void typed() {
        err.moved();
    }

    /**
     * Shows, where nothing else is happening, that something is waited for.
     *
     * @param frame what moves
     * @param waited since when
     */
    synchronized void waiting(String frame, Duration waited) {
        if (out.atLineStart() && err.atLineStart()) {
            err.writeTransient("\r\033[K" + style.dim(frame + " " + waited.toSeconds() + " s"));
            waitingShown = true;
        }
    }

    @Override
    public synchronized void end() {
        wipe();
        out.endLine();
        err.endLine();
        openTool = null;
    }

    /** Brings the cursor of standard error to the start of a line. */
    @GuardedBy("this")
    private void beginLine() {
        wipe();
        if (sameScreen()) {
            out.endLine();
        }
        err.endLine();
        openTool = null;
    }

    @GuardedBy("this")
    private void wipe() {
        if (waitingShown) {
            err.writeTransient("\r\033[K");
            waitingShown = false;
        }
    }

    private boolean sameScreen() {
        return terminal.out() && terminal.err();
    }

    private String clean(String text) {
        return terminal.err() ? Style.harmless(text) : text;
    }

    /** The last line: what the turn took, and how the conversation can go on. */
    static String summary(AgentEvent.TurnCompleted end, String sessionId) {
        long written = end.usage().outputTokens();
        long read = end.usage().total() - written;
        Double cost = end.costUsd();
        String price = cost == null || cost == 0 ? "" : String.format(Locale.ROOT, " · $%.4f", cost);
        return Style.time(end.duration()) + String.format(Locale.ROOT, " · %,d tokens in, %,d out", read, written)
                + price + " · session " + sessionId;
    }
}
