package io.hotplex.os;

/** Our end of a pipe that a child writes. Confined to the loop's thread. */
final class OutputPipe {
    /** Gets what was read. */
    interface Sink {
        /** @param bytes valid during the call, from index 0 on */
        void bytes(byte[] bytes, int length);

        /** There is no more. Called once. */
        void end();
    }

    private static final int CLOSED = -1;

    private final IoLoop loop;
    private final Sink sink;
    private int fd;
    private boolean watched;
    private boolean raised;
    private long left = Long.MAX_VALUE;

    OutputPipe(IoLoop loop, int fd, Sink sink) {
        this.loop = loop;
        this.fd = fd;
        this.sink = sink;
    }

    boolean isOpen() {
        return fd != CLOSED;
    }

    /** Reads whenever there is something, or no more. */
    void reading(boolean on) {
        boolean wanted = on && isOpen();
        if (wanted && !watched) {
            loop.selector().watch(fd, false, this::read);
        } else if (!wanted && watched) {
            loop.selector().unwatch(fd); // no interest at all: the end of a pipe would be reported again and again
        }
        watched = wanted;
    }

    /**
     * The process that was to write here has ended. What the pipe can hold is still read, and so all that it wrote;
     * more comes from others, and is not.
     */
    void writerEnded() {
        left = Pipe.RAISED_BYTES;
    }

    /** Reads what the pipe holds now and closes it, whoever else still has its other end. */
    void drainAndClose() {
        left = Math.min(left, Pipe.RAISED_BYTES);
        int count = 1;
        while (isOpen() && count > 0) {
            count = read();
        }
        end();
    }

    /** Closes the pipe and tells nobody. */
    void discard() {
        LibC.close(fd);
        fd = CLOSED;
    }

    private int read() {
        int count = isOpen() ? loop.read(fd) : 0;
        if (count > 0) {
            if (count >= Pipe.USUAL_BYTES && !raised) {
                raised = true;
                Pipe.raise(fd);
            }
            sink.bytes(loop.buffer(), count);
            left -= count;
        }
        if (count < 0 || left <= 0) {
            end();
        }
        return count;
    }

    private void end() {
        if (isOpen()) {
            reading(false);
            LibC.close(fd);
            fd = CLOSED;
            sink.end();
        }
    }
}
