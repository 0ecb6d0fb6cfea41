package io.hotplex.server.internal.cli;

import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.spi.ProcessLauncher.Probe;
import java.util.List;

/** What holds for everything that agents start, in one sentence that follows from what was found. Stateless. */
final class Guarantee {
    private Guarantee() {}

    /**
     * @param wanted the configured confinement, as its key
     * @param strict whether an agent is refused that cannot be confined like that
     * @param probes what the launcher found
     * @param confinements what agents can be confined with
     */
    static Check of(String wanted, boolean strict, List<Probe> probes, List<Probe> confinements) {
        String name = "guarantee";
        if (!wanted.equals(Kind.NONE.key()) && has(confinements, wanted)) {
            return Check.ok(name, confined(wanted));
        }
        if (!wanted.equals(Kind.NONE.key()) && strict) {
            return Check.fail(
                    name, "No agent can be started: confinement " + wanted + " is wanted and does not work here.");
        }
        String instead = wanted.equals(Kind.NONE.key())
                ? ""
                : " Confinement " + wanted + " is wanted, but does not work here; the best there is takes its place.";
        String unconfined = unconfined(probes);
        String advice = advice(confinements);
        return instead.isEmpty()
                ? Check.ok(name, unconfined + advice)
                : Check.warn(name, unconfined + advice + instead);
    }

    private static String confined(String wanted) {
        String all = "Agents are ended with everything they started";
        if (wanted.equals(Kind.CGROUP.key())) {
            return all
                    + ", unless it moves itself to another control group and hides from its markers; when this JVM is"
                    + " killed, what hides from its markers is ended by the next start.";
        }
        return all + ", whatever it does to get away, also when this JVM is killed"
                + (wanted.equals(Kind.BUBBLEWRAP.key())
                        ? "; they write to their working directory and their own state alone, which the sessions of a"
                                + " provider share, and do not see the state directory."
                        : ".");
    }

    private static String unconfined(List<Probe> probes) {
        boolean groups = probes.stream().noneMatch(probe -> probe.name().equals("process-group") && !probe.ok());
        boolean guarded = has(probes, "guardian");
        if (!groups) {
            return "Agents are ended with those descendants that can be seen; what detaches itself survives";
        }
        return (guarded
                        ? "Agents are ended with everything they started, also when this JVM is killed"
                        : "Agents are ended with everything they started")
                + "; a process that deliberately hides from its markers can escape";
    }

    private static String advice(List<Probe> confinements) {
        for (Kind kind : List.of(Kind.BUBBLEWRAP, Kind.PID_NAMESPACE, Kind.CGROUP)) {
            if (has(confinements, kind.key())) {
                return " unless confinement is on: set confinement=" + kind.key() + ".";
            }
        }
        return confinements.isEmpty()
                ? ", and this system has no confinement."
                : " unless confinement is on: install the package bubblewrap.";
    }

    private static boolean has(List<Probe> probes, String name) {
        return probes.stream().anyMatch(probe -> probe.name().equals(name) && probe.ok());
    }
}
