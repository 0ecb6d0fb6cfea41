package io.hotplex.e2e.opencode.gateway;

import static org.awaitility.Awaitility.await;

import io.hotplex.e2e.opencode.OfflineOpenCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * OpenCode's terminal, attached to a gateway, in a terminal that nobody looks at but the test. Confined to its test.
 */
final class Screen implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(100);

    private final String socket = "hotplex-" + UUID.randomUUID();
    private final Path report;
    private int shots;

    /** @param report where screens are kept */
    Screen(GatewayRig rig, Path report) {
        this.report = report;
        List<String> command = new ArrayList<>(List.of("new-session", "-d", "-x", "110", "-y", "45", "env", "-i"));
        rig.environment().forEach((name, value) -> command.add(name + "=" + value));
        command.addAll(List.of(
                OfflineOpenCode.program().toString(), "attach", rig.uri().toString()));
        tmux(command);
    }

    /** Whether there is a terminal to be had. */
    static boolean isAvailable() {
        try {
            return new ProcessBuilder("tmux", "-V").start().waitFor() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Types a line. */
    void say(String text) {
        tmux(List.of("send-keys", "-l", text));
        String end = text.substring(Math.max(0, text.length() - 8)).strip();
        until("typed", screen -> screen.replaceAll("\\s", "").contains(end.replaceAll("\\s", "")));
        press("Enter");
    }

    void press(String key) {
        tmux(List.of("send-keys", key));
    }

    /** What is shown, as soon as it has some words in it; it is kept under a name. */
    String until(String name, String words) {
        return until(name, screen -> screen.contains(words));
    }

    String until(String name, java.util.function.Predicate<String> wanted) {
        String[] last = {""};
        try {
            await(name)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(POLL)
                    .atMost(LIMIT)
                    .until(() -> {
                        last[0] = tmux(List.of("capture-pane", "-p"));
                        return wanted.test(last[0]);
                    });
        } finally {
            keep(name, last[0]);
        }
        return last[0];
    }

    private void keep(String name, String screen) {
        try {
            Files.createDirectories(report);
            Files.writeString(report.resolve(String.format("%02d-%s.txt", ++shots, name)), screen);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String tmux(List<String> arguments) {
        List<String> command = new ArrayList<>(List.of("tmux", "-L", socket, "-f", "/dev/null"));
        command.addAll(arguments);
        try {
            Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new AssertionError("tmux " + arguments.get(0) + ": " + output);
            }
            return output;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }

    @Override
    public void close() {
        tmux(List.of("kill-server"));
    }
}
