package io.hotplex.os;

import io.hotplex.api.ResourceLimits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process does to itself before it becomes the agent: enters its control group, and sets limits. So nothing that
 * the agent starts can be outside of them. Immutable.
 *
 * <p>A shell does it, and replaces itself: it is there on every system, and needs neither native code nor a package.
 * Which limits it can set, shells disagree on.
 */
record Prelude(boolean openFiles, boolean coreSize, boolean userProcesses) {
    /** The unit of the limit on core dumps in the shell. */
    private static final long CORE_BLOCK = 512;

    /** Its exit status is {@link #ASKED} and a bit for each limit that the shell does not have. */
    private static final String ASK = "r=64; ulimit -n >/dev/null 2>&1 || r=$((r+1));"
            + " ulimit -c >/dev/null 2>&1 || r=$((r+2));"
            + " ulimit -u >/dev/null 2>&1 || ulimit -p >/dev/null 2>&1 || r=$((r+4)); exit $r";

    private static final int ASKED = 64;

    /** Asks the shell which limits it has. Blocks for some milliseconds. */
    static Prelude ask() throws IOException {
        int missing = ConfinementProbe.trial(List.of(StartPlan.SHELL, "-c", ASK)) - ASKED;
        if (missing < 0 || missing > 7) {
            throw new IOException(StartPlan.SHELL + " does not tell which limits it can set");
        }
        return new Prelude((missing & 1) == 0, (missing & 2) == 0, (missing & 4) == 0);
    }

    /** Whether a shell has to set a limit. */
    static boolean limits(ResourceLimits limits) {
        return limits.openFiles() != null || limits.coreBytes() != null || limits.userProcesses() != null;
    }

    /** One sentence for each limit that is asked for and cannot be set. */
    List<String> missing(ResourceLimits limits) {
        List<String> missing = new ArrayList<>();
        if (limits.openFiles() != null && !openFiles) {
            missing.add("limit-open-files: " + StartPlan.SHELL + " has no ulimit -n");
        }
        if (limits.coreBytes() != null && !coreSize) {
            missing.add("limit-core-size: " + StartPlan.SHELL + " has no ulimit -c");
        }
        if (limits.userProcesses() != null && !userProcesses) {
            missing.add("limit-user-processes: " + StartPlan.SHELL + " has neither ulimit -u nor -p");
        }
        return missing;
    }

    /** The plan with what is needed put before it; the same plan when nothing is. */
    static StartPlan before(StartPlan plan, @Nullable Cgroup group, ResourceLimits limits) {
        StringBuilder script = new StringBuilder();
        if (group != null) {
            script.append("echo 0 >\"$0\" || exit 126; ");
        }
        // a limit that is lower already stays
        if (limits.openFiles() != null) {
            script.append("ulimit -n ").append(limits.openFiles()).append(" 2>/dev/null || :; ");
        }
        if (limits.coreBytes() != null) {
            script.append("ulimit -c ").append(limits.coreBytes() / CORE_BLOCK).append(" 2>/dev/null || :; ");
        }
        if (limits.userProcesses() != null) { // shells disagree on the letter
            script.append("ulimit -u ")
                    .append(limits.userProcesses())
                    .append(" 2>/dev/null || ulimit -p ")
                    .append(limits.userProcesses())
                    .append(" 2>/dev/null || :; ");
        }
        if (script.length() == 0) {
            return plan;
        }
        return plan.after(
                script.toString(),
                group == null
                        ? "hotplex"
                        : group.path().resolve(Cgroup.PROCESSES).toString());
    }
}
