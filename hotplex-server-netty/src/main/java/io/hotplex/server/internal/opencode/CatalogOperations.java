package io.hotplex.server.internal.opencode;

import io.hotplex.api.ProviderStatus;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What clients ask before they show anything: providers, models, agents, settings. Nothing of the server's own settings
 * is in it, and no secret of anybody. Thread-safe.
 */
final class CatalogOperations {
    private final Clients clients;

    CatalogOperations(Clients clients) {
        this.clients = clients;
    }

    List<Operation> all() {
        List<Operation> all = new ArrayList<>(List.of(
                Operation.read(
                        "global.health",
                        "/global/health",
                        "That the server answers, and whose protocol it speaks.",
                        request -> Clients.ok(Map.of("healthy", true, "version", Projection.VERSION))),
                Operation.read("config.get", "/config", "The settings that clients look at.", this::config),
                Operation.read("global.config.get", "/global/config", "The same.", this::config),
                Operation.read(
                        "config.providers",
                        "/config/providers",
                        "Providers and their models.",
                        request -> catalog(request, c -> Map.of("providers", c.providers(), "default", c.models()))),
                Operation.read(
                        "provider.list",
                        "/provider",
                        "Providers and their models.",
                        request -> catalog(
                                request,
                                c -> Map.of("all", c.providers(), "default", c.models(), "connected", c.names()))),
                fixed("provider.auth", "/provider/auth", "Always empty: agents are logged in on the server.", Map.of()),
                fixed("app.agents", "/agent", "The one mode that agents have here.", List.of(agent())),
                fixed("command.list", "/command", "Always empty: agents do not tell their commands.", List.of()),
                fixed("app.skills", "/skill", "Always empty.", List.of()),
                fixed("lsp.status", "/lsp", "Always empty: no language server runs here.", List.of()),
                fixed("formatter.status", "/formatter", "Always empty: no formatter runs here.", List.of()),
                Operation.read("mcp.status", "/mcp", "Servers of tools that agents told of.", this::mcp)));
        all.addAll(places());
        all.addAll(experimental());
        return all;
    }

    private List<Operation> places() {
        return List.of(
                Operation.read("path.get", "/path", "The directory that a request is about.", request -> {
                    String directory = clients.directories().of(request);
                    return Clients.ok(Map.of(
                            "home", directory,
                            "state", "",
                            "config", "",
                            "worktree", directory,
                            "directory", directory));
                }),
                Operation.read(
                        "project.list",
                        "/project",
                        "The one project.",
                        request -> Clients.ok(List.of(project(request)))),
                Operation.read(
                        "project.current",
                        "/project/current",
                        "The one project.",
                        request -> Clients.ok(project(request))),
                Operation.read(
                        "project.directories",
                        "/project/{project}/directories",
                        "Where own sessions work that were looked at.",
                        request -> {
                            Set<String> directories = new LinkedHashSet<>();
                            directories.add(clients.directories().of(request));
                            clients.mirrors()
                                    .of(request.principal())
                                    .forEach(mirror -> directories.add(
                                            mirror.session().spec().workDir().toString()));
                            return Clients.ok(directories.stream()
                                    .map(directory -> Map.of("directory", directory))
                                    .toList());
                        }),
                fixed("vcs.get", "/vcs", "Always empty: version control is left to agents.", Map.of()));
    }

    private List<Operation> experimental() {
        return List.of(
                fixed(
                        "experimental.capabilities.get",
                        "/experimental/capabilities",
                        "What is not there.",
                        Map.of("backgroundSubagents", false)),
                fixed(
                        "experimental.console.get",
                        "/experimental/console",
                        "Nothing: there is no such account.",
                        Map.of("consoleManagedProviders", List.of(), "switchableOrgCount", 0)),
                fixed("experimental.resource.list", "/experimental/resource", "Always empty.", Map.of()),
                fixed("experimental.workspace.list", "/experimental/workspace", "Always empty.", List.of()),
                fixed("experimental.workspace.status", "/experimental/workspace/status", "Always empty.", List.of()),
                fixed("v2.health.get", "/api/health", "That the server answers.", Map.of("healthy", true)),
                Operation.read(
                        "v2.location.get", "/api/location", "The directory that a request is about.", request -> {
                            return Clients.ok(location(request));
                        }),
                located("v2.agent.list", "/api/agent"),
                located("v2.command.list", "/api/command"),
                located("v2.integration.list", "/api/integration"),
                located("v2.model.list", "/api/model"),
                located("v2.provider.list", "/api/provider"),
                located("v2.reference.list", "/api/reference"),
                located("v2.skill.list", "/api/skill"));
    }

    private static Operation fixed(String id, String path, String summary, Object body) {
        return Operation.read(id, path, summary, request -> Clients.ok(body));
    }

    /** A list of the protocol that comes next; clients that ask it go on with the one that is spoken here. */
    private Operation located(String id, String path) {
        return Operation.read(
                id,
                path,
                "Always empty: that protocol is not spoken.",
                request -> Clients.ok(Map.of("location", location(request), "data", List.of())));
    }

    private Map<String, Object> location(Request request) {
        String directory = clients.directories().of(request);
        return Map.of("directory", directory, "project", Map.of("id", Projection.PROJECT, "directory", directory));
    }

    private Map<String, Object> project(Request request) {
        return Map.of(
                "id",
                Projection.PROJECT,
                "worktree",
                clients.directories().of(request),
                "time",
                Map.of("created", 0, "updated", 0),
                "sandboxes",
                List.of());
    }

    private static Map<String, Object> agent() {
        return Map.of(
                "name",
                Conversation.AGENT,
                "description",
                "The agent as its session is configured.",
                "mode",
                "primary",
                "native",
                true,
                "permission",
                List.of(),
                "options",
                Map.of());
    }

    private CompletionStage<Response> config(Request request) {
        return byDefault()
                .thenApply(name -> Response.json(
                        200,
                        Map.of(
                                "model",
                                name + "/" + Projection.DEFAULT_MODEL,
                                "share",
                                "disabled",
                                "autoupdate",
                                false)));
    }

    /** The provider of sessions that name none. */
    private CompletableFuture<String> byDefault() {
        return clients.access()
                .agent()
                .thenApply(ProviderStatus::provider)
                .exceptionally(failure ->
                        clients.access().providers().stream().findFirst().orElse(""))
                .toCompletableFuture();
    }

    /** The default provider comes first: clients take the first one. */
    private record Catalog(List<String> names, List<Object> providers, Map<String, String> models) {}

    private CompletionStage<Response> catalog(Request request, Function<Catalog, Object> body) {
        return byDefault().thenApply(first -> {
            Set<String> names = new LinkedHashSet<>(List.of(first));
            names.addAll(clients.access().providers());
            names.remove("");
            Map<String, List<String>> known = clients.mirrors().models(request.principal());
            List<Object> providers = new ArrayList<>();
            Map<String, String> models = new LinkedHashMap<>();
            for (String name : names) {
                providers.add(provider(name, known.getOrDefault(name, List.of())));
                models.put(name, Projection.DEFAULT_MODEL);
            }
            return Response.json(200, body.apply(new Catalog(List.copyOf(names), providers, models)));
        });
    }

    private static Map<String, @Nullable Object> provider(String name, List<String> known) {
        Map<String, Object> models = new LinkedHashMap<>();
        models.put(Projection.DEFAULT_MODEL, model(name, Projection.DEFAULT_MODEL, "Default of " + name));
        known.forEach(model -> models.putIfAbsent(model, model(name, model, model)));
        return Values.object(
                "id", name, "name", name, "source", "config", "env", List.of(), "options", Map.of(), "models", models);
    }

    /** What agents do not tell is 0 or empty here. */
    private static Map<String, @Nullable Object> model(String provider, String id, String name) {
        Map<String, Object> texts = Map.of("text", true, "audio", false, "image", true, "video", false, "pdf", false);
        Map<String, Object> text = Map.of("text", true, "audio", false, "image", false, "video", false, "pdf", false);
        return Values.object(
                "id",
                id,
                "providerID",
                provider,
                "name",
                name,
                "family",
                "",
                "api",
                Map.of("id", id, "url", "", "npm", ""),
                "capabilities",
                Values.object(
                        "temperature",
                        false,
                        "reasoning",
                        true,
                        "attachment",
                        true,
                        "toolcall",
                        true,
                        "input",
                        texts,
                        "output",
                        text,
                        "interleaved",
                        false),
                "cost",
                Map.of("input", 0, "output", 0, "cache", Map.of("read", 0, "write", 0)),
                "limit",
                Map.of("context", 0, "output", 0),
                "status",
                "active",
                "options",
                Map.of(),
                "headers",
                Map.of(),
                "release_date",
                "",
                "variants",
                Map.of());
    }

    private CompletionStage<Response> mcp(Request request) {
        String directory = clients.directories().of(request);
        return clients.mirrors().active(clients.access(), request.principal()).thenApply(mirrors -> {
            Map<String, Object> servers = new LinkedHashMap<>();
            for (Mirror mirror : mirrors) {
                mirror.change(projection -> {
                    if (projection.directory().equals(directory)) {
                        projection.mcpServers().forEach((name, status) -> servers.put(name, mcpStatus(status)));
                    }
                });
            }
            return Response.json(200, servers);
        });
    }

    private static Map<String, Object> mcpStatus(String status) {
        return switch (status) {
            case "connected" -> Map.of("status", "connected");
            case "disabled" -> Map.of("status", "disabled");
            case "needs-auth", "needs_auth" -> Map.of("status", "needs_auth");
            default -> Map.of("status", "failed", "error", status);
        };
    }
}
