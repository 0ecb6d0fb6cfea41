package io.hotplex.benchmarks;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.os.OsLaunchers;
import java.time.Duration;

/**
 * Our launcher, which also remembers when a process was last written to and when a {@code result} line last came: what
 * lies between them is the agent's time. Thread-safe; meant for one turn at a time.
 */
final class StampingLauncher implements ProcessLauncher {
    private final ProcessLauncher launcher = new OsLaunchers().open(LauncherConfig.DEFAULT);
    private volatile long written;
    private volatile long result;

    /** The agent's time in the last turn, in nanoseconds. */
    long agentNanos() {
        return result - written;
    }

    @Override
    public Info info() {
        return launcher.info();
    }

    @Override
    public AgentProcess launch(ProcessSpec spec, ProcessListener listener) {
        return new Stamped(launcher.launch(spec, new Listener(listener)));
    }

    @Override
    public void close() {
        launcher.close();
    }

    private final class Listener implements ProcessListener {
        private final ProcessListener listener;

        Listener(ProcessListener listener) {
            this.listener = listener;
        }

        @Override
        public void onLine(AgentLine line) {
            if (PipeDriver.endsTurn(line.bytes(), line.offset(), line.length())) {
                result = System.nanoTime();
            }
            listener.onLine(line);
        }

        @Override
        public void onOutputEnd() {
            listener.onOutputEnd();
        }

        @Override
        public void onExit(Exit exit) {
            listener.onExit(exit);
        }
    }

    private final class Stamped implements AgentProcess {
        private final AgentProcess process;

        Stamped(AgentProcess process) {
            this.process = process;
        }

        @Override
        public long pid() {
            return process.pid();
        }

        @Override
        public boolean write(byte[] data) {
            written = System.nanoTime(); // before the agent can answer
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
    }
}
