package io.hotplex.e2e.opencode.gateway;

import io.hotplex.e2e.opencode.OfflineOpenCode;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** OpenCode's own server, with the model server of the tests behind it. Confined to its test. */
final class OpenCodeServer implements AutoCloseable {
    private static final Pattern LISTENING = Pattern.compile("listening on (http://[0-9.:]+)");

    private final FakeModelServer model = FakeModelServer.start();
    private final Process process;
    private final URI uri;

    OpenCodeServer(Path directory) throws IOException {
        OfflineOpenCode home = OfflineOpenCode.in(Files.createDirectories(directory), model.chatUri());
        ProcessBuilder builder = new ProcessBuilder(OfflineOpenCode.program().toString(), "serve", "--port", "0");
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().putAll(home.environment());
        builder.environment().put("OPENCODE_SERVER_PASSWORD", GatewayRig.KEY);
        process = builder.directory(
                        Files.createDirectories(directory.resolve("work")).toFile())
                .redirectError(directory.resolve("stderr.txt").toFile())
                .start();
        uri = URI.create(listening());
    }

    private String listening() throws IOException {
        BufferedReader output = process.inputReader(StandardCharsets.UTF_8);
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.find()) {
                return matcher.group(1);
            }
        }
        throw new IllegalStateException("OpenCode's server ended before it listened");
    }

    URI uri() {
        return uri;
    }

    @Override
    public void close() {
        process.destroyForcibly();
        model.close();
    }
}
