package io.hotplex.os;

import io.hotplex.api.ProcessUsage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Finds out what processes use. Stateless; blocks for the time of reading some small files for each process.
 *
 * <p>On Linux from {@code /proc} and the control group. Elsewhere from what the JDK tells: the number of descendants
 * that have not detached themselves, their processor time, and no memory.
 */
final class UsageReader {
    private static final Path PROC = Path.of("/proc");
    /** In what the kernel counts processor time for user programs, on every architecture that the JDK runs on. */
    private static final long NANOS_PER_TICK = 10_000_000;

    private static final int USER_TIME = 11; // fields of stat, counted after the name of the program

    private UsageReader() {}

    /**
     * @param leader the process that was started
     * @param group its control group, which knows all of its processes, or {@code null}
     * @param family it and what descends from it, or {@code null} where only the JDK can tell
     * @return empty when it has ended
     */
    static Optional<ProcessUsage> read(long leader, @Nullable Cgroup group, @Nullable Set<Integer> family) {
        Optional<ProcessHandle> handle = ProcessHandle.of(leader);
        if (handle.isEmpty()) {
            return Optional.empty();
        }
        if (family == null) {
            return Optional.of(told(handle.get()));
        }
        int[] grouped = group == null ? new int[0] : group.processes();
        List<Sample> samples = IntStream.concat(family.stream().mapToInt(Integer::intValue), IntStream.of(grouped))
                .distinct()
                .mapToObj(UsageReader::sample)
                .flatMap(Optional::stream)
                .toList();
        if (samples.isEmpty()) {
            return Optional.empty();
        }
        long rss = samples.stream().mapToLong(Sample::rssBytes).sum();
        long cpuNanos = samples.stream().mapToLong(Sample::cpuNanos).sum();
        Duration cpu = Duration.ofNanos(cpuNanos);
        Duration counted = group == null ? Duration.ZERO : group.cpu();
        return Optional.of(new ProcessUsage(samples.size(), rss, counted.compareTo(cpu) > 0 ? counted : cpu));
    }

    private static ProcessUsage told(ProcessHandle leader) {
        List<ProcessHandle> all = new ArrayList<>(List.of(leader));
        leader.descendants().forEach(all::add);
        Duration cpu = all.stream()
                .map(process -> process.info().totalCpuDuration().orElse(Duration.ZERO))
                .reduce(Duration.ZERO, Duration::plus);
        return new ProcessUsage(all.size(), 0, cpu);
    }

    private record Sample(long rssBytes, long cpuNanos) {}

    /** Empty when it has ended. */
    private static Optional<Sample> sample(int pid) {
        try {
            Path directory = PROC.resolve(Integer.toString(pid));
            String stat = Files.readString(directory.resolve("stat"), StandardCharsets.ISO_8859_1);
            // the name of the program may have any character
            String[] fields = stat.substring(stat.lastIndexOf(')') + 1).strip().split(" ", -1);
            if (fields[0].equals("Z") || fields[0].equals("X")) {
                return Optional.empty();
            }
            long ticks = 0; // its own in user and kernel mode, and those of children that it has reaped
            for (int i = USER_TIME; i < USER_TIME + 4; i++) {
                ticks += Long.parseLong(fields[i]);
            }
            return Optional.of(new Sample(rss(directory), ticks * NANOS_PER_TICK));
        } catch (IOException | NumberFormatException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private static long rss(Path directory) throws IOException {
        return Files.readAllLines(directory.resolve("status"), StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(0);
    }
}
