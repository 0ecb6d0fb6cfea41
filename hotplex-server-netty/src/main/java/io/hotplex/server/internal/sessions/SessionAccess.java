package io.hotplex.server.internal.sessions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.ProviderStatus;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * The only door from the gateway to the engine: whatever carries a request, it gets a session from here, after owner,
 * scope and quota were checked. A session of somebody else does not exist, for reading as for writing; an id is no
 * capability.
 *
 * <p>Thread-safe: the count of open turns of each owner is atomic; all else is immutable or the engine's.
 */
public final class SessionAccess {
    private final Engine engine;
    private final SpecReader specs;
    private final Function<Principal, Quota> quotas;
    private final Map<String, OpenTurns> openTurns = new ConcurrentHashMap<>();

    /**
     * @param clientOptions of {@code environment}, {@code mcp-config}, {@code agent-session} and {@code confinement},
     *     what clients may set
     * @param defaultWorkDir where agents work when a client names no directory
     * @param quotas what a principal may use
     */
    public SessionAccess(
            Engine engine, Set<String> clientOptions, Path defaultWorkDir, Function<Principal, Quota> quotas) {
        this.engine = engine;
        this.specs = new SpecReader(clientOptions, defaultWorkDir);
        this.quotas = quotas;
    }

    /**
     * A session, and whether it is new.
     *
     * @param session the session
     * @param created whether it was opened just now
     */
    public record Opened(Session session, boolean created) {}

    /**
     * Opens a session, or returns the one that is open with the same specification.
     *
     * @throws HotPlexException FORBIDDEN, TOO_MANY_REQUESTS, or what the specification or the engine says
     */
    public Opened open(Principal principal, ObjectNode json) {
        require(principal, Scope.SESSION_WRITE);
        SessionSpec spec = specs.read(json, principal.owner());
        boolean known = own(principal, spec.id()).isPresent();
        if (!known) {
            checkSessions(principal);
        }
        return new Opened(engine.open(spec), !known);
    }

    /**
     * A session to read from.
     *
     * @throws HotPlexException FORBIDDEN or SESSION_NOT_FOUND
     */
    public Session read(Principal principal, String id) {
        return find(principal, Scope.SESSION_READ, id);
    }

    /**
     * A session to act on.
     *
     * @throws HotPlexException FORBIDDEN or SESSION_NOT_FOUND
     */
    public Session control(Principal principal, String id) {
        return find(principal, Scope.SESSION_WRITE, id);
    }

    /**
     * A session to act on, if there is one.
     *
     * @throws HotPlexException FORBIDDEN
     */
    public Optional<Session> controlled(Principal principal, String id) {
        require(principal, Scope.SESSION_WRITE);
        return own(principal, id);
    }

    /**
     * A session to read from, if there is one.
     *
     * @throws HotPlexException FORBIDDEN
     */
    public Optional<Session> find(Principal principal, String id) {
        require(principal, Scope.SESSION_READ);
        return own(principal, id);
    }

    /** The principal's open sessions. */
    public List<Session> list(Principal principal) {
        require(principal, Scope.SESSION_READ);
        return engine.sessions().stream()
                .filter(info -> info.owner().equals(principal.owner()))
                .flatMap(info -> own(principal, info.id()).stream())
                .toList();
    }

    /** The names of the configured providers. */
    public List<String> providers() {
        return engine.providers();
    }

    /** The agent of the default provider: whether it is there, and its version. */
    public CompletionStage<ProviderStatus> agent() {
        return engine.probe(null);
    }

    /**
     * Submits a prompt to a session of {@link #control}.
     *
     * @throws HotPlexException TOO_MANY_REQUESTS, or what the session says
     */
    public Turn submit(Principal principal, Session session, Prompt prompt) {
        OpenTurns open = openTurns.computeIfAbsent(principal.owner(), owner -> new OpenTurns());
        int limit = quotas.apply(principal).turns();
        if (open.count.incrementAndGet() > limit) {
            open.count.decrementAndGet();
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    limit + " turns of '" + principal.owner() + "' run or wait (its quota): wait for one to end");
        }
        boolean counted = false;
        try {
            Turn turn = session.submit(prompt);
            counted = open.turns.add(turn); // else it is there already, and somebody repeats its client id
            if (counted) {
                var unused = turn.result().whenComplete((result, failure) -> open.ended(turn));
            }
            return turn;
        } finally {
            if (!counted) {
                open.count.decrementAndGet();
            }
        }
    }

    /** The turns of one owner that have not ended, and their number with those that are being submitted. */
    private static final class OpenTurns {
        private final Set<Turn> turns = ConcurrentHashMap.newKeySet();
        private final AtomicInteger count = new AtomicInteger();

        void ended(Turn turn) {
            turns.remove(turn);
            count.decrementAndGet();
        }
    }

    /** @throws HotPlexException FORBIDDEN when the principal lacks a scope */
    public static void require(Principal principal, Scope scope) {
        if (!principal.may(scope)) {
            throw new HotPlexException(ErrorCode.FORBIDDEN, "the key lacks the scope " + scope.text());
        }
    }

    private Session find(Principal principal, Scope scope, String id) {
        require(principal, scope);
        return own(principal, id)
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.SESSION_NOT_FOUND,
                        "no session of yours has this id: open it, or list those there are"));
    }

    private Optional<Session> own(Principal principal, String id) {
        return engine.session(id).filter(session -> session.spec().owner().equals(principal.owner()));
    }

    private void checkSessions(Principal principal) {
        int limit = quotas.apply(principal).sessions();
        if (limit == Integer.MAX_VALUE) {
            return;
        }
        long open = engine.sessions().stream()
                .filter(info -> info.owner().equals(principal.owner()))
                .count();
        if (open >= limit) {
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    limit + " sessions of '" + principal.owner() + "' are open (its quota): close some");
        }
    }
}
