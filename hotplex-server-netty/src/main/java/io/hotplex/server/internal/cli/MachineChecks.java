package io.hotplex.server.internal.cli;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Looks at the JVM, the state directory and the limits of this machine. Changes nothing. */
final class MachineChecks {
    /** Each agent process takes about six descriptors; below this a full pool could run out of them. */
    private static final long FEW_DESCRIPTORS = 1_024;

    private static final double GIB = 1L << 30;

    private MachineChecks() {}

    static Check java() {
        String found =
                Runtime.version() + ", " + System.getProperty("java.vendor") + ", " + System.getProperty("java.home");
        return Runtime.version().feature() >= 17
                ? Check.ok("java", found)
                : Check.fail("java", found + ": 17 is needed");
    }

    /** The start script gives the archive that it finds, and the JVM passes over one that does not fit. */
    static Check archive() {
        String name = "class archive";
        String option = "-XX:SharedArchiveFile=";
        Optional<String> given = ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> argument.startsWith(option))
                .map(argument -> argument.substring(option.length()))
                .findFirst();
        if (given.isEmpty()) {
            return Check.ok(name, "none; \"hotplex archive\" makes one, and starts are faster");
        }
        return mapped(given.get())
                ? Check.ok(name, given.get())
                : Check.warn(name, given.get() + " does not fit any more: run \"hotplex archive\" again");
    }

    /** Where the kernel does not tell, it is believed to be. */
    private static boolean mapped(String file) {
        Path maps = Path.of("/proc/self/maps");
        try {
            return !Files.isReadable(maps) || Files.readString(maps).contains(file);
        } catch (IOException e) {
            return true;
        }
    }

    static Check stateDirectory(Path directory) {
        String name = "state directory";
        if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
            Path parent = directory.getParent();
            while (parent != null && !Files.exists(parent)) {
                parent = parent.getParent();
            }
            return parent != null && Files.isDirectory(parent) && Files.isWritable(parent)
                    ? Check.ok(name, directory + " will be created")
                    : Check.fail(name, directory + " is missing, and cannot be created in " + parent);
        }
        if (!Files.isDirectory(directory) || !Files.isWritable(directory)) {
            return Check.fail(name, directory + " is not a directory that this user may write to");
        }
        try {
            PosixFileAttributeView view = Files.getFileAttributeView(directory, PosixFileAttributeView.class);
            String permissions = view == null
                    ? ""
                    : PosixFilePermissions.toString(view.readAttributes().permissions());
            return permissions.isEmpty() || permissions.endsWith("------")
                    ? Check.ok(name, directory + " " + permissions)
                    : Check.warn(
                            name, directory + " " + permissions + ": others may read it; run chmod 700 " + directory);
        } catch (IOException e) {
            return Check.fail(name, directory + ": " + e.getMessage());
        }
    }

    static List<Check> limits() {
        List<Check> checks = new ArrayList<>();
        var system = ManagementFactory.getOperatingSystemMXBean();
        if (system instanceof UnixOperatingSystemMXBean unix) {
            long descriptors = unix.getMaxFileDescriptorCount();
            String text = "at most " + descriptors;
            checks.add(
                    descriptors >= FEW_DESCRIPTORS
                            ? Check.ok("open files", text)
                            : Check.warn("open files", text + ": raise it with ulimit -n for many sessions"));
        }
        processes().ifPresent(limit -> checks.add(Check.ok("processes", limit)));
        if (system instanceof OperatingSystemMXBean machine) {
            checks.add(Check.ok(
                    "memory",
                    String.format(
                            Locale.ROOT,
                            "%.1f GiB, %.1f GiB free; %d processors",
                            machine.getTotalMemorySize() / GIB,
                            machine.getFreeMemorySize() / GIB,
                            machine.getAvailableProcessors())));
        }
        return checks;
    }

    /** Told by the kernel's files on Linux; other systems have no such file. */
    private static Optional<String> processes() {
        try {
            Optional<String> user = Files.readAllLines(Path.of("/proc/self/limits"), StandardCharsets.UTF_8).stream()
                    .filter(line -> line.startsWith("Max processes"))
                    .map(line -> "at most "
                            + line.substring("Max processes".length()).strip().split("\\s+", -1)[0] + " of this user")
                    .findFirst();
            Path control = Path.of("/sys/fs/cgroup/pids.max");
            return user.map(text -> text + (Files.isReadable(control) ? cgroup(control) : ""));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static String cgroup(Path control) {
        try {
            return ", " + Files.readString(control).strip() + " of this control group";
        } catch (IOException e) {
            return "";
        }
    }
}
