package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.first;
import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static io.hotplex.e2e.claude.ClaudeRig.until;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Session;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Claude Code in each confinement: it answers, runs its tools, and remembers. */
class ConfinementIT extends RealClaude {
    ConfinementIT(ClaudeVersion version) {
        super(version);
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"cgroup", "pid-namespace", "bubblewrap"})
    void aConfinedAgentAnswersRunsToolsAndResumes(String confinement) {
        available(confinement);
        try (Engine engine = rig.engine("confinement", confinement, "confinement-strict", "true")) {
            Session session = rig.trusting(engine, "s1");
            List<EventRecord> records = read(session);

            assertThat(run(session, "SAY 3 kumquat").text().strip()).isEqualTo("w1 w2 w3");
            assertThat(run(session, "TOOL Bash touch made && echo done-so").text())
                    .contains("done-so");

            assertThat(rig.file("made")).exists();
            assertThat(first(records, AgentEvent.SessionStarted.class).confinement())
                    .isEqualTo(confinement);
            assertThat(only(records, AgentEvent.IsolationReduced.class)).isEmpty();
            until("the conversation on disk", () -> rig.writtenDown("kumquat"));
        }
        Session again = rig.open(rig.engine("confinement", confinement, "confinement-strict", "true"), "s1");
        List<EventRecord> records = read(again);

        assertThat(run(again, "SAY 1").completed()).isTrue();
        assertThat(only(records, AgentEvent.SessionResumed.class)).hasSize(1);
        assertThat(rig.remembers("kumquat")).isTrue();
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"cgroup", "pid-namespace", "bubblewrap"})
    void whatAToolLeftBehindEndsWithItsAgent(String confinement) {
        available(confinement);
        Engine engine = rig.engine("confinement", confinement, "confinement-strict", "true");
        Session session = rig.trusting(engine, "s1");
        run(session, "TOOL Bash setsid sleep 600 >/dev/null 2>&1 & sleep 0.2; echo left");
        assertThat(rig.processes()).isNotEmpty();

        session.close().toCompletableFuture().join();

        until("no process left", () -> rig.processes().isEmpty());
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = "bubblewrap")
    void aToolInASandboxSeesNoSecretAndWritesNowhereElse(String confinement) throws IOException {
        available(confinement);
        Files.writeString(rig.home.resolve("secret"), "pomegranate");
        Files.writeString(rig.state.resolve("secret"), "pomegranate");
        Engine engine = rig.engine("confinement", confinement, "confinement-strict", "true", "guard", "off");
        Session session = rig.trusting(engine, "s1"); // the guard would ask first

        String text = run(
                        session,
                        "TOOL Bash cat " + rig.home.resolve("secret") + " " + rig.state.resolve("secret")
                                + "; touch /usr/made " + rig.home.resolve("made") + "; echo done-so")
                .text();

        assertThat(text).contains("done-so").doesNotContain("pomegranate");
        assertThat(rig.home.resolve("made")).doesNotExist();
    }

    /** Skips, saying why, what cannot be had on this machine. */
    private static void available(String confinement) {
        try (ProcessLauncher launcher = ServiceLoader.load(ProcessLauncherProvider.class)
                .findFirst()
                .orElseThrow()
                .open(LauncherConfig.DEFAULT)) {
            launcher.confinements().stream()
                    .filter(probe -> probe.name().equals(confinement) && !probe.ok())
                    .findFirst()
                    .ifPresent(probe -> {
                        System.out.println("skipped, no " + confinement + ": " + probe.detail());
                        assumeTrue(false, probe.detail());
                    });
        }
    }
}
