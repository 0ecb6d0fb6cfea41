package io.hotplex.os;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * The functions of the C library that Linux and macOS have in common, bound to the library that is in the process
 * anyway. Sizes are passed as {@code long}, so a 64-bit system is required. Initialization throws a
 * {@link LinkageError} or {@link IllegalCallerException} where JNA cannot work.
 */
final class LibC {
    static final int SIGKILL = 9;
    static final int SIGTERM = 15;
    static final int EINTR = 4;
    static final int ENOENT = 2;
    static final int EACCES = 13;

    private static final int ECHILD = 10;
    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int P_PID = 1;
    private static final int WNOHANG = 1;
    private static final int WEXITED = 4;
    private static final int SIGINFO_BYTES = 256;

    /** By a proxy, not directly: arm64 macOS passes variable arguments differently. */
    interface Variadic extends Library {
        int fcntl(int fd, int command, Object... argument);
    }

    private static final Variadic VARIADIC;

    static {
        Native.register(LibC.class, NativeLibrary.getProcess());
        VARIADIC = Native.load(Variadic.class);
    }

    private LibC() {}

    static native int posix_spawn(
            int[] pid, Pointer path, Pointer actions, Pointer attributes, Pointer argv, Pointer envp);

    static native int posix_spawn_file_actions_init(Pointer actions);

    static native int posix_spawn_file_actions_destroy(Pointer actions);

    static native int posix_spawn_file_actions_adddup2(Pointer actions, int fd, int as);

    static native int posix_spawn_file_actions_addchdir_np(Pointer actions, Pointer path);

    static native int posix_spawnattr_init(Pointer attributes);

    static native int posix_spawnattr_destroy(Pointer attributes);

    static native int posix_spawnattr_setflags(Pointer attributes, short flags);

    static native int posix_spawnattr_setsigmask(Pointer attributes, Pointer signals);

    static native int posix_spawnattr_setsigdefault(Pointer attributes, Pointer signals);

    static native int sigemptyset(Pointer signals);

    static native int sigfillset(Pointer signals);

    static native int pipe(int[] fds);

    static native int close(int fd);

    static native long read(int fd, Pointer into, long length);

    static native long write(int fd, byte[] from, long length);

    static native int poll(Pointer fds, long count, int timeoutMillis);

    static native int kill(int pid, int signal);

    static native int waitpid(int pid, int[] status, int options);

    static native int waitid(int idType, int id, Pointer info, int options);

    static native String strerror(int errno);

    /** What the calling thread's last call left. */
    static int errno() {
        return Native.getLastError();
    }

    /** Zeroed memory, to be given back with {@link #free}. */
    static Pointer allocate(long bytes) {
        long address = Native.malloc(bytes);
        if (address == 0) {
            throw new OutOfMemoryError("malloc of " + bytes + " bytes");
        }
        Pointer memory = new Pointer(address);
        memory.clear(bytes);
        return memory;
    }

    static void free(Pointer memory) {
        Native.free(Pointer.nativeValue(memory));
    }

    /** @return errno, 0 when it worked */
    static int setNonBlocking(int fd) {
        int flags = VARIADIC.fcntl(fd, F_GETFL);
        return flags >= 0 && VARIADIC.fcntl(fd, F_SETFL, flags | Abi.CURRENT.nonBlocking()) == 0 ? 0 : errno();
    }

    /** @return the result of fcntl, -1 on error */
    static int fcntl(int fd, int command, int argument) {
        return VARIADIC.fcntl(fd, command, argument);
    }

    /** What is known of a child. */
    enum ChildState {
        RUNNING,
        /** It has ended and waits to be reaped, so its pid stays taken. */
        ENDED,
        /** There is no such child: somebody else has reaped it. */
        GONE
    }

    /** Looks whether a child has ended, and leaves it waitable. */
    static ChildState childState(int pid) {
        Pointer info = allocate(SIGINFO_BYTES);
        try {
            int result = waitid(P_PID, pid, info, WEXITED | WNOHANG | Abi.CURRENT.leaveWaitable());
            if (result != 0) {
                return errno() == ECHILD ? ChildState.GONE : ChildState.RUNNING;
            }
            return info.getInt(0) == 0 ? ChildState.RUNNING : ChildState.ENDED;
        } finally {
            free(info);
        }
    }

    /**
     * Takes the status of a child that has ended, which frees its pid. Never waits for another child: that would steal
     * the status from a {@link Process} of the application.
     *
     * @return the wait status, or -1 when there is none to take
     */
    static int reap(int pid) {
        int[] status = new int[1];
        int result = waitpid(pid, status, WNOHANG);
        return result == pid ? status[0] : -1;
    }
}
