package io.hotplex.server.internal.sessions;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.ProviderStatus;
import io.hotplex.api.RememberedApproval;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The only door from the gateway to the engine: whatever carries a request, it gets a session from here, after owner,
 * scope and quota were checked. A session of somebody else does not exist, for reading as for writing; an id is no
 * capability.
 *
 * <p>Thread-safe: the count of open turns of each owner is atomic, and what is being opened for an owner changes within
 * an atomic operation of the map, which also looks what is open; all else is immutable or the engine's.
 */
public final class SessionAccess {
    /** Modes in which agents ask for all that they would ever ask for. */
    private static final Set<String> ASKING_MODES = Set.of("default", "plan");

    private final Engine engine;
    private final SpecReader specs;
    private final LastProbe agent;
    private final Function<Principal, Quota> quotas;
    private final Consumer<Session> used;
    private final Map<String, OpenTurns> openTurns = new ConcurrentHashMap<>();
    /** By owner, the ids of sessions that are being opened; an id as often as it is. */
    private final Map<String, List<String>> opening = new ConcurrentHashMap<>();

    /**
     * @param clientOptions of {@code environment}, {@code mcp-config}, {@code agent-session} and {@code confinement},
     *     what clients may set
     * @param defaultWorkDir where agents work when a client names no directory
     * @param quotas what a principal may use
     * @param used hears of every session before somebody gets it from here; must be quick
     */
    public SessionAccess(
            Engine engine,
            Set<String> clientOptions,
            Path defaultWorkDir,
            Function<Principal, Quota> quotas,
            Consumer<Session> used) {
        this.engine = engine;
        this.specs = new SpecReader(clientOptions, defaultWorkDir);
        this.quotas = quotas;
        this.used = used;
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
        if (!spec.tools().allowed().isEmpty()) {
            require(principal, Scope.SESSION_APPROVE); // they run without asking, which is an answer beforehand
        }
        requireForMode(principal, spec.permissionMode());
        boolean known = info(principal, spec.id()).isPresent();
        if (known) {
            return new Opened(seen(engine.open(spec)), false);
        }
        return new Opened(openNew(principal, spec), true);
    }

    private Session openNew(Principal principal, SessionSpec spec) {
        begin(principal, spec.id());
        try {
            return seen(engine.open(spec));
        } finally {
            opened(principal.owner(), spec.id());
        }
    }

    private Session seen(Session session) {
        used.accept(session);
        return session;
    }

    /**
     * Opens a session that goes on from where another one is, in the agent's own record, and leaves that one as it is.
     *
     * @param session one of {@link #control}
     * @param id the new session's
     * @throws HotPlexException NOT_SUPPORTED when the agent cannot do that, or as {@link #open}
     */
    public Session fork(Principal principal, Session session, String id) {
        SessionSpec from = session.spec();
        return openNew(
                principal,
                builder(id, from)
                        .model(from.model())
                        .permissionMode(from.permissionMode())
                        .forkAgentSession(session.info().agentSessionId())
                        .build());
    }

    /**
     * Puts a session in the place of one in which nothing was said yet: with another provider. When that provider does
     * not take it, the session is as it was.
     *
     * @param session one of {@link #control}
     * @throws HotPlexException PROVIDER_UNKNOWN, or what else the engine says
     */
    public CompletionStage<Session> replaceUnused(Principal principal, Session session, String provider, String model) {
        SessionSpec from = session.spec();
        if (!engine.providers().contains(provider)) {
            throw new HotPlexException(
                    ErrorCode.PROVIDER_UNKNOWN, "no provider has this name (expected: one of " + providers() + ")");
        }
        SessionSpec spec = builder(from.id(), from)
                .provider(provider)
                .model(model.isEmpty() ? null : model)
                .build();
        return engine.delete(from.id()).thenApply(gone -> {
            try {
                return openNew(principal, spec);
            } catch (HotPlexException e) {
                openNew(principal, from); // it is not lost because the other provider does not take it
                throw e;
            }
        });
    }

    /** All of a specification but its id and what one provider alone understands. */
    private static SessionSpec.Builder builder(String id, SessionSpec from) {
        SessionSpec.Builder spec = SessionSpec.builder(id, from.workDir())
                .owner(from.owner())
                .provider(from.provider())
                .tools(from.tools())
                .systemPrompt(from.systemPrompt())
                .appendSystemPrompt(from.appendSystemPrompt())
                .mcpConfig(from.mcpConfig())
                .strictMcpConfig(from.strictMcpConfig())
                .confinement(from.confinement())
                .limits(from.limits());
        from.environment().forEach(spec::environment);
        return spec;
    }

    /**
     * Ends a session and deletes what the journal has of it.
     *
     * @throws HotPlexException FORBIDDEN or SESSION_NOT_FOUND
     */
    public CompletionStage<Void> delete(Principal principal, String id) {
        return engine.delete(control(principal, id).id());
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

    /** Every permission request and question of the principal's sessions that waits for an answer. */
    public List<Waiting> waiting(Principal principal) {
        List<Waiting> waiting = new ArrayList<>();
        for (SessionInfo info : list(principal)) {
            if (!info.asleep()) { // one that sleeps asks nothing, and is not to be woken
                engine.session(info.id())
                        .filter(session -> session.spec().owner().equals(principal.owner())) // as in own
                        .ifPresent(session -> session.pendingRequests()
                                .forEach(request -> waiting.add(new Waiting(session.id(), request))));
            }
        }
        return waiting;
    }

    /**
     * A request that waits for an answer.
     *
     * @param session the id of its session
     */
    public record Waiting(String session, AgentEvent request) {}

    /**
     * Answers what an agent asks: a permission needs the scope to approve, a question that to write, as a prompt does.
     *
     * @throws HotPlexException FORBIDDEN, SESSION_NOT_FOUND, or what the session says
     */
    public void answer(Principal principal, String session, String request, Asks.Answer answer) {
        Scope scope = answer instanceof Asks.Answer.Permission ? Scope.SESSION_APPROVE : Scope.SESSION_WRITE;
        Asks.give(find(principal, scope, session), request, answer, principal.keyId());
    }

    /** What was allowed for good for the principal's sessions. */
    public List<RememberedApproval> remembered(Principal principal) {
        require(principal, Scope.SESSION_READ);
        return engine.rememberedApprovals(principal.owner());
    }

    /**
     * Forgets one of them.
     *
     * @throws HotPlexException FORBIDDEN or REQUEST_NOT_FOUND
     */
    public void forget(Principal principal, String id) {
        require(principal, Scope.SESSION_APPROVE);
        if (!engine.forgetApproval(principal.owner(), id)) {
            throw new HotPlexException(
                    ErrorCode.REQUEST_NOT_FOUND, "nothing with this id is remembered: list what there is");
        }
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

    /**
     * Changes what is given of a session's settings, one after the other.
     *
     * @param session one of {@link #control}
     * @throws HotPlexException FORBIDDEN, when the mode asks less and the principal may not approve
     */
    public CompletionStage<Void> change(
            Principal principal, Session session, @Nullable String model, @Nullable String mode) {
        requireForMode(principal, mode);
        CompletionStage<Void> first = model == null ? CompletableFuture.completedFuture(null) : session.setModel(model);
        return mode == null ? first : first.thenCompose(done -> session.setPermissionMode(mode));
    }

    /** In another mode an agent may ask less, so somebody who may not approve could let it run what they like. */
    private static void requireForMode(Principal principal, @Nullable String mode) {
        if (mode != null && !ASKING_MODES.contains(mode)) {
            require(principal, Scope.SESSION_APPROVE);
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
                .filter(session -> session.spec().owner().equals(principal.owner())) // it may be another one by now
                .map(this::seen);
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
                        .filter(info -> info.owner().equals(owner) && !info.asleep())
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
