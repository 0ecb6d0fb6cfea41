package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Nothing outlives Claude Code while it runs a command that has left its session twice: once as it is, once with an
 * environment that holds nothing of ours, so that only the limit on file locks is left to find it by.
 */
class SurvivorsIT extends RealClaude {
    /** The agent, its shell, the command in it, and two that have left. */
    private static final int LEAST_PROCESSES = 5;

    private static final Duration QUIET = Duration.ofMillis(600);

    SurvivorsIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void afterItsSessionWasClosed() throws Exception {
        Session session = rig.trusting(rig.engine(), "s1");
        session.submit(Prompt.of(command()));
        runs();

        session.close().toCompletableFuture().get(30, TimeUnit.SECONDS);

        nothingLives();
    }

    @Test
    void afterItsEngineWasClosed() {
        Engine engine = rig.engine();
        rig.trusting(engine, "s1").submit(Prompt.of(command()));
        runs();

        engine.close();

        nothingLives();
    }

    @Test
    void afterItsJvmWasKilled() throws Exception {
        Process jvm = rig.otherJvm(Map.of(), Map.of(), command());
        try {
            runs();
        } finally {
            jvm.destroyForcibly().waitFor();
        }

        nothingLives();
    }

    private String command() {
        return "TOOL Bash (setsid sleep 600 >/dev/null 2>&1 &); (setsid env -i OURS=" + rig.marker()
                + " /bin/sleep 600 >/dev/null 2>&1 &); touch running; sleep 600; echo never";
    }

    private void runs() {
        until("the command runs", () -> Files.exists(rig.file("running")));
        until("it has left its session", () -> rig.processes().size() >= LEAST_PROCESSES);
    }

    private void nothingLives() {
        until("nothing is left", () -> rig.processes().isEmpty());
        await().during(QUIET)
                .pollInterval(Duration.ofMillis(50))
                .untilAsserted(() -> assertThat(rig.processes()).isEmpty());
    }
}
