package io.hotplex.testkit;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Finds what a test left behind: threads, child processes, file descriptors (on Linux only). Take a {@link #snapshot}
 * before the test and compare behind it:
 *
 * <pre>{@code
 * LeakChecks.Snapshot before = LeakChecks.snapshot();
 * …
 * before.assertNothingLeft();
 * }</pre>
 *
 * <p>Ends are not instant, so the checks wait, in small steps and up to a limit, until nothing is left. Tests of one
 * JVM must not run at the same time.
 */
public final class LeakChecks {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final long STEP_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final Path PROC = Path.of("/proc");
    private static final Path OWN_DESCRIPTORS = PROC.resolve("self/fd");
    private static final String THREAD_PREFIX = "hotplex-";

    private LeakChecks() {}

    /** Remember what there is now. */
    public static Snapshot snapshot() {
        return new Snapshot(threads(), children(), descriptors(), anonymousDescriptors());
    }

    /**
     * The processes of this machine that have a text in their command line or environment. Linux only; elsewhere the
     * list is empty. Processes of other users show their command line alone; dead ones that nobody reaped do not count.
     */
    public static List<Long> processesMarked(String marker) {
        List<Long> pids = new ArrayList<>();
        for (String name : namesIn(PROC)) {
            if (!name.isEmpty() && name.chars().allMatch(Character::isDigit)) {
                Path process = PROC.resolve(name);
                if (contains(process.resolve("cmdline"), marker) || contains(process.resolve("environ"), marker)) {
                    pids.add(Long.parseLong(name));
                }
            }
        }
        return pids;
    }

    /**
     * Wait until no process has a text in its command line or environment.
     *
     * @throws AssertionError when there still is one after ten seconds
     */
    public static void assertNoProcessMarked(String marker) {
        awaitEmpty(() -> processesMarked(marker).stream()
                .map(pid -> "process " + pid + " marked " + marker)
                .toList());
    }

    /** What there was when the snapshot was taken. Immutable. */
    public static final class Snapshot {
        private final Set<Thread> threads;
        private final Set<Long> children;
        private final Set<String> descriptors;
        private final Map<String, Long> anonymous;

        private Snapshot(
                Set<Thread> threads, Set<Long> children, Set<String> descriptors, Map<String, Long> anonymous) {
            this.threads = threads;
            this.children = children;
            this.descriptors = descriptors;
            this.anonymous = anonymous;
        }

        /**
         * Wait until there is nothing more than before: no thread whose name begins with {@code hotplex-}, no child
         * process, and on Linux no pipe, socket or anonymous handle (such as pidfds).
         *
         * @throws AssertionError when something is still there after ten seconds; its message lists it
         */
        public void assertNothingLeft() {
            assertNothingLeft(LIMIT);
        }

        /** As {@link #assertNothingLeft()}, with a limit of one's own. */
        public void assertNothingLeft(Duration limit) {
            awaitEmpty(this::left, limit);
        }

        private List<String> left() {
            List<String> left = new ArrayList<>();
            for (Thread thread : threads()) {
                if (!threads.contains(thread)) {
                    left.add("thread " + thread.getName());
                }
            }
            for (Long pid : children()) {
                if (!children.contains(pid)) {
                    left.add("child process " + pid);
                }
            }
            for (String descriptor : descriptors()) {
                if (!descriptors.contains(descriptor)) {
                    left.add("descriptor " + descriptor);
                }
            }
            anonymousDescriptors().forEach((kind, count) -> {
                long before = anonymous.getOrDefault(kind, 0L);
                if (count > before) {
                    left.add(count - before + " × descriptor " + kind);
                }
            });
            return left;
        }
    }

    private static void awaitEmpty(Supplier<List<String>> left) {
        awaitEmpty(left, LIMIT);
    }

    private static void awaitEmpty(Supplier<List<String>> left, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        List<String> found = left.get();
        while (!found.isEmpty()) {
            if (System.nanoTime() - deadline >= 0) {
                throw new AssertionError("left behind after " + limit.toMillis() + " ms: " + String.join(", ", found));
            }
            LockSupport.parkNanos(STEP_NANOS);
            found = left.get();
        }
    }

    private static Set<Thread> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(THREAD_PREFIX))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static Set<Long> children() {
        return ProcessHandle.current()
                .children()
                .filter(ProcessHandle::isAlive)
                .map(ProcessHandle::pid)
                .collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Pipes and sockets, which have numbers of their own. Files are left out: class loading opens jars whenever it
     * likes.
     */
    private static Set<String> descriptors() {
        return targets()
                .filter(target -> target.startsWith("pipe:") || target.startsWith("socket:"))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Handles such as pidfds: they all look alike, so how many there are of each kind. */
    private static Map<String, Long> anonymousDescriptors() {
        return targets()
                .filter(target -> target.startsWith("anon_inode:"))
                .collect(Collectors.groupingBy(target -> target, Collectors.counting()));
    }

    private static Stream<String> targets() {
        return namesIn(OWN_DESCRIPTORS).stream().map(number -> targetOf(OWN_DESCRIPTORS.resolve(number)));
    }

    private static String targetOf(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // closed meanwhile
        }
    }

    private static boolean contains(Path file, String marker) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).contains(marker);
        } catch (IOException e) {
            return false; // gone meanwhile, or of another user
        }
    }

    private static List<String> namesIn(Path directory) {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                names.add(entry.getFileName().toString());
            }
        } catch (IOException | DirectoryIteratorException e) {
            return List.of(); // no such thing on this system
        }
        return names;
    }
}
