package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ProviderProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.NullMarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

@NullMarked
class VersionProbeTest {
    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static ProviderProbe probe(Launcher launcher, Duration limit) {
        ProviderConfig config = ProviderConfig.of("claude").with("command", JAVA);
        return new ClaudeProviderFactory().create(config).probe(launcher, limit);
    }

    private static void ends(ProcessListener listener, int code) {
        listener.onExit(new ProcessListener.Exit(new ExitStatus(code, null), List.of(), null));
    }

    @Test
    void readsTheVersion() {
        Launcher launcher = new Launcher(listener -> {
            listener.onLine(AgentLine.of("2.1.197 (Claude Code)"));
            ends(listener, 0);
        });
        ProviderProbe probe = probe(launcher, Duration.ofSeconds(10));

        assertThat(probe).isEqualTo(new ProviderProbe(true, JAVA, "2.1.197", "Claude Code 2.1.197"));
        assertThat(launcher.commands).containsExactly(List.of(JAVA, "--version"));
    }

    @Test
    void callsAProgramByItsOwnName() {
        for (String[] spoken : new String[][] {
            {"1.2.3 (Some wrapper)", "Some wrapper 1.2.3"}, {"1.2.3", "version 1.2.3"}, {"1.2.3 beta", "version 1.2.3"}
        }) {
            Launcher launcher = new Launcher(listener -> {
                listener.onLine(AgentLine.of(spoken[0]));
                ends(listener, 0);
            });

            assertThat(probe(launcher, Duration.ofSeconds(10)).detail()).isEqualTo(spoken[1]);
        }
    }

    @Test
    void tellsFailuresAndNeverWaitsLongerThanItsLimit() {
        assertThat(probe(new Launcher(listener -> ends(listener, 1)), Duration.ofSeconds(10))
                        .available())
                .isFalse();
        Launcher silent = new Launcher(listener -> {});
        assertThat(probe(silent, Duration.ofMillis(20)).detail()).contains("20 ms");
        assertThat(silent.terminated).isEqualTo(1);
        Launcher refusing = new Launcher(null);
        assertThat(probe(refusing, Duration.ofSeconds(10)).detail()).contains("could not be started");
    }

    @Test
    void saysWhatToInstall() {
        ProviderConfig config = ProviderConfig.of("claude").with("command", "no-such-program-anywhere");
        ProviderProbe probe =
                new ClaudeProviderFactory().create(config).probe(new Launcher(listener -> {}), Duration.ofSeconds(1));

        assertThat(probe.available()).isFalse();
        assertThat(probe.detail()).contains("npm install");
    }

    /** Runs a script of calls instead of a process; {@code null} cannot start. */
    private static final class Launcher implements ProcessLauncher, AgentProcess {
        final List<List<String>> commands = new ArrayList<>();
        int terminated;
        private final @Nullable Consumer<ProcessListener> script;

        Launcher(@Nullable Consumer<ProcessListener> script) {
            this.script = script;
        }

        @Override
        public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
            commands.add(spec.command());
            if (script == null) {
                throw new HotPlexException(ErrorCode.AGENT_START_FAILED, "no");
            }
            script.accept(listener);
            return this;
        }

        @Override
        public Info info() {
            return new Info("fake", List.of());
        }

        @Override
        public long pid() {
            return 1;
        }

        @Override
        public boolean write(byte[] data) {
            return true;
        }

        @Override
        public void closeInput() {}

        @Override
        public void reading(boolean on) {}

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            terminated++;
        }

        @Override
        public void close() {}
    }
}
