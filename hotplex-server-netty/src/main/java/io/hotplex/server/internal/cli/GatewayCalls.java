package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.TokenFile;
import io.hotplex.server.internal.config.Settings;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Calls a gateway that runs, as one of its clients. */
final class GatewayCalls {
    /** A gateway answers such calls in milliseconds. */
    private static final Duration LIMIT = Duration.ofSeconds(10);

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(LIMIT).build();
    private final String base;
    private final String key;

    private GatewayCalls(String base, String key) {
        this.base = base;
        this.key = key;
    }

    /**
     * @param url where it is, or {@code null} for where it is configured to listen
     * @throws HotPlexException CONFIG_INVALID when there is no key
     */
    static GatewayCalls to(@Nullable String url, Settings settings, Map<String, String> environment) {
        String scheme = settings.server().get(ServerConfig.TLS_CERTIFICATE).isPresent() ? "https" : "http";
        String configured = scheme + "://" + settings.server().get(ServerConfig.HOST) + ":"
                + settings.server().get(ServerConfig.PORT);
        String base = Objects.requireNonNullElse(url, configured).replaceAll("/+$", "");
        if (!base.matches("https?://.+")) {
            throw new UsageException("--url " + base + " (expected: http://host:port)");
        }
        return new GatewayCalls(base, key(settings, environment));
    }

    private static String key(Settings settings, Map<String, String> environment) {
        String given = environment.getOrDefault("HOTPLEX_KEY", "");
        if (!given.isEmpty()) {
            return given;
        }
        Path file = TokenFile.in(settings.engine().get(EngineConfig.STATE_DIRECTORY));
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "there is no key: set the variable HOTPLEX_KEY to one of the gateway (" + file
                            + ", where serve puts its own, cannot be read)",
                    e);
        }
    }

    /** A part of a path. */
    static String part(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
    }

    JsonNode get(String path) {
        return send(request(path).GET());
    }

    void delete(String path) {
        send(request(path).DELETE());
    }

    void post(String path, ObjectNode body) {
        send(request(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString())));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(base + path)).timeout(LIMIT).header("Authorization", "Bearer " + key);
    }

    private JsonNode send(HttpRequest.Builder request) {
        try {
            HttpResponse<String> response =
                    client.send(request.build(), HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
            JsonNode body = response.body().isBlank() ? MAPPER.createObjectNode() : MAPPER.readTree(response.body());
            if (response.statusCode() >= 300) {
                throw new HotPlexException(
                        code(body.path("code").asText()),
                        body.path("detail").asText("the gateway answered with status " + response.statusCode()));
            }
            return body;
        } catch (JsonProcessingException e) {
            throw unreachable("what answers at " + base + " is no gateway", e);
        } catch (IOException e) {
            throw unreachable("no gateway answers at " + base + ": start hotplex serve, or name it with --url", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unreachable("interrupted", e);
        }
    }

    private static HotPlexException unreachable(String message, Exception cause) {
        return new HotPlexException(ErrorCode.SERVER_UNAVAILABLE, message, cause);
    }

    private static ErrorCode code(String name) {
        try {
            return ErrorCode.valueOf(name);
        } catch (IllegalArgumentException e) {
            return ErrorCode.INTERNAL; // of a newer gateway
        }
    }
}
