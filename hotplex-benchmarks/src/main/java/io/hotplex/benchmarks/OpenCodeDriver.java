package io.hotplex.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The least that somebody has to do who speaks with an OpenCode server directly: its stream of events, and a request
 * for each prompt. Thread-safe.
 */
final class OpenCodeDriver {
    private static final Pattern IDLE = Pattern.compile("\"type\":\"session.idle\".*\"sessionID\":\"([^\"]+)\"");
    private static final Pattern ID = Pattern.compile("\"id\":\"(ses_[^\"]+)\"");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Map<String, CompletableFuture<Long>> waiting = new ConcurrentHashMap<>();
    private final String base;
    private final String authorization;
    private final String query;

    /** @param pid a server of the engine's; its command line and environment say how to reach it */
    OpenCodeDriver(long pid, Path directory) throws IOException {
        List<String> command = strings(Path.of("/proc/" + pid + "/cmdline"));
        base = "http://127.0.0.1:" + command.get(command.indexOf("--port") + 1);
        String password = strings(Path.of("/proc/" + pid + "/environ")).stream()
                .filter(variable -> variable.startsWith("OPENCODE_SERVER_PASSWORD="))
                .findFirst()
                .orElseThrow()
                .replaceFirst("^[^=]*=", "");
        authorization = "Basic "
                + Base64.getEncoder().encodeToString(("opencode:" + password).getBytes(StandardCharsets.UTF_8));
        query = "?directory=" + directory;
        CompletableFuture<Void> connected = new CompletableFuture<>();
        var unused = client.sendAsync(request("/global/event").build(), HttpResponse.BodyHandlers.ofLines())
                .thenAcceptAsync(response -> response.body().forEach(line -> heard(line, connected)), task -> {
                    Thread thread = new Thread(task, "driver-events");
                    thread.setDaemon(true);
                    thread.start();
                });
        connected.join();
    }

    private static List<String> strings(Path file) throws IOException {
        return Arrays.asList(Files.readString(file).split("\0", -1));
    }

    private void heard(String line, CompletableFuture<Void> connected) {
        if (line.contains("server.connected")) {
            connected.complete(null);
        }
        Matcher idle = IDLE.matcher(line);
        if (idle.find()) {
            CompletableFuture<Long> turn = waiting.remove(idle.group(1));
            if (turn != null) {
                turn.complete(System.nanoTime());
            }
        }
    }

    /** A new conversation; returns its id. */
    String open() throws IOException, InterruptedException {
        Matcher id = ID.matcher(post("/session", "{\"title\":\"benchmark\"}").body());
        if (!id.find()) {
            throw new IllegalStateException("no conversation was made");
        }
        return id.group(1);
    }

    /** Runs a turn; completes with the time of its end. */
    CompletableFuture<Long> turn(String session, String prompt) {
        CompletableFuture<Long> end = new CompletableFuture<>();
        waiting.put(session, end);
        var unused = client.sendAsync(
                        posting(
                                "/session/" + session + "/prompt_async",
                                "{\"model\":{\"providerID\":\"fake\",\"modelID\":\"fake-1\"},\"agent\":\"build\","
                                        + "\"parts\":[{\"type\":\"text\",\"text\":\"" + prompt + "\"}]}"),
                        HttpResponse.BodyHandlers.ofString())
                .thenAccept(response -> {
                    if (response.statusCode() != 204) {
                        end.completeExceptionally(new IllegalStateException("HTTP " + response.statusCode()));
                    }
                });
        return end;
    }

    private HttpResponse<String> post(String path, String body) throws IOException, InterruptedException {
        return client.send(posting(path, body), HttpResponse.BodyHandlers.ofString());
    }

    private HttpRequest posting(String path, String body) {
        return request(path + query)
                .header("content-type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path)).header("authorization", authorization);
    }
}
