package io.hotplex.os;

import io.hotplex.api.ProcessUsage;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessListener.Cleanup;
import io.hotplex.api.spi.ProcessListener.Exit;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A process on an {@link IoLoop}.
 *
 * <p>Threading: all state is confined to the loop's thread, which makes every call to the listener, except for the
 * standard input, which {@link StdinPipe} guards. The public methods hand over to the loop.
 *
 * <p>The end: the leader has ended, which kills its group; what left the group is searched for; the leader is reaped.
 * And standard output and standard error have ended, or the drain timeout has passed. These two come in any order; then
 * {@link ProcessListener#onExit}.
 */
final class PosixProcess implements AgentProcess {
    private static final Logger log = LoggerFactory.getLogger(PosixProcess.class);
    /** How often the leader is looked at where the kernel has no pidfd; a closed pipe makes it look at once. */
    private static final long EXIT_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final IoLoop loop;
    private final SafeListener listener;
    private final Duration drainTimeout;
    private final ProcessGroup group;
    private final Enclosure enclosure;
    private final Confiner confiner;
    private final StdinPipe stdin;
    private final LineFramer framer;
    private final StderrTail stderrTail;
    private final Termination termination;

    private final Run.@Nullable Child child;
    private final @Nullable String identity;
    private final OutputPipe stdout;
    private final OutputPipe stderr;
    private int pidfd;
    private boolean stdinWatched;
    private boolean reading = true;

    /** The leader has ended. */
    private boolean ended;
    /** Set when it was reaped. */
    private @Nullable ExitStatus status;

    private @Nullable Cleanup cleanup;
    private boolean exitTold;
    private Runnable cancelDrain = () -> {};

    /**
     * @param child how the run knows it, or {@code null} for the guardian, which the run does not end
     * @param pipes its pipes
     * @param pidfd readable when the process has ended, or -1 when the kernel has no such descriptors
     */
    PosixProcess(
            String label,
            IoLoop loop,
            Run.@Nullable Child child,
            PosixSpawn.Child pipes,
            int pidfd,
            Enclosure enclosure,
            Confiner confiner,
            LauncherConfig config,
            ProcessListener listener) {
        this.loop = loop;
        this.child = child;
        this.identity = child == null ? null : child.identity();
        this.drainTimeout = config.drainTimeout();
        this.enclosure = enclosure;
        this.confiner = confiner;
        this.group = new ProcessGroup(pipes.pid(), enclosure);
        this.listener = new SafeListener(label, listener, group::kill);
        this.stdin = new StdinPipe(pipes.stdin(), config.stdinQueueBytes());
        this.framer = new LineFramer(config.maxLineBytes());
        this.stderrTail = new StderrTail(config.stderrTailLines());
        this.termination = new Termination(loop, new Steps());
        this.pidfd = pidfd;
        this.stdout = new OutputPipe(loop, pipes.stdout(), new Output());
        this.stderr = new OutputPipe(loop, pipes.stderr(), new ErrorOutput());
    }

    @Override
    public long pid() {
        return group.leader();
    }

    @Override
    public @Nullable String identity() {
        return identity;
    }

    @Override
    public Isolation.Applied isolation() {
        return enclosure.applied();
    }

    @Override
    public Optional<ProcessUsage> usage() {
        return child == null ? Optional.empty() : UsageReader.read(group.leader(), enclosure.cgroup(), child.family());
    }

    @Override
    public boolean write(byte[] data) {
        StdinPipe.Taken taken = stdin.write(data);
        if (taken.tellLoop()) {
            loop.execute(this::flushInput);
        }
        return taken.accepted();
    }

    @Override
    public void closeInput() {
        stdin.endAfterQueue();
        loop.execute(this::flushInput);
    }

    @Override
    public void reading(boolean on) {
        loop.execute(() -> {
            reading = on;
            watchOutput();
        });
    }

    @Override
    public void terminate(Duration eofGrace, Duration termGrace) {
        loop.execute(() -> {
            if (!ended) {
                termination.request(eofGrace, termGrace);
            }
        });
    }

    /** Puts the process into its loop. On the loop's thread. */
    void start() {
        loop.add(this);
        try {
            watchOutput();
            stderr.reading(true);
            if (pidfd >= 0) {
                loop.selector().watch(pidfd, false, this::checkExit);
            } else {
                checkExitRegularly();
            }
        } catch (IllegalStateException e) { // the system has no room for more watches
            log.error("process {} cannot be watched and is killed", group.leader(), e);
            group.kill();
            endDrain();
            checkExitRegularly();
        }
    }

    /** Kills and reaps a process that no loop has taken. */
    void discard() {
        group.discard();
        if (child != null) {
            child.sweepNow();
            child.forget();
            child.reaped();
        }
        confiner.left(enclosure.cgroup());
        stdin.close();
        stdout.discard();
        stderr.discard();
        if (pidfd >= 0) {
            LibC.close(pidfd);
        }
    }

    /** Kills the group at once, unless it is to outlive the others. On the loop's thread. */
    void kill() {
        if (child != null) {
            group.kill();
        }
    }

    /** Gives up waiting for a process that does not end although it was killed. On the loop's thread, as it ends. */
    void abandon() {
        ended();
        reaped(new ExitStatus(null, null), null);
        endDrain();
    }

    private void watchOutput() {
        // what a dead process left in its pipe is read in any case: it is little, and its exit must be told
        stdout.reading(reading || ended);
    }

    private void flushInput() {
        switch (stdin.flush()) {
            case NOTHING -> unwatchInput();
            case WAIT_FOR_ROOM -> {
                if (!stdinWatched) {
                    stdinWatched = true;
                    loop.selector().watch(stdin.fd(), true, this::flushInput);
                }
            }
            case CLOSE -> closeInputNow();
        }
    }

    private void closeInputNow() {
        unwatchInput();
        stdin.close();
    }

    private void unwatchInput() {
        if (stdinWatched) {
            stdinWatched = false;
            loop.selector().unwatch(stdin.fd());
        }
    }

    private void checkExitRegularly() {
        checkExit();
        if (!ended) {
            loop.at(loop.nanoTime() + EXIT_CHECK_NANOS, this::checkExitRegularly);
        }
    }

    private void checkExitWithoutPidfd() {
        if (pidfd < 0) {
            checkExit();
        }
    }

    private void checkExit() {
        if (!ended && group.ended()) {
            ended();
            if (child == null) {
                swept(null);
            } else {
                child.sweep(enclosure, found -> loop.execute(() -> swept(found)));
            }
        }
    }

    private void ended() {
        if (ended) {
            return;
        }
        ended = true;
        termination.cancel();
        if (pidfd >= 0) {
            loop.selector().unwatch(pidfd);
            LibC.close(pidfd);
            pidfd = -1;
        }
        closeInputNow();
        stdout.writerEnded();
        stderr.writerEnded();
        watchOutput();
        if (stdout.isOpen() || stderr.isOpen()) {
            cancelDrain = loop.at(loop.nanoTime() + drainTimeout.toNanos(), this::endDrain);
        }
    }

    private void swept(@Nullable Cleanup found) {
        if (status == null) {
            if (child != null) {
                child.forget(); // first: from the reaping on its pid may be another's
            }
            ExitStatus how = group.reap();
            if (child != null) {
                child.reaped();
            }
            reaped(how, found);
        }
    }

    private void reaped(ExitStatus how, @Nullable Cleanup found) {
        if (status == null) {
            status = how;
            cleanup = found;
            tellExitWhenComplete();
        }
    }

    private void endDrain() {
        stdout.drainAndClose();
        stderr.drainAndClose();
    }

    private void tellExitWhenComplete() {
        ExitStatus found = status;
        if (found != null && !stdout.isOpen() && !stderr.isOpen() && !exitTold) {
            exitTold = true;
            cancelDrain.run();
            loop.remove(this);
            confiner.left(enclosure.cgroup());
            listener.exit(new Exit(found, stderrTail.lines(), cleanup));
        }
    }

    /** What comes from standard output. */
    private final class Output implements OutputPipe.Sink {
        @Override
        public void bytes(byte[] bytes, int length) {
            framer.feed(bytes, 0, length, listener::line);
        }

        @Override
        public void end() {
            framer.end(listener::line);
            listener.outputEnd();
            checkExitWithoutPidfd();
            tellExitWhenComplete();
        }
    }

    /** What comes from standard error. */
    private final class ErrorOutput implements OutputPipe.Sink {
        @Override
        public void bytes(byte[] bytes, int length) {
            stderrTail.feed(bytes, length);
        }

        @Override
        public void end() {
            stderrTail.end();
            checkExitWithoutPidfd();
            tellExitWhenComplete();
        }
    }

    /** The steps of an ordered end. */
    private final class Steps implements Termination.Target {
        @Override
        public void closeInput() {
            PosixProcess.this.closeInput();
        }

        @Override
        public void signalTerm() {
            group.terminate();
        }

        @Override
        public void signalKill() {
            group.kill();
        }
    }
}
