package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;

/**
 * A shell script that makes descendants of every kind, and a way to find those that live. A tree is known by a number
 * in the command lines of its processes.
 */
record Tree(String tag) {
    /** Processes of a tree, the leader counted. */
    static final int PROCESSES = 10;

    /** How many of them leave the group. */
    static final int OUTSIDE = 6;

    static Tree random() {
        return new Tree("9" + ThreadLocalRandom.current().nextLong(100_000_000L, 1_000_000_000L));
    }

    /** A command that waits for a line, then makes the tree, and ends at the next line. Most hold its output open. */
    List<String> command() {
        String script = "read x;"
                + " sleep T &" // plain
                + " sh -c \"trap '' TERM; sleep T; :\" &" // two that ignore TERM
                + " (setsid sleep T &);" // another session
                + " (setsid env -i /bin/sleep T &);" // and no environment
                + " setsid sh -c 'sleep T & sleep T >/dev/null 2>&1 &';" // orphans, one of them without the pipes
                + " (setsid sh -c 'while :; do sleep T; done' &);" // one starts again what is killed
                + " echo READY; read y";
        return List.of("sh", "-c", script.replace(" T", " " + tag));
    }

    /** Waits until all are there. */
    void awaitWhole() {
        await().atMost(Duration.ofSeconds(20)).until(() -> alive().size() == PROCESSES);
    }

    /** Waits until none is left. */
    void awaitGone() {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(alive()).isEmpty());
    }

    /** The processes of the tree that live. */
    List<Long> alive() {
        List<Long> alive = new ArrayList<>();
        try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
            for (Path process : processes
                    .filter(path ->
                            Character.isDigit(path.getFileName().toString().charAt(0)))
                    .toList()) {
                if (commandLine(process).contains(tag)) {
                    alive.add(Long.parseLong(process.getFileName().toString()));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return alive;
    }

    private static String commandLine(Path process) {
        try {
            return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return ""; // it has ended
        }
    }
}
