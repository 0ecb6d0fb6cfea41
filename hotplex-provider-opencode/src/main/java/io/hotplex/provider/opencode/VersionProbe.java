package io.hotplex.provider.opencode;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessListener;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.api.spi.ProviderProbe;
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

/** Asks the program for its version with a short process. Thread-safe; blocks its caller. */
final class VersionProbe {
    private static final Pattern VERSION = Pattern.compile("\\d+\\.\\d+\\.\\d+\\S*");
    private static final int MAX_DETAIL = 200;

    private final String name;
    private final List<String> inherit;
    private final Map<String, String> environment;

    VersionProbe(String name, List<String> inherit, Map<String, String> environment) {
        this.name = name;
        this.inherit = inherit;
        this.environment = environment;
    }

    ProviderProbe run(ProcessLauncher launcher, List<String> command, Duration limit) {
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
            return answer.exit.get(limit.toMillis(), TimeUnit.MILLISECONDS) ? answer.probe(program) : failed(program);
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

        ProviderProbe probe(String program) {
            String line = first.get();
            Matcher version = VERSION.matcher(line == null ? "" : line);
            if (!version.matches()) {
                return new ProviderProbe(true, program, null, "answers, but tells no version");
            }
            return new ProviderProbe(true, program, version.group(), "OpenCode " + version.group());
        }
    }
}
