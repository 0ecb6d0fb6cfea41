package io.hotplex.testkit.record;

import io.hotplex.api.ProcessUsage;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderProbe;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * A provider that writes down what another one says with its agents, one transcript for each process, in the form that
 * {@link TranscriptRecorder} writes. Unlike that, it also sees what goes over other ways than pipes. Thread-safe.
 */
public final class RecordingProvider implements AgentProvider {
    private final AgentProvider provider;
    private final Path directory;

    /**
     * @param directory an existing one; a transcript is named like its process, {@code <session>-<generation>.ndjson}
     */
    public RecordingProvider(AgentProvider provider, Path directory) {
        this.provider = provider;
        this.directory = directory;
    }

    @Override
    public String name() {
        return provider.name();
    }

    @Override
    public Set<Capability> capabilities() {
        return provider.capabilities();
    }

    @Override
    public void check(SessionSpec spec) {
        provider.check(spec);
    }

    @Override
    public Launch launch(LaunchRequest request) {
        Launch launch = provider.launch(request);
        return launch.startedBy((launcher, spec, listener) -> start(launch.starter(), launcher, spec, listener));
    }

    private AgentProcess start(
            Launch.Starter starter, ProcessLauncher launcher, ProcessSpec spec, ProcessListener listener) {
        try {
            TranscriptWriter writer = new TranscriptWriter(directory.resolve(spec.label() + ".ndjson"));
            writer.spawned(spec.command(), spec.workDir());
            return new Recorded(starter.start(launcher, spec, new Listener(writer, listener)), writer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return provider.probe(launcher, limit);
    }

    @Override
    public void close() {
        provider.close();
    }

    /** Writes down what the agent says, and hands it on. */
    private record Listener(TranscriptWriter writer, ProcessListener listener) implements ProcessListener {
        @Override
        public void onLine(AgentLine line) {
            try {
                writer.line("out", line.text());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            listener.onLine(line);
        }

        @Override
        public void onOutputEnd() {
            listener.onOutputEnd();
        }

        @Override
        public void onExit(Exit exit) {
            try (writer) {
                writer.exited(exit.status());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                listener.onExit(exit);
            }
        }
    }

    /** Writes down what the agent is told, and tells it. */
    private record Recorded(AgentProcess process, TranscriptWriter writer) implements AgentProcess {
        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public boolean write(byte[] data) {
            try {
                writer.line("in", new String(data, StandardCharsets.UTF_8).stripTrailing());
            } catch (IOException e) {
                // the process has ended, and its transcript with it
                return process.write(data);
            }
            return process.write(data);
        }

        @Override
        public void closeInput() {
            process.closeInput();
        }

        @Override
        public void reading(boolean on) {
            process.reading(on);
        }

        @Override
        public void terminate(Duration eofGrace, Duration termGrace) {
            process.terminate(eofGrace, termGrace);
        }

        @Override
        public Isolation.Applied isolation() {
            return process.isolation();
        }

        @Override
        public Optional<ProcessUsage> usage() {
            return process.usage();
        }
    }
}
