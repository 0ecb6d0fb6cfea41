package io.hotplex.os;

import io.hotplex.api.spi.ProcessSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Builds a child's environment from nothing: the base list, what the launcher's configuration and the process ask to
 * inherit, what the process sets. Variables of the JVM that nobody named never get to a child. Immutable.
 *
 * <p>The base list is what a command-line program needs to find its home, speak the user's language, and reach the
 * network from behind a proxy. TERM is not in it, since a child has no terminal. No name that begins with
 * {@code HOTPLEX_} is ever matched by a prefix: such variables configure the gateway and may hold its keys. The markers
 * of an outer HotPlex are handed on, so that it still finds its descendants.
 */
final class ChildEnvironment {
    private static final String OWN_PREFIX = "HOTPLEX_";
    private static final Pattern OUTER_MARKER = Pattern.compile(OWN_PREFIX + "\\d{" + RunMarker.DIGITS + "}");
    private static final List<String> BASE = List.of(
            "PATH",
            "HOME",
            "USER",
            "LOGNAME",
            "SHELL",
            "LANG",
            "LC_*",
            "TZ",
            "TMPDIR",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "all_proxy",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "ALL_PROXY",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "NODE_EXTRA_CA_CERTS");

    private final Map<String, String> source;
    private final List<String> inherit;

    /**
     * @param source the variables that may be inherited, normally those of the JVM
     * @param inherit names to inherit beyond the base list; a trailing {@code *} matches a prefix
     */
    ChildEnvironment(Map<String, String> source, List<String> inherit) {
        this.source = Map.copyOf(source);
        this.inherit = Stream.concat(BASE.stream(), inherit.stream()).toList();
    }

    /** The variables of one child, without the launcher's marker. */
    Map<String, String> of(ProcessSpec spec) {
        Map<String, String> environment = new LinkedHashMap<>();
        source.forEach((name, value) -> {
            if (OUTER_MARKER.matcher(name).matches() || named(inherit, name) || named(spec.inherit(), name)) {
                environment.put(name, value);
            }
        });
        environment.putAll(spec.environment());
        return environment;
    }

    private static boolean named(List<String> patterns, String name) {
        for (String pattern : patterns) {
            if (pattern.endsWith("*")
                    ? !name.startsWith(OWN_PREFIX) && name.startsWith(pattern.substring(0, pattern.length() - 1))
                    : pattern.equals(name)) {
                return true;
            }
        }
        return false;
    }
}
