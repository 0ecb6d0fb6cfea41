package io.hotplex.server.internal.opencode;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessState;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.sessions.Presence;
import io.hotplex.server.internal.sessions.SessionAccess;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sessions that clients of OpenCode look at, and the feeds of what happens in them. A session is mirrored when
 * somebody asks for it, or when somebody with a stream open uses it by whatever way; one that rests, or that nobody
 * uses when there are too many, is let go of, and is read anew when it is asked for again.
 *
 * <p>Thread-safe: its maps are concurrent, what they hold is thread-safe.
 */
final class Mirrors implements Mirror.Listener {
    private static final Logger log = LoggerFactory.getLogger(Mirrors.class);

    /** Ten pages of a client's list; each holds what its session said, and a subscription. */
    static final int MAX_MIRRORS = 1_000;

    /** 64 million characters of what was said, in all. */
    static final long MAX_CHARS = 64 << 20;

    /** So many sessions are told of to who comes back after too long. */
    private static final int STATE_SESSIONS = 20;

    private static final int STATE_MESSAGES = 20;

    /** As many sessions are not told of twice when they are mirrored again. */
    private static final int MAX_TOLD = 10_000;

    /** A client that looks at a session asks more often than that; reading it anew takes less than a second. */
    private static final Duration LET_GO_AFTER = Duration.ofMinutes(1);

    private final Duration letGoAfter;
    private final AtomicBoolean sweepComes = new AtomicBoolean();
    private final Map<String, Mirror> mirrors = new ConcurrentHashMap<>();
    private final Map<String, Feed> feeds = new ConcurrentHashMap<>();

    /** Of sessions that are not mirrored any more, up to which offset streams were told of them. */
    private final Map<String, Long> told = Collections.synchronizedMap(new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > MAX_TOLD;
        }
    });

    Mirrors() {
        this(LET_GO_AFTER);
    }

    /** @param letGoAfter how long a session stays mirrored that has no process and that nobody asks for */
    Mirrors(Duration letGoAfter) {
        this.letGoAfter = letGoAfter;
    }

    // ---- mirrors

    /** A session's mirror, which reads on. */
    Mirror of(Session session) {
        Mirror mirror = mirrors.compute(session.id(), (id, known) -> {
            Mirror found = known != null && known.session() == session && !known.isOver()
                    ? known
                    : new Mirror(session, this, toldBefore(session, known));
            found.used(System.nanoTime()); // in here: so nobody lets go of it before it is given out
            return found;
        });
        begin(mirror);
        trim();
        sweepLater();
        return mirror;
    }

    /** One that cannot be read is not kept: who asks next tries again. */
    private void begin(Mirror mirror) {
        boolean begun = false;
        try {
            mirror.start();
            begun = true;
        } finally {
            if (!begun) {
                mirror.close();
            }
        }
    }

    /** @param replaced the mirror that is there still; {@code null} when there is none */
    private long toldBefore(Session session, @Nullable Mirror replaced) {
        Long before = told.remove(session.id());
        return Math.max(before == null ? 0 : before, replaced == null ? 0 : replaced.told());
    }

    /** A session's mirror; none when the session has ended meanwhile. */
    Optional<Mirror> find(Session session) {
        try {
            return Optional.of(of(session));
        } catch (HotPlexException e) {
            log.debug("session {} cannot be looked at", session.id(), e);
            return Optional.empty();
        }
    }

    /** Somebody uses a session: who follows its owner's sessions wants to see what comes of it. */
    void onUsed(Session session) {
        Feed feed = feeds.get(session.spec().owner());
        if (feed != null && feed.isFollowed()) {
            var unused = find(session); // who uses it hears why it cannot be read
        }
    }

    /** The mirrors of an owner's sessions. */
    List<Mirror> of(Principal principal) {
        return mirrors.values().stream()
                .filter(mirror -> mirror.session().spec().owner().equals(principal.owner()))
                .toList();
    }

    /** Mirrors what an owner's sessions do that nobody looked at yet, such as those that the application opened. */
    void look(SessionAccess access, Principal principal) {
        Set<String> waiting = access.waiting(principal).stream()
                .map(SessionAccess.Waiting::session)
                .collect(Collectors.toSet());
        for (SessionInfo info : access.list(principal)) {
            if (!mirrors.containsKey(info.id()) && (isActive(info) || waiting.contains(info.id()))) {
                var unused = Clients.found(access, principal, info.id()).flatMap(this::find);
            }
        }
    }

    /** The mirrors of an owner's sessions, with those that do something among them; each knows all up to now. */
    CompletionStage<List<Mirror>> active(SessionAccess access, Principal principal) {
        look(access, principal);
        return all(of(principal).stream().map(Mirror::upToDate).toList());
    }

    /** All that could be read; one that cannot keeps nobody from the others. */
    static CompletionStage<List<Mirror>> all(List<CompletionStage<Mirror>> reading) {
        List<CompletableFuture<Optional<Mirror>>> each = reading.stream()
                .map(one -> one.thenApply(Optional::of)
                        .exceptionally(failure -> Optional.empty())
                        .toCompletableFuture())
                .toList();
        return CompletableFuture.allOf(each.toArray(CompletableFuture<?>[]::new))
                .thenApply(done ->
                        each.stream().flatMap(one -> one.join().stream()).toList());
    }

    /**
     * Gives a session a title, without a word about it to anybody.
     *
     * @return completes when its mirror knows it
     */
    CompletionStage<Mirror> title(Mirror mirror, String title, String by) {
        mirror.silent(true);
        return mirror.session()
                .rename(title, by)
                .thenCompose(named -> mirror.upToDate())
                .whenComplete((known, failure) -> mirror.silent(false));
    }

    /**
     * Puts another session in the place of one, under its id: nobody is told that the first one has ended.
     *
     * @param replacing does it
     */
    CompletionStage<Session> replace(Session session, Supplier<CompletionStage<Session>> replacing) {
        Mirror replaced = of(session);
        replaced.silent(true);
        CompletionStage<Session> other;
        try {
            other = replacing.get();
        } catch (HotPlexException e) {
            replaced.silent(false);
            throw e;
        }
        return other.whenComplete((opened, failure) -> replaced.silent(failure == null));
    }

    /** Lets go of those that were not used for longest, when there are too many. */
    private void trim() {
        long chars = mirrors.values().stream().mapToLong(Mirror::weight).sum();
        if (mirrors.size() <= MAX_MIRRORS && chars <= MAX_CHARS) {
            return;
        }
        long now = System.nanoTime();
        List<Resting> idle = resting()
                .sorted(Comparator.comparingLong(resting -> resting.usedNanos() - now))
                .toList();
        for (Resting resting : idle.subList(0, Math.max(0, idle.size() - 1))) {
            if (mirrors.size() <= MAX_MIRRORS && chars <= MAX_CHARS) {
                return;
            }
            chars -= resting.mirror().weight();
            letGo(resting);
        }
    }

    /** @param usedNanos when it was used last, before anybody looked whether it rests */
    private record Resting(Mirror mirror, long usedNanos) {}

    private Stream<Resting> resting() {
        return mirrors.values().stream()
                .map(mirror -> new Resting(mirror, mirror.usedNanos()))
                .filter(resting ->
                        !resting.mirror().isBusy() && !resting.mirror().isAwaited());
    }

    /** Lets go of one, unless somebody has used it meanwhile. */
    private void letGo(Resting resting) {
        Mirror mirror = resting.mirror();
        mirrors.computeIfPresent(mirror.session().id(), (id, known) -> {
            if (known == mirror && known.usedNanos() == resting.usedNanos()) {
                known.retire();
            }
            return known;
        });
        if (mirror.isOver()) {
            mirror.close();
        }
    }

    private void sweepLater() {
        if (sweepComes.compareAndSet(false, true)) {
            CompletableFuture.delayedExecutor(letGoAfter.toNanos(), TimeUnit.NANOSECONDS)
                    .execute(() -> sweep(System.nanoTime()));
        }
    }

    /** Lets go of those that rest: a session that is mirrored is followed, and does not fall asleep. */
    void sweep(long now) {
        sweepComes.set(false);
        resting()
                .filter(resting -> now - resting.usedNanos() >= letGoAfter.toNanos())
                .filter(resting -> !isActive(resting.mirror().session().info()))
                .forEach(this::letGo);
        if (!mirrors.isEmpty()) {
            sweepLater();
        }
    }

    private static boolean isActive(SessionInfo info) {
        return info.state() != ProcessState.NONE || info.runningTurn() != null || info.queuedTurns() > 0;
    }

    @Override
    public boolean isNews(Mirror mirror, long offset, long millis) {
        Feed feed = feeds.get(mirror.session().spec().owner());
        return feed != null && mirror.isNew(offset) && (offset > mirror.live() || millis >= feed.since());
    }

    @Override
    public @Nullable CompletionStage<Void> onEvents(Mirror mirror, long millis, List<ClientEvent> events) {
        mirror.used(System.nanoTime());
        publish(mirror, millis, events);
        Feed feed = feeds.get(mirror.session().spec().owner());
        return feed == null ? null : feed.room();
    }

    /** Tells who follows the owner's sessions. */
    void publish(Mirror mirror, long millis, List<ClientEvent> events) {
        Feed feed = feeds.get(mirror.session().spec().owner());
        if (feed != null) {
            feed.publish(
                    mirror.session().id(), mirror.session().spec().workDir().toString(), millis, events);
        }
    }

    /** A stream of a server that stops waits for that. */
    @Override
    public void onIdle() {
        feeds.values().forEach(Feed::wake);
    }

    @Override
    public void onOver(Mirror mirror) {
        told.put(mirror.session().id(), mirror.told());
        mirrors.remove(mirror.session().id(), mirror);
    }

    // ---- feeds

    /** What happens in a principal's sessions, from the first call on. */
    Feed feed(Principal principal) {
        return feeds.computeIfAbsent(principal.owner(), owner -> new Feed(System.currentTimeMillis()));
    }

    /** The feed, where anybody ever asked for it. */
    Optional<Feed> followed(Principal principal) {
        return Optional.ofNullable(feeds.get(principal.owner()));
    }

    /** What one stream of a principal needs to know. */
    Tap.Follower follower(SessionAccess access, Principal principal, Presence presence) {
        return new Tap.Follower() {
            @Override
            public CompletionStage<List<Feed.Frame>> state(long sinceMillis) {
                return Mirrors.this.state(access, principal, sinceMillis);
            }

            @Override
            public Runnable follow(String session) {
                Mirror mirror = mirrors.get(session);
                return mirror == null ? () -> {} : presence.enter(mirror.session());
            }

            @Override
            public boolean isBusy() {
                return of(principal).stream().anyMatch(Mirror::isBusy);
            }

            @Override
            public void look() {
                Mirrors.this.look(access, principal);
            }
        };
    }

    private CompletionStage<List<Feed.Frame>> state(SessionAccess access, Principal principal, long sinceMillis) {
        List<SessionInfo> active = access.list(principal).stream()
                .filter(info -> info.lastActivity().toEpochMilli() >= sinceMillis)
                .sorted(Comparator.comparing(SessionInfo::lastActivity).reversed())
                .toList();
        List<CompletionStage<Mirror>> recent = active.stream()
                .limit(STATE_SESSIONS)
                .flatMap(info -> Clients.found(access, principal, info.id()).stream())
                .flatMap(session -> find(session).stream())
                .map(Mirror::upToDate)
                .toList();
        List<CompletionStage<Mirror>> others = new ArrayList<>();
        List<Feed.Frame> unknown = new ArrayList<>();
        active.stream().skip(STATE_SESSIONS).forEach(info -> {
            Mirror mirror = mirrors.get(info.id());
            if (mirror == null) {
                unknown.addAll(status(info));
            } else {
                others.add(mirror.upToDate());
            }
        });
        return all(recent).thenCombine(all(others), (whole, rest) -> {
            List<Feed.Frame> frames = new ArrayList<>();
            whole.forEach(mirror -> frames.addAll(frames(mirror, Mirrors::state)));
            rest.forEach(mirror -> frames(mirror, known -> List.of(status(known))).stream()
                    .map(Mirrors::besides)
                    .forEach(frames::add));
            frames.addAll(unknown);
            return frames;
        });
    }

    /**
     * How things are in a session; one that rests is told to be idle, since somebody may wait for the end of a turn.
     *
     * @param how what else is told of it
     */
    static List<Feed.Frame> frames(Mirror mirror, Function<Projection, List<Feed.Frame>> how) {
        String id = Ids.shown(mirror.session().id());
        List<Feed.Frame> idle = new ArrayList<>();
        List<Feed.Frame> frames = new ArrayList<>(mirror.read(known -> {
            if (!known.isBusy()) {
                idle.add(frame(known, id, "session.idle", "sessionID", id));
            }
            return how.apply(known);
        }));
        SessionInfo now = mirror.session().info(); // asked last: what began meanwhile is told when it is read
        String running = now.runningTurn(); // a session says so until a little after the end
        if (now.queuedTurns() == 0 && (running == null || mirror.read(known -> known.hasEnded(running)))) {
            frames.addAll(idle);
        }
        return frames;
    }

    /** What a session does that is not mirrored. */
    private static List<Feed.Frame> status(SessionInfo info) {
        String id = Ids.shown(info.id());
        String directory = info.workDir().toString();
        boolean idle = info.runningTurn() == null && info.queuedTurns() == 0;
        Map<String, @Nullable Object> status = Values.object("type", idle ? "idle" : "busy");
        List<Feed.Frame> frames = new ArrayList<>();
        frames.add(frame(0, directory, id, "session.status", Values.object("sessionID", id, "status", status)));
        if (idle) {
            frames.add(frame(0, directory, id, "session.idle", Values.object("sessionID", id)));
        }
        return frames;
    }

    /** A frame that is in place of no other: of its session more happened than it tells. */
    private static Feed.Frame besides(Feed.Frame frame) {
        return new Feed.Frame(0, 0, frame.session(), frame.directory(), frame.millis(), frame.payload());
    }

    /** A session, its last messages, and what it waits for, as events that may be told twice. */
    private static List<Feed.Frame> state(Projection projection) {
        List<Feed.Frame> frames = new ArrayList<>();
        Map<String, @Nullable Object> session = projection.session();
        String id = String.valueOf(session.get("id"));
        frames.add(frame(projection, id, "session.updated", "sessionID", id, "info", session));
        for (Object message : projection.transcript().newest(id, STATE_MESSAGES, null)) {
            if (message instanceof Map<?, ?> whole && whole.get("parts") instanceof List<?> parts) {
                frames.add(frame(projection, id, "message.updated", "sessionID", id, "info", whole.get("info")));
                parts.forEach(part -> frames.add(part(projection, id, part)));
            }
        }
        projection.pending().values().forEach(asked -> {
            String type = asked.isQuestion() ? "question.asked" : "permission.asked";
            frames.add(frame(projection, id, type, asked.properties()));
        });
        projection.resolved().forEach(event -> frames.add(frame(projection, id, event.type(), event.properties())));
        frames.add(status(projection));
        return frames;
    }

    private static Feed.Frame status(Projection projection) {
        String id = String.valueOf(projection.session().get("id"));
        return frame(projection, id, "session.status", "sessionID", id, "status", projection.status());
    }

    private static Feed.Frame part(Projection projection, String session, @Nullable Object part) {
        long now = System.currentTimeMillis();
        return frame(projection, session, "message.part.updated", "sessionID", session, "part", part, "time", now);
    }

    private static Feed.Frame frame(
            Projection projection, String session, String type, @Nullable Object... properties) {
        return frame(projection, session, type, Values.object(properties));
    }

    private static Feed.Frame frame(
            Projection projection, String session, String type, Map<String, @Nullable Object> properties) {
        return frame(projection.offset(), projection.directory(), session, type, properties);
    }

    private static Feed.Frame frame(
            long offset, String directory, String session, String type, Map<String, @Nullable Object> properties) {
        long now = System.currentTimeMillis();
        ClientEvent event = ClientEvent.now(session, Ids.fresh("evt", Instant.ofEpochMilli(now)), type, properties);
        return new Feed.Frame(0, offset, Ids.sessionOf(session), directory, now, Feed.payload(event));
    }

    /** What is known of models: by provider, those that its sessions used. */
    Map<String, List<String>> models(Principal principal) {
        Map<String, List<String>> models = new LinkedHashMap<>();
        for (Mirror mirror : of(principal)) {
            List<String> known =
                    models.computeIfAbsent(mirror.session().info().provider(), provider -> new ArrayList<>());
            String model = mirror.read(Projection::model);
            if (!known.contains(model)) {
                known.add(model);
            }
        }
        return models;
    }

    /** Completes when all streams of a principal that read have got everything up to now, or that takes too long. */
    CompletableFuture<Void> flushed(Principal principal, long limitMillis) {
        return followed(principal)
                .filter(Feed::isFollowed)
                .map(feed -> feed.flushed(limitMillis).toCompletableFuture())
                .orElseGet(() -> CompletableFuture.completedFuture(null));
    }
}
