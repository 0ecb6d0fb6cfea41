package io.hotplex.server.internal.http;

import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * One method of one path. Immutable.
 *
 * @param method in upper case; {@code GET} serves {@code HEAD} as well
 * @param template the path; a segment in braces, {@code /v1/sessions/{id}}, stands for any one segment
 * @param access what a request needs
 * @param kind how it answers
 * @param flags what is special
 */
public record Route(String method, String template, Access access, Kind kind, Set<Flag> flags, Handler handler) {
    private static final Pattern TEMPLATE = Pattern.compile("/|(?:/(?:[A-Za-z0-9._~-]+|\\{[a-z][A-Za-z0-9]*}))+/?");

    /** What is special about a route. */
    public enum Flag {
        /** Served while the server drains: probes and the like. */
        WHILE_DRAINING,
        /** A one-time ticket in the query can stand for a key, since browsers cannot send headers there. */
        TICKET,
        /** Takes a form instead of JSON; only for requests that are signed, since any page can send a form. */
        SIGNED_FORM
    }

    public Route {
        if (!TEMPLATE.matcher(template).matches()) {
            throw new IllegalArgumentException("template: " + template + " (expected: a path such as /v1/things/{id})");
        }
        flags = Set.copyOf(flags);
        Objects.requireNonNull(handler, "handler");
    }

    /** A route that answers with one response. */
    public static Route of(String method, String template, Access access, Handler handler) {
        return new Route(method, template, access, Kind.RESPONSE, Set.of(), handler);
    }

    /** A route that answers with server-sent events; a ticket is good enough. */
    public static Route events(String template, Access access, Handler handler) {
        return new Route("GET", template, access, Kind.EVENTS, Set.of(Flag.TICKET), handler);
    }

    /** A route that becomes a WebSocket; a ticket is good enough. */
    public static Route webSocket(String template, Access access, Handler handler) {
        return new Route("GET", template, access, Kind.WEBSOCKET, Set.of(Flag.TICKET), handler);
    }

    /** The same with one more flag. */
    public Route with(Flag flag) {
        Set<Flag> more = new java.util.HashSet<>(flags);
        more.add(flag);
        return new Route(method, template, access, kind, more, handler);
    }

    /** Whether it has a flag. */
    public boolean is(Flag flag) {
        return flags.contains(flag);
    }

    @Override
    public String toString() {
        return method + " " + template;
    }
}
