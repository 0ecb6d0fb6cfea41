package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Isolation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an agent in a sandbox sees of each path: a table in which every mount comes after the one that it lies in,
 * whoever asked for it. Confined to one thread.
 *
 * <p>Nothing inside of a hidden directory is put back, except for the working directory and the agent's own state.
 *
 * <p>Agents before this one may have planted symbolic links wherever this one may write, so as to have what those lead
 * to mounted. So no mount follows a link from there: programs that are found over one are passed over, and paths that
 * were asked for and lead over one are refused. What is looked at is what was there before the start; who shares a
 * directory with an agent that runs at that time can still exchange a directory in it for a link.
 */
final class Mounts {
    private static final List<Path> EMPTY = existing(
            "/tmp",
            "/var/tmp",
            "/run",
            "/home",
            "/root",
            "/mnt",
            "/media",
            "/boot",
            "/etc/ssh",
            "/etc/hotplex",
            "/lost+found");
    /** Readable for root alone, whose files an agent of root could read. */
    private static final List<Path> SECRET_FILES =
            existing("/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/sudoers");

    private static final String MODULES = "node_modules";
    /** As many as the kernel follows for one path. */
    private static final int MOST_LINKS = 40;

    /** What a path shows. */
    enum View {
        NOTHING,
        READ_ONLY,
        WRITABLE,
        /** Inside of what is writable, and not to be changed. */
        PROTECTED,
        /** Never put back: neither it nor what is inside of it. */
        HIDDEN
    }

    private final Map<Path, View> table =
            new TreeMap<>(Comparator.comparingInt(Path::getNameCount).thenComparing(Comparator.naturalOrder()));
    private final StartPlan plan;
    private final Isolation isolation;
    /** Where the agent may write, links resolved. */
    private final Set<Path> writable = new LinkedHashSet<>();

    private Mounts(StartPlan plan, Isolation isolation) {
        this.plan = plan;
        this.isolation = isolation;
    }

    /**
     * The table for a process, parents before children.
     *
     * @throws HotPlexException CONFINEMENT_UNAVAILABLE for a path that an agent may have led elsewhere
     */
    static Map<Path, View> of(StartPlan plan, Isolation isolation) {
        Mounts mounts = new Mounts(plan, isolation);
        mounts.fill();
        return mounts.table;
    }

    private void fill() {
        Stream.of(isolation.confinement().writable(), isolation.writable(), List.of(plan.workDir()))
                .flatMap(Collection::stream)
                .map(Mounts::real)
                .flatMap(Stream::ofNullable)
                .forEach(writable::add);
        EMPTY.forEach(path -> put(path, View.NOTHING));
        homes().forEach(path -> put(path, View.NOTHING));
        SECRET_FILES.forEach(path -> put(path, View.NOTHING));
        put(Path.of("/etc/resolv.conf"), View.READ_ONLY); // often a link into /run
        programs().forEach(path -> put(path, View.READ_ONLY));
        isolation.confinement().readOnly().forEach(path -> put(straight(path), View.READ_ONLY));
        isolation.confinement().writable().forEach(path -> put(straight(path), View.WRITABLE));
        isolation.hidden().forEach(path -> {
            Path real = real(path);
            table.keySet().removeIf(mounted -> real != null && mounted.startsWith(real));
            put(path, View.HIDDEN);
        });
        isolation.writable().forEach(path -> put(straight(path), View.WRITABLE));
        put(straight(plan.workDir()), View.WRITABLE);
        isolation.readOnly().stream()
                .filter(path -> within(path) == View.WRITABLE)
                .forEach(path -> put(straight(path), View.PROTECTED));
    }

    /** What the directory shows that a path is in, as far as the table tells. */
    private @Nullable View within(Path path) {
        Path at = real(path);
        View view = null;
        while (at != null && view == null) {
            view = table.get(at);
            at = at.getParent();
        }
        return view;
    }

    /** Links resolved, since a mount on a link goes to where it leads; what is not there is passed over. */
    private void put(Path path, View view) {
        Path real = real(path);
        boolean seenAnyway = view == View.READ_ONLY
                && real != null
                && table.keySet().stream().noneMatch(real::startsWith);
        if (real != null && real.getNameCount() > 0 && !seenAnyway) {
            table.merge(real, view, (old, added) -> old.compareTo(added) > 0 ? old : added);
        }
    }

    /** The path itself, unless a link that the agent may have made decides where it leads. */
    private Path straight(Path path) {
        Path real = real(path);
        if (real != null && !real.equals(path.toAbsolutePath().normalize()) && steered(path.toAbsolutePath())) {
            throw new HotPlexException(
                    ErrorCode.CONFINEMENT_UNAVAILABLE,
                    "the sandbox is to have " + path + ", and where that leads is decided by a symbolic link in a"
                            + " directory that the agent may write to; remove the link, or name the path that it leads to");
        }
        return path;
    }

    /**
     * Whether what a path leads to is decided by a link in a directory that the agent may write to. Follows it name by
     * name, as the kernel does.
     */
    private boolean steered(Path path) {
        Path at = path.getRoot();
        Deque<Path> names = new ArrayDeque<>();
        path.forEach(names::add);
        int links = 0;
        while (!names.isEmpty()) {
            String name = names.remove().toString();
            if (name.equals("..")) {
                at = at.getParent() == null ? at : at.getParent();
            } else if (!name.equals(".") && !name.isEmpty()) {
                Path next = at.resolve(name);
                boolean link = Files.isSymbolicLink(next);
                if (link && isWritable(at)) {
                    return true;
                }
                Path target = link && links++ < MOST_LINKS ? target(next) : null;
                if (target == null) {
                    at = next;
                } else {
                    at = target.isAbsolute() ? target.getRoot() : at;
                    List<Path> rest = new ArrayList<>();
                    target.forEach(rest::add);
                    for (int i = rest.size() - 1; i >= 0; i--) {
                        names.addFirst(rest.get(i));
                    }
                }
            }
        }
        return false;
    }

    private boolean isWritable(Path real) {
        return writable.stream().anyMatch(real::startsWith);
    }

    private static @Nullable Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            return null;
        }
    }

    /** Where there is none, or none that we and so the agent can reach, {@code null}. */
    static @Nullable Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return null;
        }
    }

    /** The agent's, which its session may have chosen, and that of the gateway. */
    private List<Path> homes() {
        return Stream.of(plan.environment().get("HOME"), System.getenv("HOME"), System.getProperty("user.home"))
                .filter(home -> home != null && home.startsWith("/"))
                .map(Path::of)
                .toList();
    }

    /** Where the program is, where it leads to, the modules that it is one of, and where it looks for others. */
    private List<Path> programs() {
        List<Path> paths = new ArrayList<>();
        Path real = real(plan.program());
        if (real != null && !steered(plan.program())) {
            addProgram(paths, real.getParent());
            for (int i = 0; i < real.getNameCount(); i++) {
                if (real.getName(i).toString().equals(MODULES)) {
                    addProgram(paths, real.getRoot().resolve(real.subpath(0, i + 1)));
                    break;
                }
            }
        }
        addProgram(paths, plan.program().getParent());
        for (String entry : plan.environment().getOrDefault("PATH", "").split(":", -1)) {
            if (entry.startsWith("/")) {
                addProgram(paths, Path.of(entry));
            }
        }
        return paths;
    }

    /** A program right in a home directory must not open all of it, nor may what the agent itself has put there. */
    private void addProgram(List<Path> paths, @Nullable Path directory) {
        Path real = directory == null ? null : real(directory);
        if (directory != null
                && real != null
                && Files.isDirectory(real)
                && table.keySet().stream().noneMatch(empty -> empty.startsWith(real))
                && !isWritable(real) // so seen anyway, and to be written to
                && !steered(directory)) {
            paths.add(real);
        }
    }

    private static List<Path> existing(String... paths) {
        return Arrays.stream(paths)
                .map(Path::of)
                .filter(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))
                .toList();
    }
}
