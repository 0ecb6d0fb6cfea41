package io.hotplex.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.testkit.agent.ScriptedAgent;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code hotplex serve} as a process, with the agents {@code demo} and {@code scripted}. Closing it leaves nothing
 * behind, whatever the test did.
 */
final class GatewayProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("http://127\\.0\\.0\\.1:\\d+");
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Installation installation;
    private final Process process;
    private final Path log;

    private GatewayProcess(Installation installation, Process process, Path log) {
        this.installation = installation;
        this.process = process;
        this.log = log;
    }

    /** Starts it on a free port, and waits until it says where it listens. */
    static GatewayProcess start(Installation installation, Path java, String... options) throws IOException {
        String jars = installation.directory.resolve("lib") + "/*";
        List<String> command = new ArrayList<>(List.of(
                installation.script().toString(),
                "serve",
                "--port=0",
                "--set=provider.scripted.type=claude",
                "--set=provider.scripted.command=" + java.resolve("bin/java"),
                "--set=provider.scripted.command-args=-XX:TieredStopAtLevel=1,-XX:+UseSerialGC,-Xmx256m,"
                        + ScriptedAgent.class.getName(),
                "--set=provider.scripted.environment.CLASSPATH=" + jars,
                "--set=provider.scripted.environment.HOTPLEX_DEMO_HOME=" + installation.home.resolve("scripted")));
        command.addAll(List.of(options));
        Path log = installation.home.resolve("gateway.log");
        Process process = installation
                .builder(java, command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        GatewayProcess gateway = new GatewayProcess(installation, process, log);
        try {
            await().atMost(LIMIT)
                    .until(() -> !process.isAlive() || gateway.findAddress().find());
            assertThat(process.isAlive()).as(gateway.log()).isTrue();
        } catch (RuntimeException | AssertionError e) {
            gateway.close();
            throw e;
        }
        return gateway;
    }

    long pid() {
        return process.pid(); // the start script becomes the JVM
    }

    private Matcher findAddress() throws IOException {
        return ADDRESS.matcher(log());
    }

    URI address() throws IOException {
        Matcher address = findAddress();
        assertThat(address.find()).isTrue();
        return URI.create(address.group());
    }

    String token() throws IOException {
        return Files.readString(installation.home.resolve(".hotplex/token"), StandardCharsets.UTF_8)
                .strip();
    }

    String log() throws IOException {
        return Files.readString(log, StandardCharsets.UTF_8);
    }

    /** The termination signal; the script has become the JVM, so it is the JVM that gets it. */
    void terminate() {
        process.destroy();
    }

    /** SIGKILL, for the gateway alone; its agents are the guardian's business. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** The exit code, once it has ended by itself. */
    int awaitExit(Duration limit) throws IOException, InterruptedException {
        assertThat(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS))
                .as("ended within %s: %s", limit, log())
                .isTrue();
        return process.exitValue();
    }

    /** Processes that were started below this installation and still live, the gateway included. */
    List<Long> survivors() {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(ProcessHandle::pid).filter(this::isOurs).toList();
        }
    }

    private boolean isOurs(long pid) {
        try {
            String environment =
                    Files.readString(Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1);
            return environment.contains("HOME=" + installation.home);
        } catch (IOException e) {
            return false;
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        // agents end when they notice that their input closed
        await().atMost(LIMIT).until(() -> survivors().isEmpty());
    }
}
