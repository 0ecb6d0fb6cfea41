package io.hotplex.os;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.util.ArrayList;
import java.util.List;

/**
 * What this machine can do for {@link PosixLauncher}, tried out. Immutable.
 *
 * <p>Everything that may fail to link is looked at inside of {@link #attempt}: JNA may be missing, forbidden, or unable
 * to load its library.
 *
 * @param probes what was looked at, in order; looking ends at the first thing without which it cannot work
 * @param posixSpawn whether {@link PosixLauncher} can work
 * @param epoll whether there is epoll, else poll has to do
 * @param pidfd whether there are pidfds, else ends are looked for regularly
 */
record OsProbe(List<Probe> probes, boolean posixSpawn, boolean epoll, boolean pidfd) {
    OsProbe {
        probes = List.copyOf(probes);
    }

    /** Looks. Loads native code, which takes a tenth of a second the first time. */
    static OsProbe run() {
        List<Probe> probes = new ArrayList<>();
        String system = System.getProperty("os.name", "unknown");
        boolean linux = system.equals("Linux");
        boolean posixSpawn = add(probes, "system", linux || Abi.MAC, system + " " + System.getProperty("os.arch", ""))
                && attempt(probes, "jna", OsProbe::tryJna)
                && attempt(probes, "closefrom", OsProbe::tryClosefrom);
        boolean epoll = posixSpawn && linux && attempt(probes, "epoll", OsProbe::tryEpoll);
        boolean pidfd = posixSpawn && linux && attempt(probes, "pidfd", OsProbe::tryPidfd);
        return new OsProbe(probes, posixSpawn, epoll, pidfd);
    }

    PosixLauncher.Capabilities capabilities() {
        return new PosixLauncher.Capabilities(probes, epoll ? EpollSelector::new : PollSelector::new, pidfd);
    }

    /** Looks at one thing. */
    interface Attempt {
        /** @return what was found; a throw says that it is not there */
        String look();
    }

    /** Looks at one thing, and writes down what was found. */
    static boolean attempt(List<Probe> probes, String name, Attempt attempt) {
        try {
            return add(probes, name, true, attempt.look());
        } catch (LinkageError | RuntimeException e) {
            Throwable reason = e;
            while (reason.getCause() != null) {
                reason = reason.getCause();
            }
            return add(
                    probes, name, false, reason.toString().lines().findFirst().orElse(""));
        }
    }

    static boolean add(List<Probe> probes, String name, boolean ok, String detail) {
        probes.add(new Probe(name, ok, detail));
        return ok;
    }

    private static String tryJna() {
        if (Native.SIZE_T_SIZE != Long.BYTES) {
            throw new UnsupportedOperationException("not a 64-bit JVM");
        }
        LibC.childState(0); // binds all functions
        return "JNA " + Native.VERSION;
    }

    private static String tryClosefrom() {
        if (Abi.MAC) {
            return "POSIX_SPAWN_CLOEXEC_DEFAULT";
        }
        NativeLibrary.getProcess().getFunction("posix_spawn_file_actions_addclosefrom_np");
        return "posix_spawn_file_actions_addclosefrom_np";
    }

    private static String tryEpoll() {
        new EpollSelector().close();
        return "epoll_create1";
    }

    private static String tryPidfd() {
        int fd = LinuxLibC.pidfdOpen((int) ProcessHandle.current().pid());
        if (fd < 0) {
            throw new UnsupportedOperationException(
                    LibC.strerror(LibC.errno()) + "; ends of processes are looked for ten times a second");
        }
        LibC.close(fd);
        return "pidfd_open";
    }
}
