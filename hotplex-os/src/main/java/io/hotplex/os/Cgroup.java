package io.hotplex.os;

import io.hotplex.api.ResourceLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A control group (version 2) of one agent. Immutable; its methods write or read one small file of the kernel each,
 * which takes well under a millisecond.
 *
 * @param path its directory
 */
record Cgroup(Path path) {
    /** Where the id of a process, 0 for the writing one, is written to enter the group. */
    static final String PROCESSES = "cgroup.procs";

    /** Ends all who are in the group when 1 is written. */
    static final String KILL = "cgroup.kill";

    private static final Logger log = LoggerFactory.getLogger(Cgroup.class);
    private static final int CPU_PERIOD_MICROS = 100_000;

    /** Sets the limits for which the kernel has a file here; the others are the caller's business. */
    void limit(ResourceLimits limits) throws IOException {
        if (limits.memoryBytes() != null && has("memory.max")) {
            write("memory.max", limits.memoryBytes().toString());
            if (has("memory.swap.max")) {
                write("memory.swap.max", "0"); // else what is above the limit would go there
            }
        }
        if (limits.processes() != null && has("pids.max")) {
            write("pids.max", limits.processes().toString());
        }
        if (limits.cpus() != null && has("cpu.max")) {
            long quota = Math.max(1_000, Math.round(limits.cpus() * CPU_PERIOD_MICROS)); // the kernel's least
            write("cpu.max", quota + " " + CPU_PERIOD_MICROS);
        }
    }

    /**
     * Ends everything that is in it, however fast it starts others. Not what has moved itself to another group, which a
     * process may do that may write to the {@code cgroup.procs} of both groups and of the one above them: root, and the
     * user to whom they belong.
     */
    void kill() {
        try {
            write(KILL, "1");
        } catch (NoSuchFileException e) {
            log.debug("control group {} is gone already", path);
        } catch (IOException e) {
            log.warn("control group {} cannot be killed", path, e);
        }
    }

    /** How many of its processes the kernel killed at the memory limit. */
    long oomKills() {
        return number("memory.events", "oom_kill").orElse(0);
    }

    /** Processor time of all its processes, the ended ones included. */
    Duration cpu() {
        return Duration.ofNanos(1_000 * number("cpu.stat", "usage_usec").orElse(0));
    }

    /** The processes in it, and in the groups that they made below. */
    int[] processes() {
        try (var all = Files.walk(path)) {
            return all.filter(each -> each.endsWith(PROCESSES))
                    .flatMap(Cgroup::lines)
                    .mapToInt(Integer::parseInt)
                    .toArray();
        } catch (IOException | UncheckedIOException e) {
            return new int[0]; // it is gone, or being removed
        }
    }

    /** Removes it, with the groups that its processes made below. @return {@code false} while somebody is in it */
    boolean remove() {
        try (var all = Files.walk(path)) {
            for (Path group : all.filter(Files::isDirectory)
                    .sorted((one, other) -> other.getNameCount() - one.getNameCount())
                    .toList()) {
                Files.deleteIfExists(group);
            }
            return true;
        } catch (IOException | UncheckedIOException e) {
            return !Files.exists(path);
        }
    }

    private boolean has(String file) {
        return Files.exists(path.resolve(file));
    }

    void write(String file, String text) throws IOException {
        // the kernel makes the files: one that is missing must not become an ordinary one
        Files.writeString(path.resolve(file), text, StandardOpenOption.WRITE);
    }

    private static Stream<String> lines(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.US_ASCII).stream();
        } catch (IOException e) {
            return Stream.empty(); // a group below that has just gone
        }
    }

    /** The number after a key. */
    private OptionalLong number(String file, String key) {
        String prefix = key + " ";
        return lines(path.resolve(file))
                .filter(line -> line.startsWith(prefix))
                .map(line -> line.substring(prefix.length()).strip())
                .filter(text -> text.chars().allMatch(Character::isDigit) && !text.isEmpty())
                .mapToLong(Long::parseLong)
                .findFirst();
    }
}
