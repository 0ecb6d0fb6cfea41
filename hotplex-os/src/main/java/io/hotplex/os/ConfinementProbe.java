package io.hotplex.os;

import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.spi.Executables;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What this machine can confine agents with: each means was really tried with a short process. Immutable.
 *
 * @param cgroups where control groups are made, or {@code null}
 * @param pidNamespace makes process namespaces, or {@code null}
 * @param bubblewrap makes sandboxes, or {@code null}
 * @param findings one line for people for each means
 */
record ConfinementProbe(
        @Nullable Cgroups cgroups,
        @Nullable PidNamespace pidNamespace,
        @Nullable Bubblewrap bubblewrap,
        Map<Kind, String> findings) {
    private static final Logger log = LoggerFactory.getLogger(ConfinementProbe.class);
    private static final String PATH = "/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin";
    /** A trial takes some milliseconds; a machine under load may need more. */
    private static final long LIMIT_SECONDS = 10;

    private static final int MAX_DETAIL = 300;

    ConfinementProbe {
        findings = Map.copyOf(findings);
    }

    /** Tries everything. Blocks for a fraction of a second. */
    static ConfinementProbe run(@Nullable Path cgroupParent, long random) {
        Map<Kind, String> findings = new EnumMap<>(Kind.class);
        return new ConfinementProbe(
                attempt(findings, Kind.CGROUP, () -> tryCgroups(cgroupParent, random, findings)),
                attempt(findings, Kind.PID_NAMESPACE, () -> tryPidNamespace(findings)),
                attempt(findings, Kind.BUBBLEWRAP, () -> tryBubblewrap(findings)),
                findings);
    }

    /** For {@code doctor}. */
    List<Probe> probes() {
        List<Probe> probes = new ArrayList<>();
        for (Kind kind : List.of(Kind.CGROUP, Kind.PID_NAMESPACE, Kind.BUBBLEWRAP)) {
            probes.add(new Probe(kind.key(), has(kind), finding(kind)));
        }
        return probes;
    }

    boolean has(Kind kind) {
        return switch (kind) {
            case NONE -> true;
            case CGROUP -> cgroups != null;
            case PID_NAMESPACE -> pidNamespace != null;
            case BUBBLEWRAP -> bubblewrap != null;
        };
    }

    String finding(Kind kind) {
        return findings.getOrDefault(kind, "");
    }

    /** Tries one means. */
    private interface Trial<T> {
        /** @throws IOException saying why it does not work */
        T look() throws IOException;
    }

    private static <T> @Nullable T attempt(Map<Kind, String> findings, Kind kind, Trial<T> trial) {
        try {
            return trial.look();
        } catch (IOException | RuntimeException e) {
            log.debug("no {}", kind.key(), e);
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            findings.put(kind, reason.length() > MAX_DETAIL ? reason.substring(0, MAX_DETAIL) : reason);
            return null;
        }
    }

    private static Cgroups tryCgroups(@Nullable Path cgroupParent, long random, Map<Kind, String> findings)
            throws IOException {
        Path parent = cgroupParent != null ? cgroupParent : Cgroups.own(Path.of("/proc/self"));
        if (!Files.isWritable(parent) || !Files.isWritable(parent.resolve(Cgroup.PROCESSES))) {
            throw new IOException("control group " + parent + " is not writable for this user: under systemd set"
                    + " Delegate=yes, in a container mount it writable, or name another in cgroup-parent");
        }
        for (Cgroup group : Cgroups.abandoned(parent)) { // of an engine that was killed
            group.kill();
            if (!group.remove()) {
                log.info("control group {} of an engine that is gone cannot be removed yet", group.path());
            }
        }
        Cgroups cgroups = Cgroups.in(parent, random);
        Cgroup trial = cgroups.make(0);
        List<String> command = List.of(
                StartPlan.SHELL,
                "-c",
                "echo 0 >\"$0/" + Cgroup.PROCESSES + "\" && echo 1 >\"$0/" + Cgroup.KILL + "\"",
                trial.path().toString());
        int status = trial(command);
        trial.remove();
        if (status != 128 + LibC.SIGKILL) {
            new Cgroup(cgroups.base()).remove();
            throw new IOException("control group " + parent
                    + " cannot be entered, or not be killed (Linux 5.14 can): the trial ended with status " + status);
        }
        findings.put(
                Kind.CGROUP,
                "version 2 in " + parent
                        + (cgroups.missing().isEmpty()
                                ? ", with limits on memory, processes and processors"
                                : "; processes can be ended by group, but there is no limit on "
                                        + String.join(", ", cgroups.missing().keySet()) + ": "
                                        + String.join("; ", cgroups.missing().values())));
        return cgroups;
    }

    private static PidNamespace tryPidNamespace(Map<Kind, String> findings) throws IOException {
        PidNamespace namespace =
                new PidNamespace(find("unshare", "util-linux"), find("setpriv", "util-linux"), isRoot());
        List<String> command = new ArrayList<>(namespace.enter());
        command.addAll(List.of(StartPlan.SHELL, "-c", "[ $$ -eq 2 ]"));
        requireSuccess(command, "a process namespace", "user namespaces may be switched off");
        findings.put(Kind.PID_NAMESPACE, namespace.unshare() + (isRoot() ? "" : ", with a user namespace"));
        return namespace;
    }

    private static Bubblewrap tryBubblewrap(Map<Kind, String> findings) throws IOException {
        Bubblewrap bubblewrap = new Bubblewrap(find("bwrap", "bubblewrap"));
        List<String> command = new ArrayList<>(bubblewrap.trial());
        command.addAll(
                List.of(StartPlan.SHELL, "-c", "! echo x 2>/dev/null >/etc/hotplex-trial && echo x >/tmp/trial"));
        requireSuccess(command, "bubblewrap", "user namespaces may be switched off, or AppArmor forbids them");
        findings.put(Kind.BUBBLEWRAP, bubblewrap.program().toString());
        return bubblewrap;
    }

    private static Path find(String program, String debianPackage) throws IOException {
        return Executables.find(program, PATH)
                .orElseThrow(() -> new IOException(
                        program + " is not installed: install the package '" + debianPackage + "' (Debian's name)"));
    }

    private static void requireSuccess(List<String> command, String what, String guess) throws IOException {
        int status = trial(command);
        if (status != 0) {
            throw new IOException(what + " cannot be made here: the trial ended with status " + status + "; " + guess);
        }
    }

    /**
     * Runs a trial, also on a thread that is interrupted: what is found holds for everybody after.
     *
     * @return its exit status
     */
    static int trial(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean interrupted = false;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        try {
            process.getOutputStream().close();
            while (true) {
                try {
                    if (process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
                        return process.exitValue();
                    }
                    throw new IOException("a trial did not end within " + LIMIT_SECONDS + " s");
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        } finally {
            process.destroyForcibly();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** By the effective id, which is what the kernel goes by. */
    static boolean isRoot() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status"), StandardCharsets.UTF_8).stream()
                    .anyMatch(line -> line.startsWith("Uid:")
                            && line.strip().split("\\s+", -1)[2].equals("0"));
        } catch (IOException e) {
            return "root".equals(System.getProperty("user.name"));
        }
    }
}
