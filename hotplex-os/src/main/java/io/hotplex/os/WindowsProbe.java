package io.hotplex.os;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.util.ArrayList;
import java.util.List;

/**
 * What this machine can do for {@link JobObjectLauncher}, tried out. Immutable.
 *
 * @param probes what was looked at, in order; looking ends at the first thing without which it cannot work
 * @param jobObject whether {@link JobObjectLauncher} can work
 */
record WindowsProbe(List<Probe> probes, boolean jobObject) {
    WindowsProbe {
        probes = List.copyOf(probes);
    }

    /** Looks. Loads native code. */
    static WindowsProbe run() {
        List<Probe> probes = new ArrayList<>();
        String system = System.getProperty("os.name", "unknown") + " " + System.getProperty("os.arch", "");
        boolean works = OsProbe.add(probes, "system", Abi.WINDOWS, system)
                && OsProbe.attempt(probes, "jna", WindowsProbe::tryJna)
                && OsProbe.attempt(probes, "job-object", WindowsProbe::tryJob);
        return new WindowsProbe(probes, works);
    }

    private static String tryJna() {
        if (Native.SIZE_T_SIZE != Long.BYTES) {
            throw new UnsupportedOperationException("not a 64-bit JVM");
        }
        return "JNA " + Native.VERSION;
    }

    private static String tryJob() {
        JobSpawn.tryJob(Kernel32.bind(NativeLibrary.getInstance("kernel32")));
        return "KILL_ON_JOB_CLOSE";
    }
}
