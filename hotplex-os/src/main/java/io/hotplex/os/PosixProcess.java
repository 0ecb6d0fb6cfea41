package io.hotplex.os;

import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessListener.Exit;
import java.time.Duration;
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
 * <p>The end: the leader has ended (group killed, leader reaped), standard output and standard error have ended or the
 * drain timeout has passed; then {@link ProcessListener#onExit}. These come in any order.
 */
final class PosixProcess implements AgentProcess {
    private static final Logger log = LoggerFactory.getLogger(PosixProcess.class);
    private static final int CLOSED = -1;
    /** How often the leader is looked at where the kernel has no pidfd; a closed pipe makes it look at once. */
    private static final long EXIT_CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final IoLoop loop;
    private final SafeListener listener;
    private final Duration drainTimeout;
    private final ProcessGroup group;
    private final StdinPipe stdin;
    private final LineFramer framer;
    private final StderrTail stderrTail;
    private final Termination termination;

    private int pidfd;
    private int stdout;
    private int stderr;
    private boolean stdinWatched;
    private boolean reading = true;
    private boolean stdoutWatched;
    /** The pipe was found full once and got more room. */
    private boolean stdoutRaised;

    private @Nullable ExitStatus status;
    private boolean exitTold;
    private Runnable cancelDrain = () -> {};

    /** @param pidfd readable when the process has ended, or -1 when the kernel has no such descriptors */
    PosixProcess(
            String label,
            IoLoop loop,
            PosixSpawn.Child child,
            int pidfd,
            LauncherConfig config,
            ProcessListener listener) {
        this.loop = loop;
        this.drainTimeout = config.drainTimeout();
        this.group = new ProcessGroup(child.pid());
        this.listener = new SafeListener(label, listener, group::kill);
        this.stdin = new StdinPipe(child.stdin(), config.stdinQueueBytes());
        this.framer = new LineFramer(config.maxLineBytes());
        this.stderrTail = new StderrTail(config.stderrTailLines());
        this.termination = new Termination(loop, new Steps());
        this.pidfd = pidfd;
        this.stdout = child.stdout();
        this.stderr = child.stderr();
    }

    @Override
    public long pid() {
        return group.leader();
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
            if (status == null) {
                termination.request(eofGrace, termGrace);
            }
        });
    }

    /** Puts the process into its loop. On the loop's thread. */
    void start() {
        loop.add(this);
        try {
            watchOutput();
            loop.selector().watch(stderr, false, this::readError);
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
        stdin.close();
        for (int fd : new int[] {pidfd, stdout, stderr}) {
            if (fd != CLOSED) {
                LibC.close(fd);
            }
        }
    }

    /** Kills the group at once. On the loop's thread. */
    void kill() {
        group.kill();
    }

    /** Gives up waiting for a process that does not end although it was killed. On the loop's thread, as it ends. */
    void abandon() {
        if (status == null) {
            ended(new ExitStatus(null, null));
        }
        endDrain();
    }

    private void watchOutput() {
        // what a dead process left in its pipe is read in any case: it is little, and nobody is held up by it
        boolean wanted = stdout != CLOSED && (reading || status != null);
        if (wanted && !stdoutWatched) {
            loop.selector().watch(stdout, false, this::readOutput);
        } else if (!wanted && stdoutWatched) {
            loop.selector().unwatch(stdout); // no interest at all: the end of a pipe would be reported again and again
        }
        stdoutWatched = wanted;
    }

    private void readOutput() {
        if (stdout == CLOSED) {
            return;
        }
        int count = loop.read(stdout);
        if (count > 0) {
            if (count >= Pipe.USUAL_BYTES && !stdoutRaised) {
                stdoutRaised = true;
                Pipe.raise(stdout);
            }
            framer.feed(loop.buffer(), 0, count, listener::line);
        } else if (count < 0) {
            endOutput();
            checkExitWithoutPidfd();
        }
    }

    private void endOutput() {
        if (stdout == CLOSED) {
            return;
        }
        loop.selector().unwatch(stdout);
        LibC.close(stdout);
        stdout = CLOSED;
        stdoutWatched = false;
        framer.end(listener::line);
        listener.outputEnd();
        tellExitWhenComplete();
    }

    private void readError() {
        if (stderr == CLOSED) {
            return;
        }
        int count = loop.read(stderr);
        if (count > 0) {
            stderrTail.feed(loop.buffer(), count);
        } else if (count < 0) {
            endError();
            checkExitWithoutPidfd();
        }
    }

    private void endError() {
        if (stderr == CLOSED) {
            return;
        }
        loop.selector().unwatch(stderr);
        LibC.close(stderr);
        stderr = CLOSED;
        stderrTail.end();
        tellExitWhenComplete();
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
        if (status == null) {
            loop.at(loop.nanoTime() + EXIT_CHECK_NANOS, this::checkExitRegularly);
        }
    }

    private void checkExitWithoutPidfd() {
        if (pidfd < 0) {
            checkExit();
        }
    }

    private void checkExit() {
        if (status == null) {
            ExitStatus found = group.reap();
            if (found != null) {
                ended(found);
            }
        }
    }

    private void ended(ExitStatus found) {
        status = found;
        termination.cancel();
        if (pidfd >= 0) {
            loop.selector().unwatch(pidfd);
            LibC.close(pidfd);
            pidfd = CLOSED;
        }
        closeInputNow();
        watchOutput();
        if (stdout != CLOSED || stderr != CLOSED) {
            cancelDrain = loop.at(loop.nanoTime() + drainTimeout.toNanos(), this::endDrain);
        }
        tellExitWhenComplete();
    }

    private void endDrain() {
        endOutput();
        endError();
    }

    private void tellExitWhenComplete() {
        ExitStatus found = status;
        if (found != null && stdout == CLOSED && stderr == CLOSED && !exitTold) {
            exitTold = true;
            cancelDrain.run();
            loop.remove(this);
            listener.exit(new Exit(found, stderrTail.lines()));
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
