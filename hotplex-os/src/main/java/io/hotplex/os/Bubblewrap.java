package io.hotplex.os;

import io.hotplex.api.Confinement;
import io.hotplex.api.spi.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The command line that runs an agent in bubblewrap: a read-only root, of which the home directories, {@code /tmp},
 * {@code /run} and what the engine wants hidden are empty, and the paths that the agent needs put back into them.
 * Immutable.
 *
 * <p>All mounts go into one table by path, so that each comes after the one that it lies in, whoever asked for it.
 * Nothing inside of a hidden directory is put back, except for the working directory and the agent's own state.
 *
 * <p>Without {@code --cap-drop ALL} a sandbox that root starts is none: root would mount everything anew.
 */
record Bubblewrap(Path program) {
    private static final List<Path> EMPTY =
            paths("/tmp", "/var/tmp", "/run", "/home", "/root", "/mnt", "/media", "/boot", "/etc/ssh", "/lost+found");
    /** Readable for root alone, whose files an agent of root could read. */
    private static final List<Path> SECRET_FILES =
            paths("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers");

    private static final Path NULL = Path.of("/dev/null");
    private static final String MODULES = "node_modules";

    /** What a path shows. */
    private enum View {
        NOTHING,
        READ_ONLY,
        WRITABLE,
        HIDDEN
    }

    /** The start plan that does it. */
    StartPlan wrap(StartPlan plan, Isolation isolation) {
        Confinement confinement = isolation.confinement();
        List<String> command = new ArrayList<>(List.of(program.toString()));
        command.addAll(namespaces(confinement.network()));
        command.addAll(List.of("--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"));
        mounts(plan, isolation).forEach((path, view) -> {
            switch (view) {
                case NOTHING, HIDDEN -> command.addAll(hide(path));
                case READ_ONLY -> command.addAll(List.of("--ro-bind", path.toString(), path.toString()));
                case WRITABLE -> command.addAll(List.of("--bind", path.toString(), path.toString()));
            }
        });
        command.addAll(
                List.of("--setenv", "TMPDIR", "/tmp", "--chdir", plan.workDir().toString(), "--"));
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

    private static Map<Path, View> mounts(StartPlan plan, Isolation isolation) {
        // parents before children
        Map<Path, View> mounts =
                new TreeMap<>(Comparator.comparingInt(Path::getNameCount).thenComparing(Comparator.naturalOrder()));
        EMPTY.forEach(path -> put(mounts, path, View.NOTHING));
        put(mounts, home(plan), View.NOTHING);
        SECRET_FILES.forEach(path -> put(mounts, path, View.NOTHING));
        put(mounts, Path.of("/etc/resolv.conf"), View.READ_ONLY); // often a link into /run
        programs(plan).forEach(path -> put(mounts, path, View.READ_ONLY));
        isolation.confinement().readOnly().forEach(path -> put(mounts, path, View.READ_ONLY));
        isolation.confinement().writable().forEach(path -> put(mounts, path, View.WRITABLE));
        isolation.hidden().forEach(path -> {
            Path real = real(path);
            mounts.keySet().removeIf(mounted -> real != null && mounted.startsWith(real));
            put(mounts, path, View.HIDDEN);
        });
        isolation.writable().forEach(path -> put(mounts, path, View.WRITABLE));
        put(mounts, plan.workDir(), View.WRITABLE);
        return mounts;
    }

    /** Links resolved, since a mount on a link goes to where it leads; what is not there is passed over. */
    private static void put(Map<Path, View> mounts, @Nullable Path path, View view) {
        Path real = path == null ? null : real(path);
        boolean seenAnyway = view == View.READ_ONLY
                && real != null
                && mounts.keySet().stream().noneMatch(real::startsWith);
        if (real != null && real.getNameCount() > 0 && !seenAnyway) {
            mounts.merge(real, view, (old, added) -> old.compareTo(added) > 0 ? old : added);
        }
    }

    private static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return null; // not there, or not to be reached by us, and so not by the agent
        }
    }

    private static @Nullable Path home(StartPlan plan) {
        String home = plan.environment().get("HOME");
        return home == null || home.isEmpty() ? null : Path.of(home);
    }

    /** Where the program is, where it leads to, the modules that it is one of, and where it looks for others. */
    private static List<Path> programs(StartPlan plan) {
        List<Path> paths = new ArrayList<>();
        Path home = home(plan);
        Path real = real(plan.program());
        if (real != null) {
            addBelowHome(paths, real.getParent(), home);
            for (int i = 0; i < real.getNameCount(); i++) {
                if (real.getName(i).toString().equals(MODULES)) {
                    paths.add(real.getRoot().resolve(real.subpath(0, i + 1)));
                    break;
                }
            }
        }
        addBelowHome(paths, plan.program().getParent(), home);
        for (String entry : plan.environment().getOrDefault("PATH", "").split(":", -1)) {
            if (entry.startsWith("/") && Files.isDirectory(Path.of(entry))) {
                addBelowHome(paths, Path.of(entry), home);
            }
        }
        return paths;
    }

    /** A program right in the home directory must not open all of it. */
    private static void addBelowHome(List<Path> paths, @Nullable Path directory, @Nullable Path home) {
        if (directory != null && (home == null || !home.normalize().startsWith(directory.normalize()))) {
            paths.add(directory);
        }
    }

    private static List<Path> paths(String... paths) {
        return java.util.Arrays.stream(paths)
                .map(Path::of)
                .filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))
                .toList();
    }
}
