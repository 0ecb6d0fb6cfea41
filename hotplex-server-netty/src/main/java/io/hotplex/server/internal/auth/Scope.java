package io.hotplex.server.internal.auth;

import java.util.Arrays;
import java.util.Optional;

/** What a key may do. Scopes are independent of each other. */
public enum Scope {
    /** Look at own sessions and follow their events. */
    SESSION_READ("session:read"),
    /** Open, prompt and close own sessions. */
    SESSION_WRITE("session:write"),
    /** Answer what agents ask permission for in own sessions. */
    SESSION_APPROVE("session:approve"),
    /** Look at and stop the gateway; gives no access to the sessions of others. */
    ADMIN("admin");

    private final String text;

    Scope(String text) {
        this.text = text;
    }

    /** The name in configuration and documents. */
    public String text() {
        return text;
    }

    /** The scope of a name. */
    public static Optional<Scope> of(String text) {
        return Arrays.stream(values()).filter(scope -> scope.text.equals(text)).findFirst();
    }
}
