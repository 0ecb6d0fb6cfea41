package io.hotplex.server.internal.opencode;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.Session;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Kind;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What OpenCode's own clients use: its routes, for sessions of any provider. Thread-safe. */
public final class OpenCodeRoutes {
    private static final Pattern VARIABLE = Pattern.compile("\\{([a-z]+)}");

    private final Mirrors mirrors = new Mirrors();
    private final Set<Path> secrets;

    /** @param secrets files and directories of the server's own that no client sees */
    public OpenCodeRoutes(Set<Path> secrets) {
        this.secrets = Set.copyOf(secrets);
    }

    /** Hears of every session before somebody uses it. */
    public Consumer<Session> onUsed() {
        return mirrors::onUsed;
    }

    /**
     * Every route.
     *
     * @param prefix what all paths begin with: empty, or a path that does not end in a slash
     * @param defaultWorkDir the directory of clients that name none
     * @param heartbeat how often streams of events are heard of
     */
    public List<Route> routes(
            SessionAccess access, Presence presence, String prefix, Path defaultWorkDir, Duration heartbeat) {
        Clients clients = new Clients(access, mirrors, new Directories(defaultWorkDir));
        List<Operation> operations = new ArrayList<>();
        operations.addAll(new SessionOperations(clients, Clock.systemUTC()).all());
        operations.addAll(new MessageOperations(clients, Clock.systemUTC()).all());
        operations.addAll(new RequestOperations(clients).all());
        operations.addAll(new EventOperations(clients, presence, heartbeat).all());
        operations.addAll(new CatalogOperations(clients).all());
        operations.addAll(new FileOperations(clients, secrets).all());
        List<Route> routes = new ArrayList<>();
        operations.forEach(operation -> routes.add(operation.route(prefix)));
        routes.add(Route.of( // made when it is asked for, which is rare; at the start it would take a tenth of the time
                "GET",
                prefix + "/doc",
                Access.PUBLIC,
                request -> CompletableFuture.completedFuture(
                        Response.of(200, "application/json", document(operations, prefix)))));
        return routes;
    }

    /** The OpenAPI description of what is served; it is made of what is served. */
    private static byte[] document(List<Operation> operations, String prefix) {
        Map<String, Map<String, Object>> paths = new LinkedHashMap<>();
        for (Operation operation : operations) {
            paths.computeIfAbsent(prefix + operation.path(), path -> new LinkedHashMap<>())
                    .put(operation.method().toLowerCase(Locale.ROOT), describe(operation));
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("openapi", "3.1.0");
        document.put(
                "info",
                Map.of(
                        "title",
                        "HotPlex for clients of OpenCode",
                        "version",
                        Projection.VERSION,
                        "description",
                        "Operations have the names, the bodies and the answers that OpenCode of this version has."));
        document.put("security", List.of(Map.of("basic", List.of()), Map.of("bearer", List.of())));
        document.put("paths", paths);
        document.put(
                "components",
                Map.of(
                        "securitySchemes",
                        Map.of(
                                "basic", Map.of("type", "http", "scheme", "basic"),
                                "bearer", Map.of("type", "http", "scheme", "bearer"))));
        try {
            return new ObjectMapper().writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("maps and lists can always be JSON", e);
        }
    }

    private static Map<String, @Nullable Object> describe(Operation operation) {
        List<Object> parameters = new ArrayList<>();
        VARIABLE.matcher(operation.path())
                .results()
                .forEach(found -> parameters.add(parameter("path", found.group(1), true)));
        parameters.add(parameter("query", "directory", false));
        operation.query().forEach(name -> parameters.add(parameter("query", name, false)));
        String type = operation.kind() == Kind.EVENTS ? "text/event-stream" : "application/json";
        boolean body = !operation.method().equals("GET") && !operation.method().equals("DELETE");
        return Values.object(
                "operationId",
                operation.id(),
                "summary",
                operation.summary(),
                "parameters",
                parameters,
                "requestBody",
                body ? Map.of("content", Map.of("application/json", Map.of("schema", Map.of("type", "object")))) : null,
                "responses",
                Map.of(
                        "200",
                        Map.of("description", "The answer.", "content", Map.of(type, Map.of())),
                        "default",
                        Map.of("description", "A problem.", "content", Map.of("application/problem+json", Map.of()))));
    }

    private static Map<String, Object> parameter(String in, String name, boolean required) {
        return Map.of("in", in, "name", name, "required", required, "schema", Map.of("type", "string"));
    }
}
