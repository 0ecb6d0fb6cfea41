package io.hotplex.os;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/** The functions that only Linux has. Initialization fails where one is missing (musl, glibc before 2.34). */
final class LinuxLibC {
    static final int O_CLOEXEC = 0x80000;
    static final int F_SETPIPE_SZ = 1031;
    static final int EPOLL_CTL_ADD = 1;
    static final int EPOLL_CTL_DEL = 2;

    private static final long SYS_PIDFD_SEND_SIGNAL = 424;
    private static final long SYS_PIDFD_OPEN = 434;

    static {
        Native.register(LinuxLibC.class, NativeLibrary.getProcess());
    }

    private LinuxLibC() {}

    static native int pipe2(int[] fds, int flags);

    static native int posix_spawn_file_actions_addclosefrom_np(Pointer actions, int first);

    static native int epoll_create1(int flags);

    static native int epoll_ctl(int epoll, int operation, int fd, Pointer event);

    static native int epoll_wait(int epoll, Pointer events, int count, int timeoutMillis);

    private static native long syscall(long number, long first, long second, long third, long fourth);

    /** @return a descriptor that gets readable when the process ends, or -1 */
    static int pidfdOpen(int pid) {
        return (int) syscall(SYS_PIDFD_OPEN, pid, 0, 0, 0);
    }

    /** Kills the process of a descriptor; {@code false} when it is gone or may not be killed. */
    static boolean pidfdKill(int fd) {
        return syscall(SYS_PIDFD_SEND_SIGNAL, fd, LibC.SIGKILL, 0, 0) == 0;
    }
}
