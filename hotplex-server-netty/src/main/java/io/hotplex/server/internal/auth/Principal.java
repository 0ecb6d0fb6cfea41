package io.hotplex.server.internal.auth;

import java.util.Set;

/**
 * Who sends a request.
 *
 * @param owner whose sessions it may touch
 * @param keyId the name of the key; may be logged, other than the key
 */
public record Principal(String owner, Set<Scope> scopes, String keyId) {
    /** Who sends a request to a public route without a key: owns nothing and may nothing. */
    public static final Principal NOBODY = new Principal("", Set.of(), "-");

    public Principal {
        scopes = Set.copyOf(scopes);
    }

    /** Whether it may do what needs a scope. */
    public boolean may(Scope scope) {
        return scopes.contains(scope);
    }
}
