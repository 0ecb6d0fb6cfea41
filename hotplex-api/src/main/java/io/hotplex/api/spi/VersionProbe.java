package io.hotplex.api.spi;

import io.hotplex.api.HotPlexException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Asks an agent's program for its version with a short process. Thread-safe; blocks its caller. */
public final class VersionProbe {
    /** A version, perhaps the program's own name in parentheses, perhaps more. */
    private static final Pattern VERSION = Pattern.compile("(\\d+\\.\\d+\\.\\d+\\S*)(?:\\s+\\(([^()]+)\\))?(?:\\s.*)?");

    private static final int MAX_DETAIL = 200;

    private final String name;
    private final String product;
    private final List<String> inherit;
    private final Map<String, String> environment;

    /**
     * @param name the provider's name, for people who look at processes
     * @param product what a program is called that tells no name of its own
     * @param inherit names of variables that the program gets from our environment
     * @param environment variables that it gets besides
     */
    public VersionProbe(String name, String product, List<String> inherit, Map<String, String> environment) {
        this.name = name;
        this.product = product;
        this.inherit = inherit;
        this.environment = environment;
    }

    /**
     * @param command the program, and the arguments that make it tell its version on the first line of its output
     * @param limit how long it may take
     */
    public ProviderProbe run(ProcessLauncher launcher, List<String> command, Duration limit) {
        String program = command.get(0);
        Answer answer = new Answer();
        AgentProcess process;
        try {
            Path anywhere = Path.of(System.getProperty("java.io.tmpdir")).toAbsolutePath();
            process =
                    launcher.launch(new ProcessSpec("probe " + name, command, anywhere, inherit, environment), answer);
        } catch (HotPlexException e) {
            return new ProviderProbe(false, program, null, "could not be started: " + e.getMessage());
        }
        try {
            process.closeInput();
            return answer.exit.get(limit.toMillis(), TimeUnit.MILLISECONDS)
                    ? answer.probe(program, product)
                    : failed(program);
        } catch (TimeoutException e) {
            return new ProviderProbe(
                    false, program, null, "--version gave no answer within " + limit.toMillis() + " ms");
        } catch (ExecutionException e) {
            return failed(program);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return new ProviderProbe(false, program, null, "the probe was interrupted");
        } finally {
            process.terminate(Duration.ZERO, Duration.ZERO);
        }
    }

    private static ProviderProbe failed(String program) {
        return new ProviderProbe(false, program, null, "--version failed");
    }

    /** The first line of output, and the end. Called by the launcher's thread, read by the prober's. */
    private static final class Answer implements ProcessListener {
        final CompletableFuture<Boolean> exit = new CompletableFuture<>();
        private final AtomicReference<@Nullable String> first = new AtomicReference<>();

        @Override
        public void onLine(AgentLine line) {
            String text = line.text().strip();
            if (!text.isEmpty()) {
                first.compareAndSet(null, text.length() <= MAX_DETAIL ? text : text.substring(0, MAX_DETAIL));
            }
        }

        @Override
        public void onOutputEnd() {
            // the exit comes after it
        }

        @Override
        public void onExit(Exit end) {
            exit.complete(end.status().success());
        }

        ProviderProbe probe(String program, String product) {
            String line = first.get();
            Matcher version = VERSION.matcher(line == null ? "" : line);
            if (!version.matches()) {
                return new ProviderProbe(true, program, null, "answers, but tells no version");
            }
            // the program's own name where it has one: a wrapper or a demo is not the agent
            String itself = version.group(2) == null ? product : version.group(2);
            return new ProviderProbe(true, program, version.group(1), itself + " " + version.group(1));
        }
    }
}
