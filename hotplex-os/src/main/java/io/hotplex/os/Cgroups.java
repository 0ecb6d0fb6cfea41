package io.hotplex.os;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The directory of control groups (version 2) in which a launcher makes one for each agent, and the controllers that
 * work in them. Immutable.
 *
 * <p>Its name tells whose it is, so that what an engine that was killed has left can be ended and removed by the next
 * one: {@code hotplex-<process namespace>-<pid>-<start of that process>-<random>}. The start is in the kernel's ticks
 * since its boot, which do not move when a clock is set. Ids of another process namespace tell nothing, so what another
 * container left is left alone.
 *
 * @param base made for this launcher, inside of the parent
 * @param controllers which of {@link #WANTED} work in the groups of agents
 * @param missing why the others do not
 */
record Cgroups(Path base, Set<String> controllers, Map<String, String> missing) {
    /** The controllers behind the limits on memory, processes and processors. */
    static final List<String> WANTED = List.of("memory", "pids", "cpu");

    private static final Pattern NAME = Pattern.compile("hotplex-(\\d+)-(\\d+)-(\\d+)-\\d+");
    private static final String CONTROL = "cgroup.subtree_control";

    Cgroups {
        controllers = Set.copyOf(controllers);
        missing = Map.copyOf(missing);
    }

    /**
     * The control group of this JVM.
     *
     * @param proc normally {@code /proc/self}
     * @throws IOException saying why there is none
     */
    static Path own(Path proc) throws IOException {
        String inside = Files.readAllLines(proc.resolve("cgroup"), StandardCharsets.UTF_8).stream()
                .filter(line -> line.startsWith("0::"))
                .map(line -> line.substring(3))
                .findFirst()
                .orElseThrow(() -> new IOException("this kernel has no control groups of version 2"));
        for (String line : Files.readAllLines(proc.resolve("mountinfo"), StandardCharsets.UTF_8)) {
            // id parent device root mount-point options … - type source options
            String[] fields = line.split(" ", -1);
            int dash = List.of(fields).indexOf("-");
            if (dash > 4 && fields[dash + 1].equals("cgroup2")) {
                String root = fields[3].equals("/") ? "" : fields[3];
                if (inside.equals(root) || inside.startsWith(root + "/")) {
                    return Path.of(unescaped(fields[4]) + inside.substring(root.length()));
                }
            }
        }
        throw new IOException("no file system of control groups of version 2 is mounted that has this process");
    }

    /** Blanks, tabs, line ends and backslashes are octal in this file. */
    private static String unescaped(String text) {
        return Pattern.compile("\\\\(\\d{3})")
                .matcher(text)
                .replaceAll(
                        match -> Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(match.group(1), 8))));
    }

    /**
     * Makes the directory in a parent, and gives its groups what controllers there are.
     *
     * @throws IOException when it cannot be made
     */
    static Cgroups in(Path parent, long random) throws IOException {
        ProcFs.Look self = new ProcFs().look((int) ProcessHandle.current().pid());
        if (self == null) {
            throw new IOException("/proc does not tell when this process started, so its control groups could not be"
                    + " told from those of engines that are gone");
        }
        Path base =
                parent.resolve("hotplex-" + processNamespace() + "-" + self.pid() + "-" + self.start() + "-" + random);
        Set<String> available = words(parent.resolve("cgroup.controllers"));
        Set<String> working = new TreeSet<>();
        Map<String, String> missing = new LinkedHashMap<>();
        for (String controller : WANTED) {
            if (!available.contains(controller)) {
                missing.put(controller, "control group " + parent + " has no " + controller + " controller");
            } else if (!words(parent.resolve(CONTROL)).contains(controller)) {
                enable(parent, controller, missing);
            }
        }
        Files.createDirectory(base);
        for (String controller : WANTED) {
            if (!missing.containsKey(controller) && enable(base, controller, missing)) {
                working.add(controller);
            }
        }
        return new Cgroups(base, working, missing);
    }

    private static boolean enable(Path group, String controller, Map<String, String> missing) {
        try {
            new Cgroup(group).write(CONTROL, "+" + controller);
            return true;
        } catch (IOException e) {
            missing.put(
                    controller,
                    "control group " + group + " gives no " + controller + " controller to those inside ("
                            + e.getMessage() + "); processes may be in it: name one without any in cgroup-parent");
            return false;
        }
    }

    /** Makes the group of one agent. */
    Cgroup make(long number) throws IOException {
        Cgroup group = new Cgroup(base.resolve("agent-" + number));
        Files.createDirectory(group.path()); // never its parent: that goes when the launcher is closed
        return group;
    }

    /** Groups of engines that do not live any more, as far as that is certain. */
    static List<Cgroup> abandoned(Path parent) {
        ProcFs proc = new ProcFs();
        List<Cgroup> found = new ArrayList<>();
        String own = processNamespace();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(parent, "hotplex-*")) {
            for (Path each : all) {
                Matcher name = NAME.matcher(each.getFileName().toString());
                if (name.matches()
                        && name.group(1).equals(own)
                        && isGone(each, proc.look(pid(name.group(2))), name.group(3))) {
                    found.add(new Cgroup(each));
                }
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException e) {
            return List.of(); // not readable: not ours to clean
        }
        return found;
    }

    /** A number that tells it from others, 0 where the kernel has none. */
    private static String processNamespace() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/ns/pid"))
                    .toString()
                    .replaceAll("\\D", "");
        } catch (IOException e) {
            return "0";
        }
    }

    /** A number that no process has when it is too large for one. */
    private static int pid(String digits) {
        return digits.length() < 10 ? Integer.parseInt(digits) : Integer.MAX_VALUE;
    }

    /**
     * Whether an engine is gone for certain. Processes of other users may be hidden ({@code hidepid}), so one that is
     * not there has ended only if it would be ours to see.
     *
     * @param group what it made
     * @param look what has its id now
     * @param start when it started
     */
    private static boolean isGone(Path group, ProcFs.@Nullable Look look, String start) throws IOException {
        return look == null
                ? Files.getOwner(group).equals(Files.getOwner(Path.of("/proc/self")))
                : look.dead() || !start.equals(Long.toString(look.start()));
    }

    private static Set<String> words(Path file) {
        try {
            return Set.of(Files.readString(file).strip().split("\\s+", -1));
        } catch (IOException e) {
            return Set.of();
        }
    }

    /** Why a limit that needs a controller cannot be had; {@code null} when it can. */
    @Nullable
    String obstacle(String controller) {
        return missing.get(controller);
    }
}
