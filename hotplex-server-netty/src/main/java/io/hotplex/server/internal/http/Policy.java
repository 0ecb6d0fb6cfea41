package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.netty.util.NetUtil;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which names the server answers to, which pages may use it, and how fast. Immutable; replaced as a whole when the
 * configuration is read again.
 *
 * @param hosts names, in lower case, that requests may call the server by; addresses may always be used, since a page
 *     of somebody else can reach this machine by a name alone
 * @param origins of pages that may use the server besides its own
 * @param perAddress requests of one address in a second
 * @param proxies who is believed about the addresses of clients
 */
public record Policy(Set<String> hosts, Set<String> origins, int perAddress, Proxies proxies) {
    public Policy {
        hosts = Set.copyOf(hosts);
        origins = Set.copyOf(origins);
    }

    /** What is configured. */
    public static Policy of(ServerConfig config) {
        List<String> listed = config.get(ServerConfig.ALLOWED_HOSTS);
        return new Policy(
                Stream.concat(Stream.of("localhost", config.get(ServerConfig.HOST)), listed.stream())
                        .map(host -> host.toLowerCase(Locale.ROOT))
                        .collect(Collectors.toSet()),
                config.get(ServerConfig.ALLOWED_ORIGINS).stream()
                        .map(origin -> origin.toLowerCase(Locale.ROOT))
                        .collect(Collectors.toSet()),
                config.get(ServerConfig.REQUESTS_PER_SECOND_PER_ADDRESS),
                Proxies.of(config.get(ServerConfig.TRUSTED_PROXIES)));
    }

    /**
     * Checks by which name a request calls the server.
     *
     * @throws HotPlexException INVALID_ARGUMENT without one, FORBIDDEN for one that is not allowed
     */
    void checkHost(Headers headers) {
        List<String> all = headers.all("Host");
        if (all.size() != 1) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, all.size() + " headers Host (expected: exactly one)");
        }
        String name = name(all.get(0));
        if (!hosts.contains(name) && !isAddress(name)) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN, "the server is not known by the name in Host (see server.allowed-hosts)");
        }
    }

    /**
     * The origin of the page that a request comes from, if it may use the server; {@code null} where no page is told.
     *
     * @throws HotPlexException FORBIDDEN when it may not
     */
    @Nullable
    String checkOrigin(Headers headers, boolean tls) {
        List<String> all = headers.all("Origin");
        if (all.isEmpty()) {
            return null;
        }
        String origin = all.get(0).toLowerCase(Locale.ROOT);
        String own = (tls ? "https://" : "http://")
                + String.valueOf(headers.first("Host")).toLowerCase(Locale.ROOT);
        if (all.size() > 1 || !origin.equals(own) && !origins.contains(origin)) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN, "pages of this origin may not use the server (see server.allowed-origins)");
        }
        return all.get(0);
    }

    /** The name without port, in lower case. */
    private static String name(String host) {
        int colon = host.lastIndexOf(':');
        boolean port =
                colon >= 0 && host.indexOf(']', colon) < 0 && (host.indexOf(':') == colon || host.startsWith("["));
        return (port ? host.substring(0, colon) : host).toLowerCase(Locale.ROOT);
    }

    private static boolean isAddress(String name) {
        return NetUtil.isValidIpV4Address(name)
                || name.startsWith("[")
                        && name.endsWith("]")
                        && NetUtil.isValidIpV6Address(name.substring(1, name.length() - 1));
    }
}
