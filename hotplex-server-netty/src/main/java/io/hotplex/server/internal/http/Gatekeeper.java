package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Lets requests in, or not. Thread-safe; called on event loops, so it never blocks. */
public final class Gatekeeper {
    /** The user that comes with a key where a client can send user and password alone. */
    private static final String BASIC_USER = "opencode";

    private static final String SUB_PROTOCOL_PREFIX = "hotplex.key.";

    private final KeyRing keys;

    public Gatekeeper(KeyRing keys) {
        this.keys = keys;
    }

    /**
     * What is checked before anything else of a request is looked at.
     *
     * @throws HotPlexException FORBIDDEN when host or origin is not allowed
     */
    void checkSource(Headers headers, InetAddress remote) {
        if (headers.all("Host").size() != 1) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "the request needs one header Host");
        }
    }

    /**
     * The key of a request to a route that needs one.
     *
     * @throws HotPlexException UNAUTHENTICATED when there is none, FORBIDDEN when it lacks the route's scope
     */
    ApiKey authenticate(Headers headers) {
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
