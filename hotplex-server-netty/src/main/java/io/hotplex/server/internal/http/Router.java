package io.hotplex.server.internal.http;

import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Finds the route of a request. Immutable once built, so thread-safe. A literal segment counts more than one in braces,
 * further left more than further right.
 */
public final class Router {
    private final List<Route> routes;
    private final Node root = new Node();

    /** @throws IllegalArgumentException when two routes are the same but for the names in braces */
    public Router(Collection<Route> routes) {
        this.routes = List.copyOf(routes);
        this.routes.forEach(this::add);
    }

    /** Every route, in the order of registration. */
    public List<Route> routes() {
        return routes;
    }

    private void add(Route route) {
        Node node = root;
        for (String segment : segments(route.template())) {
            node = segment.startsWith("{") ? node.variable() : node.literals.computeIfAbsent(segment, s -> new Node());
        }
        Route other = node.methods.putIfAbsent(route.method(), route);
        if (other != null) {
            throw new IllegalArgumentException(route + " is there already, as " + other);
        }
    }

    /** What was found at a path. */
    public sealed interface Match {
        /** Nothing. */
        record None() implements Match {}

        /** Something, with other methods. */
        record OtherMethods(Set<String> methods) implements Match {
            public OtherMethods {
                methods = Set.copyOf(methods);
            }
        }

        /** A route, and what its segments in braces stand for, decoded. */
        record Found(Route route, Map<String, String> parameters) implements Match {
            public Found {
                parameters = Map.copyOf(parameters);
            }
        }
    }

    /** @param path still encoded, without query */
    public Match find(String method, String path) {
        List<String> segments = segments(path);
        Node node = root.walk(segments, 0);
        if (node == null) {
            return new Match.None();
        }
        Route route = node.methods.get(method);
        if (route == null && method.equals("HEAD")) {
            Route get = node.methods.get("GET");
            route = get != null && get.kind() == Kind.RESPONSE ? get : null;
        }
        if (route == null) {
            return new Match.OtherMethods(new TreeSet<>(node.methods.keySet()));
        }
        return found(route, segments);
    }

    private static Match found(Route route, List<String> segments) {
        Map<String, String> parameters = new LinkedHashMap<>();
        List<String> names = segments(route.template());
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            if (name.startsWith("{")) {
                try {
                    // '+' is itself in a path
                    String value =
                            QueryStringDecoder.decodeComponent(segments.get(i).replace("+", "%2B"));
                    parameters.put(name.substring(1, name.length() - 1), value);
                } catch (IllegalArgumentException e) {
                    return new Match.None();
                }
            }
        }
        return new Match.Found(route, parameters);
    }

    /** {@code /a/b} has two segments; {@code /a/b/} three, the last one empty. */
    private static List<String> segments(String path) {
        return new ArrayList<>(Arrays.asList(path.substring(1).split("/", -1)));
    }

    /** The routes below one prefix; filled by the constructor alone. */
    private static final class Node {
        private final Map<String, Node> literals = new LinkedHashMap<>();
        private final Map<String, Route> methods = new LinkedHashMap<>();
        private @Nullable Node variable;

        Node variable() {
            if (variable == null) {
                variable = new Node();
            }
            return variable;
        }

        @Nullable
        Node walk(List<String> segments, int from) {
            if (from == segments.size()) {
                return methods.isEmpty() ? null : this;
            }
            Node literal = literals.get(segments.get(from));
            Node found = literal == null ? null : literal.walk(segments, from + 1);
            if (found == null && variable != null && !segments.get(from).isEmpty()) {
                found = variable.walk(segments, from + 1);
            }
            return found;
        }
    }
}
