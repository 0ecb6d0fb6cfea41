package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;

/**
 * Two descriptors, neither inherited by other children, both above 2: a start call that moves them to 0, 1 and 2 must
 * not meet them there.
 */
record Pipe(int readEnd, int writeEnd) {
    /** What a pipe holds unless it was raised. */
    static final int USUAL_BYTES = 64 << 10;

    /** What a pipe holds at most. */
    static final int RAISED_BYTES = 1 << 20;

    private static final int FIRST_FREE = 3;

    /** @throws HotPlexException AGENT_START_FAILED when there are no more descriptors */
    static Pipe open() {
        int[] ends = new int[2];
        // macOS has no pipe2; children get no other descriptors there in any case
        int result = Abi.MAC ? LibC.pipe(ends) : LinuxLibC.pipe2(ends, LinuxLibC.O_CLOEXEC);
        if (result != 0) {
            throw failed();
        }
        int readEnd = above(ends[0]);
        int writeEnd = above(ends[1]);
        if (readEnd < 0 || writeEnd < 0) {
            HotPlexException failure = failed();
            LibC.close(readEnd);
            LibC.close(writeEnd);
            throw failure;
        }
        return new Pipe(readEnd, writeEnd);
    }

    void close() {
        LibC.close(readEnd);
        LibC.close(writeEnd);
    }

    /**
     * Gives a pipe more room, which makes a flood three times as fast. For pipes that were found full only: the kernel
     * allows a user about 64 such pipes, and makes all new pipes of the user tiny when there are more. It may refuse.
     */
    static void raise(int fd) {
        if (!Abi.MAC) {
            LibC.fcntl(fd, LinuxLibC.F_SETPIPE_SZ, RAISED_BYTES);
        }
    }

    /** Moves a descriptor that is one of 0 to 2, which a JVM started without standard streams hands out. */
    private static int above(int fd) {
        if (fd >= FIRST_FREE) {
            return fd;
        }
        int moved = LibC.fcntl(fd, Abi.CURRENT.duplicateAbove(), FIRST_FREE);
        LibC.close(fd);
        return moved;
    }

    private static HotPlexException failed() {
        return new HotPlexException(ErrorCode.AGENT_START_FAILED, "no pipe: " + LibC.strerror(LibC.errno()));
    }
}
