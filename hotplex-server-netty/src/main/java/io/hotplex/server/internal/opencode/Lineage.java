package io.hotplex.server.internal.opencode;

import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.TurnInfo;
import io.hotplex.server.internal.auth.Principal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The messages of a session from before its own first: those of the session that it was forked from, up to then; and
 * those from after its last, which wait. Stateless.
 *
 * <p>Nothing is remembered for it: a fork names the conversation of the agent that it goes on from, and its own id
 * tells when it was made.
 */
final class Lineage {
    /** Forks of forks; what lies further back is not looked for. */
    private static final int MAX_GENERATIONS = 10;

    private final Clients clients;

    Lineage(Clients clients) {
        this.clients = clients;
    }

    /**
     * The newest messages, the oldest of them first.
     *
     * @param mirror the session's, up to date
     * @param before the id of a message; only older ones are wanted; {@code null} for the newest of all
     */
    CompletionStage<List<Object>> newest(Principal principal, Mirror mirror, int limit, @Nullable String before) {
        Session session = mirror.session();
        String shown = Ids.shown(session.id());
        boolean fork = session.spec().forkAgentSession() != null;
        List<Object> own = mirror.read(projection -> fork
                ? projection.transcript().newest(shown, Transcript.MAX_MESSAGES, null)
                : projection.transcript().newest(shown, limit, before));
        List<Object> waits = before == null ? mirror.read(projection -> waiting(session, projection)) : List.of();
        if (!fork) {
            return CompletableFuture.completedFuture(newest(List.of(own, waits), limit, null));
        }
        return earlier(principal, session, madeAt(session), shown, MAX_GENERATIONS)
                .thenApply(earlier -> newest(List.of(earlier, own, waits), limit, before));
    }

    private static List<Object> newest(List<List<Object>> parts, int limit, @Nullable String before) {
        List<Object> all = new ArrayList<>();
        for (Object message : parts.stream().flatMap(List::stream).toList()) {
            if (before != null
                    && message instanceof Map<?, ?> whole
                    && whole.get("info") instanceof Map<?, ?> info
                    && before.equals(info.get("id"))) {
                break;
            }
            all.add(message);
        }
        return all.subList(Math.max(0, all.size() - limit), all.size());
    }

    /** What sessions before said until a time. */
    private CompletionStage<List<Object>> earlier(
            Principal principal, Session fork, @Nullable Instant until, String shown, int generations) {
        if (until == null || generations == 0) {
            return CompletableFuture.completedFuture(List.of());
        }
        Optional<Mirror> mirror = origin(principal, fork).flatMap(clients.mirrors()::find);
        if (mirror.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        Session session = mirror.get().session();
        long millis = until.toEpochMilli();
        return mirror.get().upToDate().thenCompose(known -> {
            List<Object> said = known.read(projection -> projection.transcript().before(millis, shown));
            return earlier(principal, session, madeAt(session), shown, generations - 1)
                    .thenApply(older -> {
                        List<Object> all = new ArrayList<>(older);
                        all.addAll(said);
                        return all;
                    });
        });
    }

    /** The own session whose conversation a fork goes on from; none when it is gone, or has another one by now. */
    private Optional<Session> origin(Principal principal, Session fork) {
        String conversation = fork.spec().forkAgentSession();
        return conversation == null
                ? Optional.empty()
                : clients.access().list(principal).stream()
                        .filter(info -> info.agentSessionId().equals(conversation))
                        .filter(info -> !info.id().equals(fork.id()))
                        .map(SessionInfo::id)
                        .findFirst()
                        .flatMap(id -> Clients.found(clients.access(), principal, id));
    }

    private static @Nullable Instant madeAt(Session session) {
        return Ids.madeAt(session.id(), session.info().lastActivity());
    }

    /** Those that came over this protocol; of others it is not known yet what their messages will be called. */
    private static List<Object> waiting(Session session, Projection projection) {
        List<Object> waiting = new ArrayList<>();
        session.turns().forEach(turn -> {
            TurnInfo info = turn.info();
            ClientPrompt ids = ClientPrompt.parse(info.clientId());
            String text = info.prompt();
            String message = ids.message();
            if (text != null
                    && message != null
                    && ids.part() != null
                    && projection.transcript().get(message) == null) {
                waiting.add(projection.waiting(ids, text, projection.updatedMillis()));
            }
        });
        return waiting;
    }
}
