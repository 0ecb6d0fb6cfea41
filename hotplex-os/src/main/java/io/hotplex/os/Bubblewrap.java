package io.hotplex.os;

import io.hotplex.api.Confinement;
import io.hotplex.api.spi.Isolation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The command line that runs an agent in bubblewrap: a read-only root, of which the home directories, {@code /tmp},
 * {@code /run} and what the engine wants hidden are empty, and the paths that the agent needs put back into them.
 * Immutable.
 *
 * <p>Without {@code --cap-drop ALL} a sandbox that root starts is none: root would mount everything anew.
 */
record Bubblewrap(Path program) {
    private static final Path NULL = Path.of("/dev/null");

    /** The start plan that does it. */
    StartPlan wrap(StartPlan plan, Isolation isolation) {
        Confinement confinement = isolation.confinement();
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(namespaces(confinement.network()));
        command.addAll(List.of("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"));
        Mounts.of(plan, isolation).forEach((path, view) -> {
            switch (view) {
                case NOTHING, HIDDEN -> command.addAll(hide(path));
                case READ_ONLY, PROTECTED -> command.addAll(List.of("--ro-bind", path.toString(), path.toString()));
                case WRITABLE -> command.addAll(List.of("--bind", path.toString(), path.toString()));
            }
        });
        Path workDir = Objects.requireNonNullElse(Mounts.real(plan.workDir()), plan.workDir());
        command.addAll(List.of("--setenv", "TMPDIR", "/tmp", "--chdir", workDir.toString(), "--"));
        command.addAll(plan.absoluteCommand());
        return new StartPlan(program, command, plan.workDir(), plan.environment());
    }

    /** The least that a trial has to show: everything but the mounts of an agent. */
    List<String> trial() {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(namespaces(false));
        command.addAll(List.of("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--"));
        return command;
    }

    private static List<String> namespaces(boolean network) {
        List<String> options = new ArrayList<>(List.of(
                "--die-with-parent",
                "--new-session",
                "--cap-drop",
                "ALL",
                "--unshare-pid",
                "--unshare-ipc",
                "--unshare-uts",
                "--unshare-cgroup-try"));
        if (!network) {
            options.add("--unshare-net");
        }
        return options;
    }

    private static List<String> hide(Path path) {
        return Files.isDirectory(path)
                ? List.of("--tmpfs", path.toString())
                : List.of("--ro-bind", NULL.toString(), path.toString());
    }
}
