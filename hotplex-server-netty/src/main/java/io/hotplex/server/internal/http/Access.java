package io.hotplex.server.internal.http;

import io.hotplex.server.internal.auth.Scope;
import org.jspecify.annotations.Nullable;

/** What a request needs to reach a route. */
public enum Access {
    /** No key. Host and origin are checked all the same. */
    PUBLIC(null),
    READ(Scope.SESSION_READ),
    WRITE(Scope.SESSION_WRITE),
    APPROVE(Scope.SESSION_APPROVE),
    ADMIN(Scope.ADMIN);

    private final @Nullable Scope scope;

    Access(@Nullable Scope scope) {
        this.scope = scope;
    }

    /** The scope that a key needs, or {@code null} where none is asked for. */
    public @Nullable Scope scope() {
        return scope;
    }
}
