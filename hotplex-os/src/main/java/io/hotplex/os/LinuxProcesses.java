package io.hotplex.os;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Finds marked processes in {@code /proc}, by the variable and by the limit. Confined to one thread. */
final class LinuxProcesses implements MarkedProcesses {
    private final RunMarker marker;
    private final byte[] assignment;
    private final boolean pidfd;
    private final ProcFs proc = new ProcFs();
    private final int self = (int) ProcessHandle.current().pid();

    /** @param pidfd whether signals can go to descriptors of processes */
    LinuxProcesses(RunMarker marker, boolean pidfd) {
        this.marker = marker;
        this.assignment = (marker.variable() + "=").getBytes(StandardCharsets.US_ASCII);
        this.pidfd = pidfd;
    }

    @Override
    public List<Marked> find(long notBefore) {
        List<Marked> found = new ArrayList<>();
        for (int pid : proc.pids()) {
            ProcFs.Look look = pid == self ? null : proc.look(pid);
            if (look != null && !look.dead() && look.start() >= notBefore) {
                long limit = proc.lockLimit(pid);
                // the environment is in the process's memory, and reading it waits for whoever holds that: only if need
                // be
                long child = marker.isLimit(limit) ? -1 : proc.variable(pid, assignment);
                if (child >= 0) {
                    found.add(new Marked(pid, look.start(), look.group(), child, true));
                } else if (marker.isLimit(limit)) {
                    found.add(new Marked(pid, look.start(), look.group(), limit % RunMarker.CHILDREN, false));
                }
            }
        }
        return found;
    }

    @Override
    public boolean kill(Marked process) {
        if (pidfd) {
            int fd = LinuxLibC.pidfdOpen(process.pid()); // from here on it is one process, whichever that is
            if (fd >= 0) {
                try {
                    return same(process) && LinuxLibC.pidfdKill(fd);
                } finally {
                    LibC.close(fd);
                }
            }
            return false;
        }
        return same(process)
                && ProcessHandle.of(process.pid()) // compares the start as well
                        .map(ProcessHandle::destroyForcibly)
                        .orElse(false);
    }

    private boolean same(Marked process) {
        ProcFs.Look look = proc.look(process.pid());
        return look != null && !look.dead() && look.start() == process.start();
    }
}
