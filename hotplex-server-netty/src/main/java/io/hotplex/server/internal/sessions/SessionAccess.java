package io.hotplex.server.internal.sessions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.ProviderStatus;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
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
 * <p>Thread-safe: the count of open turns of each owner is atomic, and what is being opened for an owner changes within
 * an atomic operation of the map, which also looks what is open; all else is immutable or the engine's.
 */
public final class SessionAccess {
    private final Engine engine;
    private final SpecReader specs;
    private final LastProbe agent;
    private final Function<Principal, Quota> quotas;
    private final Map<String, OpenTurns> openTurns = new ConcurrentHashMap<>();
    /** By owner, the ids of sessions that are being opened; an id as often as it is. */
    private final Map<String, List<String>> opening = new ConcurrentHashMap<>();

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
        this.agent = new LastProbe(() -> engine.probe(null), System::nanoTime);
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
        boolean known = info(principal, spec.id()).isPresent();
        if (known) {
            return new Opened(engine.open(spec), false);
        }
        begin(principal, spec.id());
        try {
            return new Opened(engine.open(spec), true);
        } finally {
            opened(principal.owner(), spec.id());
        }
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

    /** The principal's open sessions; those that sleep in a durable journal sleep on. */
    public List<SessionInfo> list(Principal principal) {
        require(principal, Scope.SESSION_READ);
        return engine.sessions().stream()
                .filter(info -> info.owner().equals(principal.owner()))
                .toList();
    }

    /** The names of the configured providers. */
    public List<String> providers() {
        return engine.providers();
    }

    /** The agent of the default provider: whether it is there, and its version, as of a minute ago at most. */
    public CompletionStage<ProviderStatus> agent() {
        return agent.status();
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

    /** Looks whose it is before it is touched: a session of somebody else is not even woken. */
    private Optional<Session> own(Principal principal, String id) {
        return info(principal, id)
                .flatMap(info -> engine.session(id))
                .filter(session -> session.spec().owner().equals(principal.owner())); // it may be another one by now
    }

    private Optional<SessionInfo> info(Principal principal, String id) {
        return engine.info(id).filter(info -> info.owner().equals(principal.owner()));
    }

    /** Counts a session as open from before it is, so that two at once do not both take the last place. */
    private void begin(Principal principal, String id) {
        int limit = quotas.apply(principal).sessions();
        opening.compute(principal.owner(), (owner, now) -> {
            List<String> ids = now == null ? new ArrayList<>() : new ArrayList<>(now);
            if (limit != Integer.MAX_VALUE) {
                Set<String> counted = new HashSet<>(ids);
                engine.sessions().stream()
                        .filter(info -> info.owner().equals(owner))
                        .forEach(info -> counted.add(info.id()));
                if (!counted.contains(id) && counted.size() >= limit) {
                    throw new HotPlexException(
                            ErrorCode.TOO_MANY_REQUESTS,
                            limit + " sessions of '" + owner + "' are open (its quota): close some");
                }
            }
            ids.add(id);
            return ids;
        });
    }

    private void opened(String owner, String id) {
        opening.computeIfPresent(owner, (o, now) -> {
            List<String> ids = new ArrayList<>(now);
            ids.remove(id);
            return ids.isEmpty() ? null : ids;
        });
    }
}
