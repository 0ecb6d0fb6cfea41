package io.hotplex.server.internal.rest;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.ErrorCode;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.ErrorStatus;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The description of the routes is of these routes. */
class OpenApiTest {
    @TempDir
    Path dir;

    private final JsonNode document = read();

    @Test
    void describesEveryRouteAndNoOther() {
        List<String> described = new ArrayList<>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue()
                        .properties()
                        .forEach(operation -> described.add(
                                operation.getKey().toUpperCase(java.util.Locale.ROOT) + " " + path.getKey())));

        assertThat(described)
                .containsExactlyInAnyOrderElementsOf(
                        routes().stream().map(Route::toString).toList());
    }

    @Test
    void eachOperationNamesThePathsParametersItsSecurityAndStatusesThatExist() {
        Set<String> statuses = new TreeSet<>();
        Arrays.stream(ErrorCode.values())
                .forEach(code ->
                        statuses.add(Integer.toString(ErrorStatus.of(code).http())));
        Set<String> ids = new TreeSet<>();
        for (Route route : routes()) {
            JsonNode operation = document.path("paths")
                    .path(route.template())
                    .path(route.method().toLowerCase(java.util.Locale.ROOT));
            assertThat(ids.add(operation.path("operationId").asText()))
                    .as(route + " has an id of its own")
                    .isTrue();
            List<String> inPath = new ArrayList<>();
            operation.path("parameters").forEach(reference -> {
                JsonNode parameter = resolve(reference);
                if (parameter.path("in").asText().equals("path")) {
                    inPath.add(parameter.path("name").asText());
                }
            });
            assertThat(inPath).as(route.toString()).isEqualTo(variables(route.template()));
            assertThat(operation.has("security")).as(route + " is public").isEqualTo(route.access() == Access.PUBLIC);
            assertThat(operation.path("responses").size()).isGreaterThan(1);
            operation.path("responses").properties().forEach(response -> {
                assertThat(resolve(response.getValue()).has("description")).isTrue();
                if (!response.getKey().startsWith("2")) {
                    assertThat(statuses).as(route.toString()).contains(response.getKey());
                }
            });
        }
    }

    @Test
    void everyReferenceLeadsSomewhere() {
        document.findValuesAsText("$ref")
                .forEach(reference -> assertThat(
                                document.at(reference.substring(1)).isMissingNode())
                        .as(reference)
                        .isFalse());
    }

    private JsonNode resolve(JsonNode node) {
        return node.has("$ref") ? document.at(node.path("$ref").asText().substring(1)) : node;
    }

    private static List<String> variables(String template) {
        return Pattern.compile("\\{(.*?)}")
                .matcher(template)
                .results()
                .map(found -> found.group(1))
                .toList();
    }

    private List<Route> routes() {
        Puppets puppets = new Puppets();
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("state-directory", dir.toString());
        try (var engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(settings))
                .provider(puppets)
                .launcher(puppets)
                .build()) {
            SessionAccess access =
                    new SessionAccess(engine, Set.of(), dir, principal -> Quota.UNLIMITED, session -> {});
            return new SessionRoutes(access, new Presence(false, Duration.ZERO), Duration.ofSeconds(15)).routes();
        }
    }

    private static JsonNode read() {
        try (InputStream in = SessionRoutes.class.getResourceAsStream("openapi.json")) {
            return new ObjectMapper().readTree(in);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
