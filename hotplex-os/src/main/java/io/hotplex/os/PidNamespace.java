package io.hotplex.os;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The command line that runs an agent in a process namespace of its own. Immutable.
 *
 * <p>A small shell is the first process there, not the agent: the kernel keeps signals from a first process that does
 * not handle them, and leaves it to it to reap what is orphaned. {@code unshare} ends the namespace when it is killed,
 * {@code setpriv} kills {@code unshare} when the thread ends that started it.
 *
 * @param root whether this user may make namespaces; others need a user namespace for it
 */
record PidNamespace(Path unshare, Path setpriv, boolean root) {
    /**
     * TERM goes to the whole group; the shell outlives it to tell the agent's exit status. The agent is in the
     * foreground: in the background a shell makes it ignore SIGINT and SIGQUIT, for good and for all that it starts. A
     * shell tells of a killed child on its error output, so the agent alone gets that.
     */
    private static final String INIT = "trap : TERM INT HUP; exec 3>&2 2>/dev/null; \"$@\" 2>&3 3>&-; exit $?";

    /** The start plan that does it. */
    StartPlan wrap(StartPlan plan) {
        List<String> command = new ArrayList<>(enter());
        command.addAll(plan.absoluteCommand());
        return new StartPlan(setpriv, command, plan.workDir(), plan.environment());
    }

    /** What comes before the command. */
    List<String> enter() {
        List<String> command = new ArrayList<>(
                List.of(setpriv.toString(), "--pdeathsig", "KILL", unshare.toString(), "--pid", "--fork"));
        command.addAll(List.of("--kill-child", "--mount-proc"));
        if (!root) {
            command.addAll(List.of("--user", "--map-current-user"));
        }
        command.addAll(List.of("--", StartPlan.SHELL, "-c", INIT, "hotplex-init"));
        return command;
    }
}
