package io.hotplex.testkit.agent;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Does the harm of a {@link Fault} on the thread that calls. Stateless but for what it does to the process. */
final class FaultInjector {
    private static final long FLOOD_BYTES = 16L << 20;
    private static final long OVERSIZE_BYTES = 65L << 20;
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int ORPHAN_SECONDS = 600;
    private static final String ORPHAN = "sh -c \"$1\" \"$0\" </dev/null &";

    /** macOS has no setsid command. */
    private static final String ORPHAN_IN_OWN_SESSION = """
            if command -v setsid >/dev/null 2>&1
            then setsid sh -c "$1" "$0" </dev/null &
            else perl -MPOSIX -e 'setsid(); exec @ARGV' sh -c "$1" "$0" </dev/null &
            fi""";

    private static final List<String> GARBAGE_LINES = List.of(
            "",
            "\tat java.base/java.lang.Thread.run(Thread.java)",
            "{\"type\":",
            "[]",
            "null",
            "{}",
            "{\"type\":7}",
            "{\"type\":\"no_such_type\",\"x\":[1,{}]}",
            "\u0007\u001b[31mred\u001b[0m");

    private FaultInjector() {}

    static void strike(FaultPlan plan, StreamJsonAgent agent) {
        AgentOutput out = agent.out();
        switch (plan.fault()) {
            case FLOOD_STDOUT -> flood(plan.number(FLOOD_BYTES), out::bytes);
            case FLOOD_STDERR -> flood(plan.number(FLOOD_BYTES), System.err::writeBytes);
            case HALF_LINE_THEN_SILENCE -> {
                out.bytes(ascii("{\"type\":\"assistant\",\"message\":{\"id\":\"msg_ha"));
                out.silence();
                parkForGood();
            }
            case HALF_LINE_THEN_EXIT -> {
                out.bytes(ascii("{\"type\":\"result\",\"subtype\":\"succ"));
                Runtime.getRuntime().halt((int) plan.number(1));
            }
            case BAD_UTF8 -> badUtf8(out);
            case OVERSIZE_LINE -> oversizeLine(plan.number(OVERSIZE_BYTES), out);
            case GARBAGE -> GARBAGE_LINES.forEach(line -> out.bytes(ascii(line + "\n")));
            case IGNORE_TERM -> Runtime.getRuntime().addShutdownHook(new Thread(FaultInjector::parkForGood, "deaf"));
            case GRANDCHILD -> orphan(ORPHAN, plan);
            case SETSID_GRANDCHILD -> orphan(ORPHAN_IN_OWN_SESSION, plan);
            case CLOSE_STDOUT -> out.close();
            case CLOSE_STDIN -> closeStandardInput();
            case EXIT -> {
                System.err.println("scripted exit");
                Runtime.getRuntime().halt((int) plan.number(1));
            }
            case SIGNAL -> dieBySignal(plan.argument().orElse("KILL"));
            case HANG -> {
                out.silence();
                parkForGood();
            }
            case SLOW_START -> waitFor(plan.number(2_000));
            case UNASKED_TURNS -> unaskedTurns((int) plan.number(3), agent);
            case NONE, NEVER_READ, RESUME_FAILS, SESSION_TAKEN, IGNORE_INTERRUPT -> {
                // the behaviour asks for these itself
            }
        }
    }

    /** Somewhere to write bytes. */
    @FunctionalInterface
    private interface Sink {
        void write(byte[] bytes);
    }

    private static void flood(long bytes, Sink sink) {
        byte[] line = ascii("{\"type\":\"flood\",\"text\":\"" + "~".repeat(1_000) + "\"}\n");
        for (long left = bytes; left > 0; left -= line.length) {
            sink.write(line);
        }
    }

    private static void oversizeLine(long bytes, AgentOutput out) {
        byte[] chunk = new byte[CHUNK_BYTES];
        Arrays.fill(chunk, (byte) 'x');
        out.bytes(ascii("{\"type\":\"oversize\",\"text\":\""));
        for (long left = bytes; left > 0; left -= chunk.length) {
            out.bytes(left >= chunk.length ? chunk : Arrays.copyOf(chunk, (int) left));
        }
        out.bytes(ascii("\"}\n"));
    }

    private static void badUtf8(AgentOutput out) {
        byte[] line = ascii("{\"type\":\"system\",\"subtype\":\"bad_utf8\",\"text\":\"12345\"}\n");
        byte[] bad = {(byte) 0xC3, (byte) 0x28, (byte) 0xFF, (byte) 0xED, (byte) 0xA0};
        System.arraycopy(bad, 0, line, line.length - 3 - bad.length, bad.length);
        out.bytes(line);
    }

    /** The shell in between is gone when this returns, so the one that sleeps is nobody's child. */
    private static void orphan(String script, FaultPlan plan) {
        run(script, plan.argument().orElse("hotplex-orphan"), "sleep " + ORPHAN_SECONDS + "; : \"$0\"");
    }

    private static void dieBySignal(String signal) {
        run("kill -\"$0\" " + ProcessHandle.current().pid(), signal);
        parkForGood(); // the signal is on its way
    }

    private static void run(String... scriptAndArguments) {
        List<String> command = new ArrayList<>(List.of("sh", "-c"));
        command.addAll(List.of(scriptAndArguments));
        try {
            new ProcessBuilder(command)
                    .redirectOutput(Redirect.INHERIT)
                    .redirectError(Redirect.INHERIT)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void closeStandardInput() {
        try {
            new FileInputStream(FileDescriptor.in).close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void unaskedTurns(int turns, StreamJsonAgent agent) {
        for (int turn = 1; turn <= turns; turn++) {
            String text = "Nobody asked, turn " + turn + ".";
            agent.wire().init(agent.settings(), agent.behaviour().tools());
            MessageStream message =
                    new MessageStream(agent.wire(), agent.settings().model());
            message.open("text");
            message.piece(text);
            message.close(false);
            Usage usage = message.finish("end_turn", 0);
            Map<String, @Nullable Object> result = Json.object(
                    "subtype",
                    "success",
                    "is_error",
                    false,
                    "num_turns",
                    1,
                    "result",
                    text,
                    "total_cost_usd",
                    0,
                    "usage",
                    usage.json(),
                    "permission_denials",
                    List.of(),
                    "terminal_reason",
                    "completed",
                    "origin",
                    Json.object("kind", "task-notification"));
            agent.wire().result(result);
        }
    }

    private static void waitFor(long millis) {
        try {
            new Semaphore(0).tryAcquire(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void parkForGood() {
        try {
            StreamJsonAgent.park();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
