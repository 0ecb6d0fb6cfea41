package io.hotplex.os;

import io.hotplex.api.spi.ProcessSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
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
 *
 * <p>On Windows names are equal whatever their case, and programs need to know where Windows is.
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
    private static final List<String> WINDOWS_BASE = List.of(
            "SYSTEMROOT",
            "SYSTEMDRIVE",
            "WINDIR",
            "COMSPEC",
            "PATHEXT",
            "TEMP",
            "TMP",
            "USERNAME",
            "USERPROFILE",
            "HOMEDRIVE",
            "HOMEPATH",
            "APPDATA",
            "LOCALAPPDATA",
            "PROGRAMDATA",
            "ALLUSERSPROFILE",
            "PROGRAMFILES",
            "PROGRAMFILES(X86)",
            "PROGRAMW6432",
            "COMMONPROGRAMFILES",
            "COMMONPROGRAMFILES(X86)",
            "COMMONPROGRAMW6432",
            "COMPUTERNAME",
            "NUMBER_OF_PROCESSORS",
            "OS",
            "PROCESSOR_ARCHITECTURE");

    private final Map<String, String> source;
    private final List<String> inherit;
    private final boolean windows;

    /**
     * @param source the variables that may be inherited, normally those of the JVM
     * @param inherit names to inherit beyond the base list; a trailing {@code *} matches a prefix
     */
    ChildEnvironment(Map<String, String> source, List<String> inherit) {
        this(source, Stream.concat(BASE.stream(), inherit.stream()).toList(), false);
    }

    private ChildEnvironment(Map<String, String> source, List<String> inherit, boolean windows) {
        this.source = Map.copyOf(source);
        this.inherit = inherit;
        this.windows = windows;
    }

    /** The same for Windows. */
    static ChildEnvironment windows(Map<String, String> source, List<String> inherit) {
        List<String> all = Stream.of(BASE, WINDOWS_BASE, inherit)
                .flatMap(List::stream)
                .map(name -> name.toUpperCase(Locale.ROOT))
                .toList();
        return new ChildEnvironment(source, all, true);
    }

    /** For the system that this JVM runs on. */
    static ChildEnvironment here(Map<String, String> source, List<String> inherit) {
        return Abi.WINDOWS ? windows(source, inherit) : new ChildEnvironment(source, inherit);
    }

    /** The variables of one child, without the launcher's marker. */
    Map<String, String> of(ProcessSpec spec) {
        Map<String, String> environment = windows ? new TreeMap<>(Win32.NAMES) : new LinkedHashMap<>();
        List<String> wanted = spec.inherit().stream().map(this::folded).toList();
        source.forEach((name, value) -> {
            String folded = folded(name);
            if (OUTER_MARKER.matcher(name).matches() || named(inherit, folded) || named(wanted, folded)) {
                environment.put(name, value);
            }
        });
        environment.putAll(spec.environment());
        return environment;
    }

    /** The form in which names are compared. */
    private String folded(String name) {
        return windows ? name.toUpperCase(Locale.ROOT) : name;
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
