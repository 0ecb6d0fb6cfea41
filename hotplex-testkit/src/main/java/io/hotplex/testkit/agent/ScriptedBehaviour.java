package io.hotplex.testkit.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;

/**
 * What the scripted agent answers, and when its fault strikes.
 *
 * <p>Called by the reading and by the turn thread. {@code struck} lets the configured fault strike once;
 * {@code readingEnds} opens when the reading thread must stop, so that closing standard input finds nobody blocked in a
 * read.
 */
final class ScriptedBehaviour implements Behaviour {
    private static final Set<Fault> STOP_READING = Set.of(Fault.CLOSE_STDIN, Fault.NEVER_READ);

    /** What the heap that {@link ScriptedAgent#command} asks for can hold. */
    private static final int MAX_PIECE_BYTES = 16 << 20;

    private static final int MAX_PIECES = 100_000;

    private final FaultPlan plan;
    private final Path stateDirectory;
    private final List<String> arguments;
    private final AtomicBoolean struck = new AtomicBoolean();
    private final CountDownLatch readingEnds = new CountDownLatch(1);
    private volatile boolean ignoresInterrupts;

    ScriptedBehaviour(FaultPlan plan, Path stateDirectory, List<String> arguments) {
        this.plan = plan;
        this.stateDirectory = stateDirectory;
        this.arguments = arguments;
        this.ignoresInterrupts = plan.fault() == Fault.IGNORE_INTERRUPT;
    }

    @Override
    public List<String> tools() {
        return List.of("Bash", "Read", "Write", "AskUserQuestion");
    }

    @Override
    public void starting(StreamJsonAgent agent) {
        strikeAt(FaultPoint.STARTING, agent);
        stopReadingIfTold();
    }

    @Override
    public void answered(StreamJsonAgent agent) {
        strikeAt(FaultPoint.HANDSHAKE, agent);
        stopReadingIfTold();
    }

    @Override
    public void handedOver(StreamJsonAgent agent) {
        Turn turn = agent.currentTurn();
        boolean byPrompt = turn != null
                && Directives.parse(turn.prompt())
                        .fault()
                        .filter(asked -> STOP_READING.contains(asked.fault()))
                        .isPresent();
        if (byPrompt || (STOP_READING.contains(plan.fault()) && plan.point() != FaultPoint.HANDSHAKE)) {
            parkReader(false);
        }
    }

    @Override
    public void streamed(Turn turn) {
        strikeAt(FaultPoint.BUSY, turn.agent());
        Directives.parse(turn.prompt()).fault().ifPresent(asked -> {
            if (!turn.markFaulted()) {
                strike(asked, turn.agent());
            }
        });
    }

    @Override
    public void idle(StreamJsonAgent agent) {
        strikeAt(FaultPoint.READY, agent);
    }

    @Override
    public boolean heedsInterrupts() {
        return !ignoresInterrupts;
    }

    @Override
    public boolean resumes() {
        return plan.fault() != Fault.RESUME_FAILS;
    }

    @Override
    public boolean claimsIdsTaken() {
        return plan.fault() == Fault.SESSION_TAKEN;
    }

    @Override
    public void answer(Turn turn) throws TurnAborted {
        Directives script = Directives.parse(turn.prompt());
        Duration pace = Duration.ofMillis(script.number("PACE").orElse(0));
        Duration sleep = Duration.ofMillis(script.number("SLEEP").orElse(0));
        if (script.has("THINK")) {
            turn.think(numbered("think", script.number("THINK").orElse(3)), pace);
        }
        List<String> outputs = new ArrayList<>();
        for (Directives.ToolCall call : script.tools()) {
            ToolOutput output = turn.call(call.name(), call.input(), script.has("ASK"), input -> {
                turn.pause(sleep);
                return new ToolOutput(call.name() + " ran with " + Json.write(input), false);
            });
            outputs.add((output.isError() ? "Tool failed: " : "Tool said: ") + output.text());
        }
        if (script.tools().isEmpty()) {
            turn.pause(sleep);
        }
        if (script.line("QUESTION").isPresent()) {
            outputs.add(askQuestion(turn, script.line("QUESTION").get()));
        }
        turn.say(outputs.isEmpty() ? reply(turn, script) : List.of(String.join("\n", outputs)), pace);
        script.number("ERROR").ifPresent(turn::failWith);
    }

    private List<String> reply(Turn turn, Directives script) {
        if (script.number("BIG").isPresent()) {
            return List.of(
                    "x".repeat(Math.min(MAX_PIECE_BYTES, script.number("BIG").getAsInt())));
        }
        if (script.number("SAY").isPresent()) {
            return numbered("w", script.number("SAY").getAsInt());
        }
        if (script.has("PID")) {
            return List.of(Long.toString(ProcessHandle.current().pid()));
        }
        if (script.has("CWD")) {
            return List.of(Path.of("").toAbsolutePath().toString());
        }
        if (script.has("ARGS")) {
            return List.of(Json.write(arguments));
        }
        if (script.word("ENV").isPresent()) {
            return List.of(
                    Objects.requireNonNullElse(System.getenv(script.word("ENV").get()), "(unset)"));
        }
        if (script.has("HISTORY")) {
            return turn.agent().conversation().remarks().stream()
                    .map(remark -> remark.role() + ": " + remark.text() + "\n")
                    .toList();
        }
        if (script.has("CLEAR")) {
            clear(turn);
            return List.of("Cleared.");
        }
        return DemoBehaviour.words("Echo: " + turn.prompt());
    }

    private static String askQuestion(Turn turn, String question) throws TurnAborted {
        Object option = Json.object("label", "Yes", "description", "Go on");
        Object other = Json.object("label", "No", "description", "Stop");
        Object asked = Json.object(
                "question", question, "header", "Question", "options", List.of(option, other), "multiSelect", false);
        return turn.call(
                        "AskUserQuestion",
                        Json.object("questions", List.of(asked)),
                        true,
                        input -> new ToolOutput("Answers: " + Json.write(input.get("answers")), false))
                .text();
    }

    private static void clear(Turn turn) {
        try {
            turn.agent().conversation().clear();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> numbered(String word, int count) {
        return IntStream.rangeClosed(1, Math.min(MAX_PIECES, count))
                .mapToObj(i -> word + i + " ")
                .toList();
    }

    private void strikeAt(FaultPoint point, StreamJsonAgent agent) {
        if (plan.fault() != Fault.NONE && plan.point() == point && struck.compareAndSet(false, true) && countStrike()) {
            strike(plan, agent);
        }
    }

    private void strike(FaultPlan struckBy, StreamJsonAgent agent) {
        ignoresInterrupts |= struckBy.fault() == Fault.IGNORE_INTERRUPT;
        FaultInjector.strike(struckBy, agent);
        if (STOP_READING.contains(struckBy.fault())) {
            readingEnds.countDown();
        }
    }

    /** Whether this process is among those that the fault strikes; processes are counted in the state directory. */
    private boolean countStrike() {
        if (plan.times() == 0) {
            return true;
        }
        Path counter = stateDirectory.resolve("fault-count");
        try {
            long before = Files.exists(counter)
                    ? Long.parseLong(Files.readString(counter).strip())
                    : 0;
            if (before >= plan.times()) {
                return false;
            }
            Files.createDirectories(stateDirectory);
            Files.writeString(counter, Long.toString(before + 1));
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void stopReadingIfTold() {
        if (readingEnds.getCount() == 0) {
            parkReader(true);
        }
    }

    /** Wait until the fault strikes, and stop reading for good. */
    private void parkReader(boolean alreadyStruck) {
        try {
            if (!alreadyStruck) {
                readingEnds.await();
            }
            StreamJsonAgent.park();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
