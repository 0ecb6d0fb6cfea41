package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.EventRecord;
import io.hotplex.api.TokenUsage;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TextViewTest {
    private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
    private static final Terminal SCREEN = new Terminal(true, true, true, false);
    private static final Terminal COLOURS = new Terminal(true, true, true, true);

    /** A turn with reasoning, two parallel tools of which one fails, and an answer in two blocks. */
    private static final List<AgentEvent> TURN = List.of(
            new AgentEvent.TurnStarted(AgentEvent.Origin.PROMPT, null, "do it"),
            new AgentEvent.ThinkingDelta("m1", 0, "Let me ", null),
            new AgentEvent.ThinkingDelta("m1", 0, "see.", null),
            new AgentEvent.Thinking("m1", 0, "Let me see.", null),
            new AgentEvent.TextDelta("m1", 1, "I look", null),
            new AgentEvent.TextDelta("m1", 1, " around.", null),
            new AgentEvent.Text("m1", 1, "I look around.", null),
            tool("t1", "Bash", "ls -la"),
            done("t1", "Bash", false, "a\nb"),
            tool("t2", "Read", "/etc/none"),
            tool("t3", "Bash", "true"),
            done("t2", "Read", true, "no such\nfile"),
            done("t3", "Bash", false, ""),
            new AgentEvent.TextDelta("m2", 0, "Done", null),
            new AgentEvent.Text("m2", 0, "Done: two names.", null),
            new AgentEvent.TurnCompleted("Done: two names.", TokenUsage.ZERO, null, Duration.ZERO, null, null));

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void keepsTheAnswerApartWhereThereIsNoTerminal() {
        show(view(Terminal.NONE), TURN);

        assertThat(text(out)).isEqualTo("I look around.\nDone: two names.\n");
        assertThat(text(err)).isEqualTo("""
                ● Bash ls -la  ✓ 1.0 s
                ● Read /etc/none
                ● Bash true
                  Read  ✗ 2.0 s: no such file
                  Bash  ✓ 2.0 s
                """);
    }

    @Test
    void keepsLinesApartOnATerminal() {
        TextView view = new TextView(new Lane(out), new Lane(out), SCREEN);

        show(view, TURN);

        assertThat(text(out)).isEqualTo("""
                Let me see.
                I look around.
                ● Bash ls -la  ✓ 1.0 s
                ● Read /etc/none
                ● Bash true
                  Read  ✗ 2.0 s: no such file
                  Bash  ✓ 2.0 s
                Done: two names.
                """);
    }

    @Test
    void dimsReasoningAndColoursEndsOfTools() {
        show(
                view(COLOURS),
                List.of(
                        new AgentEvent.Thinking("m", 0, "hm", null),
                        tool("t", "Bash", "ls"),
                        done("t", "Bash", false, "")));

        assertThat(text(err)).isEqualTo("\033[2mhm\033[0m\n● \033[1mBash\033[0m ls  \033[32m✓ 1.0 s\033[0m\n");
    }

    @Test
    void showsABlockThatHadNoDeltas() {
        show(
                view(Terminal.NONE),
                List.of(new AgentEvent.Text("m", 0, "All at once.", null), completed("All at once.")));

        assertThat(text(out)).isEqualTo("All at once.\n");
    }

    @Test
    void showsAnAnswerThatCameWithTheEndAlone() {
        show(view(Terminal.NONE), List.of(completed("Only here.")));

        assertThat(text(out)).isEqualTo("Only here.\n");
    }

    @Test
    void addsWhatDeltasLacked() {
        show(
                view(Terminal.NONE),
                List.of(
                        new AgentEvent.TextDelta("m", 0, "One, ", null),
                        new AgentEvent.Text("m", 0, "One, two.", null)));

        assertThat(text(out)).isEqualTo("One, two.\n");
    }

    @Test
    void showsTheBlockWholeWhereDeltasSaidSomethingElse() {
        show(
                view(Terminal.NONE),
                List.of(new AgentEvent.TextDelta("m", 0, "Hal", null), new AgentEvent.Text("m", 0, "Hello", null)));

        assertThat(text(out)).isEqualTo("Hal\nHello\n");
        assertThat(text(err)).isEqualTo("the agent starts this answer again\n");
    }

    @Test
    void saysWhenAnAnswerWasAbandoned() {
        show(
                view(Terminal.NONE),
                List.of(
                        new AgentEvent.TextDelta("m1", 0, "Hel", null),
                        new AgentEvent.TextDelta("m2", 0, "Hello", null),
                        new AgentEvent.Text("m2", 0, "Hello", null)));

        assertThat(text(out)).isEqualTo("Hel\nHello\n");
        assertThat(text(err)).isEqualTo("the agent starts this answer again\n");
    }

    @Test
    void leavesOutWhatSubagentsSay() {
        show(
                view(Terminal.NONE),
                List.of(
                        new AgentEvent.TextDelta("s", 0, "inner", "t"),
                        new AgentEvent.Text("s", 0, "inner", "t"),
                        completed("outer")));

        assertThat(text(out)).isEqualTo("outer\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\033]0;owned\007", "\u009b2J", "a\rb", "\b\b"})
    void letsNoTextSteerTheTerminal(String text) {
        show(view(SCREEN), List.of(new AgentEvent.Text("m", 0, text, null)));

        assertThat(text(out)).doesNotContainPattern("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]");
    }

    @Test
    void writesTextAsItIsWhereThereIsNoTerminal() {
        show(view(Terminal.NONE), List.of(new AgentEvent.Text("m", 0, "\033[1mbold\033[0m", null)));

        assertThat(text(out)).isEqualTo("\033[1mbold\033[0m\n");
    }

    @Test
    void erasesTheProgressBeforeAnythingElse() {
        TextView view = view(COLOURS);

        view.waiting("*", Duration.ofSeconds(2));
        show(view, List.of(new AgentEvent.Text("m", 0, "Hi", null)));

        assertThat(text(err)).isEqualTo("\r\033[K\033[2m* 2 s\033[0m\r\033[K");
    }

    @Test
    void showsNoProgressBehindALineThatWasBegun() {
        TextView view = view(COLOURS);

        view.show(record(1, new AgentEvent.TextDelta("m", 0, "Hi", null)));
        view.waiting("*", Duration.ofSeconds(2));

        assertThat(text(err)).isEmpty();
    }

    @Test
    void sumsUpATurn() {
        var end = new AgentEvent.TurnCompleted(
                "", new TokenUsage(1, 20, 300, 4_000), 0.0123, Duration.ofMillis(2_140), null, null);

        assertThat(TextView.summary(end, "s1")).isEqualTo("2.1 s · 4,301 tokens in, 20 out · $0.0123 · session s1");
    }

    private TextView view(Terminal terminal) {
        return new TextView(new Lane(out), new Lane(err), terminal);
    }

    private static void show(TextView view, List<AgentEvent> events) {
        int second = 0;
        for (AgentEvent event : events) {
            view.show(record(++second, event));
        }
        view.end();
    }

    private static EventRecord record(int second, AgentEvent event) {
        return new EventRecord("s", second, second, "t", START.plusSeconds(second), event);
    }

    private static AgentEvent tool(String id, String name, String title) {
        return new AgentEvent.ToolStarted(id, name, ToolKind.EXECUTE, title, Map.of(), List.of(), null);
    }

    private static AgentEvent done(String id, String name, boolean error, String output) {
        return new AgentEvent.ToolCompleted(id, name, error, output, List.of(), null);
    }

    private static AgentEvent completed(String text) {
        return new AgentEvent.TurnCompleted(text, TokenUsage.ZERO, null, Duration.ZERO, null, null);
    }

    private static String text(ByteArrayOutputStream stream) {
        return stream.toString(StandardCharsets.UTF_8);
    }
}
