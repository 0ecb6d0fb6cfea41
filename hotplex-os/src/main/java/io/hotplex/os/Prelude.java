package io.hotplex.os;

import io.hotplex.api.ResourceLimits;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process does to itself before it becomes the agent: enters its control group, and sets limits. So nothing that
 * the agent starts can be outside of them. Stateless.
 *
 * <p>A shell does it, and replaces itself: it is there on every system, and needs neither native code nor a package.
 */
final class Prelude {
    static final String SHELL = "/bin/sh";
    /** The unit of the limit on core dumps in the shell. */
    private static final long CORE_BLOCK = 512;

    private Prelude() {}

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
        List<String> command = new ArrayList<>(List.of(SHELL, "-c", script + "exec \"$@\""));
        command.add(
                group == null
                        ? "hotplex"
                        : group.path().resolve(Cgroup.PROCESSES).toString());
        command.addAll(plan.absoluteCommand());
        return new StartPlan(Path.of(SHELL), command, plan.workDir(), plan.environment());
    }
}
