package io.hotplex.server.internal.cli;

import io.hotplex.api.EventRecord;
import io.hotplex.server.internal.config.Settings;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code hotplex replay}: shows a session again, as it was when it happened, or faster. Confined. */
final class ReplayCommand {
    /** Nobody watches the hours in which a session slept. */
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(3);

    private final Surroundings surroundings;
    private final Lane out;
    /** Nobody counts it down: only time ends a pause. */
    private final CountDownLatch never = new CountDownLatch(1);

    private double speed;
    private @Nullable Instant shown;

    ReplayCommand(Surroundings surroundings, Lane out) {
        this.surroundings = surroundings;
        this.out = out;
    }

    static Arguments parse(List<String> arguments) {
        return Arguments.parse(
                arguments, Set.of("--json", "--debug", "--help"), Set.of("--speed", "--config", "--set"));
    }

    /** Runs it. The result is the exit code. */
    int run(Arguments arguments) {
        if (arguments.operands().size() != 1) {
            throw new UsageException("replay needs the id of one session");
        }
        speed = speed(arguments.one("--speed"));
        String id = arguments.operands().get(0);
        Settings settings = Configured.settings(arguments, surroundings);
        Lane err = new Lane(surroundings.err());
        View view = arguments.has("--json") ? new JsonView(out, err) : new TextView(out, err, surroundings.terminal());
        try (KeptSessions sessions = KeptSessions.open(settings.engine(), true)) {
            sessions.records(id, record -> {
                pause(record);
                view.show(record);
            });
        }
        view.end();
        return ExitCode.OK;
    }

    private static double speed(@Nullable String text) {
        try {
            double value = text == null ? 1 : text.equals("max") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
            if (value > 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new UsageException("--speed: '" + text + "' (expected: a number above 0, such as 4 or 0.5, or max)");
    }

    private void pause(EventRecord record) {
        Instant last = shown;
        shown = record.time();
        if (last == null || !record.time().isAfter(last) || Double.isInfinite(speed)) {
            return;
        }
        Duration gap = Duration.between(last, record.time());
        Duration capped = gap.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : gap;
        try {
            var unused = never.await((long) (capped.toNanos() / speed), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
