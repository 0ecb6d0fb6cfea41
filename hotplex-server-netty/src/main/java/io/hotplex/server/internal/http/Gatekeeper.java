package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.RateLimiter;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.auth.Tickets;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Lets requests in, or not. Thread-safe; called on event loops, so it never blocks. */
public final class Gatekeeper {
    /** The user that comes with a key where a client can send user and password alone. */
    private static final String BASIC_USER = "opencode";

    private static final String SUB_PROTOCOL_PREFIX = "hotplex.key.";
    private static final String TICKET_PARAMETER = "ticket";
    private static final int IPV6_NETWORK_BYTES = 8;

    private static final ApiKey EVERYBODY =
            ApiKey.of("", new Principal("local", EnumSet.allOf(Scope.class), "everybody"), Quota.UNLIMITED);

    private final KeyRing keys;
    private final boolean open;
    private final Tickets tickets;
    private final RateLimiter<String> byAddress;
    private final RateLimiter<String> byKey;
    private volatile Policy policy;

    /**
     * @param open whether everybody is let in with every scope, keys or not
     * @param ticker gives nanoseconds of some clock that does not jump
     */
    public Gatekeeper(KeyRing keys, Policy policy, boolean open, LongSupplier ticker) {
        this.keys = keys;
        this.policy = policy;
        this.open = open;
        this.tickets = new Tickets(ticker);
        this.byAddress = new RateLimiter<>(ticker);
        this.byKey = new RateLimiter<>(ticker);
    }

    /** Puts another policy in the place of the one that holds. */
    public void replace(Policy other) {
        policy = other;
    }

    /** {@code POST /v1/tickets}: a key becomes a ticket. */
    public Route ticketRoute() {
        return Route.of("POST", "/v1/tickets", Access.READ, request -> {
            ApiKey key = authenticate(request.headers());
            return CompletableFuture.completedFuture(Response.json(
                    201, java.util.Map.of("ticket", tickets.issue(key), "expires_in_ms", Tickets.LIFE.toMillis())));
        });
    }

    /**
     * What is checked before anything else of a request is looked at.
     *
     * @return the origin of the page that it comes from, or {@code null}
     * @throws HotPlexException FORBIDDEN when host or origin is not allowed
     */
    @Nullable
    String checkSource(Headers headers, boolean tls) {
        Policy now = policy;
        now.checkHost(headers);
        return now.checkOrigin(headers, tls);
    }

    /** Who sends a request, whatever proxies are in between. */
    Proxies.Client client(InetAddress remote, boolean tls, Headers headers) {
        return policy.proxies().client(remote, tls, headers);
    }

    /** Whether connections of an address are those of many clients. */
    boolean isProxy(InetAddress remote) {
        return policy.proxies().trust(remote);
    }

    /** How long a sender has to wait that sends too much; {@code null} for one that does not. */
    @Nullable
    Duration checkRate(InetAddress remote) {
        return byAddress.take(sender(remote), policy.perAddress());
    }

    /** How long the holder of a key has to wait that sends too much; {@code null} for one that does not. */
    @Nullable
    Duration checkRate(ApiKey key) {
        int perSecond = key.quota().requestsPerSecond();
        return perSecond == Integer.MAX_VALUE
                ? null
                : byKey.take(key.principal().keyId(), perSecond);
    }

    /**
     * How long the holder of a key has to wait that sends too many messages on connections that are open already;
     * {@code null} for one that does not. They count like requests.
     *
     * @throws HotPlexException UNAUTHENTICATED when the key is valid no longer
     */
    @Nullable
    Duration checkRate(Principal principal) {
        int perSecond = quota(principal).requestsPerSecond();
        return perSecond == Integer.MAX_VALUE ? null : byKey.take(principal.keyId(), perSecond);
    }

    /** Whether a key that opened something is still good for it. */
    boolean holds(ApiKey key) {
        return open || keys.holds(key);
    }

    /**
     * What a principal may use.
     *
     * @throws HotPlexException UNAUTHENTICATED when its key is valid no longer
     */
    public Quota quota(Principal principal) {
        return open ? Quota.UNLIMITED : keys.quota(principal);
    }

    /** Who has one IPv6 address has all of its network. */
    private static String sender(InetAddress remote) {
        byte[] bytes = remote.getAddress();
        return remote instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(bytes, IPV6_NETWORK_BYTES))
                : remote.getHostAddress();
    }

    /**
     * The key of a request to a route that needs one.
     *
     * @param route the route, or {@code null} when there is none at the path
     * @throws HotPlexException UNAUTHENTICATED when there is none
     */
    ApiKey authenticate(@Nullable Route route, Headers headers, Request.Target target) {
        String ticket = target.first(TICKET_PARAMETER);
        if (ticket == null || route == null || !route.is(Route.Flag.TICKET) || open) {
            return authenticate(headers);
        }
        Optional<ApiKey> key = tickets.redeem(ticket).filter(keys::holds);
        return key.orElseThrow(() -> new HotPlexException(
                ErrorCode.UNAUTHENTICATED, "the ticket is not known, used or too old: get another"));
    }

    private ApiKey authenticate(Headers headers) {
        if (open) {
            return EVERYBODY;
        }
        String secret = secret(headers);
        if (secret == null) {
            throw new HotPlexException(
                    ErrorCode.UNAUTHENTICATED, "a key is needed (expected: the header Authorization: Bearer KEY)");
        }
        return keys.find(secret)
                .orElseThrow(() -> new HotPlexException(ErrorCode.UNAUTHENTICATED, "the key is not known"));
    }

    private static @Nullable String secret(Headers headers) {
        String authorization = headers.first("Authorization");
        if (authorization != null) {
            int space = authorization.indexOf(' ');
            String scheme = space < 0 ? "" : authorization.substring(0, space).toLowerCase(Locale.ROOT);
            String value = authorization.substring(space + 1).strip();
            return switch (scheme) {
                case "bearer" -> value;
                case "basic" -> basic(value);
                default -> null;
            };
        }
        String key = headers.first("X-API-Key");
        return key == null ? ofSubProtocol(headers) : key.strip();
    }

    private static @Nullable String basic(String value) {
        try {
            String pair = new String(Base64.getDecoder().decode(value), StandardCharsets.UTF_8);
            String user = BASIC_USER + ':';
            return pair.startsWith(user) ? pair.substring(user.length()) : null;
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /** Browsers can set no other header of a WebSocket. */
    private static @Nullable String ofSubProtocol(Headers headers) {
        for (String offered : SubProtocols.offered(headers)) {
            if (offered.startsWith(SUB_PROTOCOL_PREFIX)) {
                return offered.substring(SUB_PROTOCOL_PREFIX.length());
            }
        }
        return null;
    }
}
