package io.hotplex.server.internal.sessions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionInfo;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionAccessTest {
    private static final Principal ANN = new Principal("ann", Set.of(Scope.SESSION_READ, Scope.SESSION_WRITE), "a");
    private static final Principal BEN = new Principal("ben", Set.of(Scope.values()), "b");
    private static final Principal READER = new Principal("ann", Set.of(Scope.SESSION_READ), "r");
    private static final Principal WRITER = new Principal("ann", Set.of(Scope.SESSION_WRITE), "w");

    @TempDir
    Path dir;

    private final Puppets puppets = new Puppets();
    private Engine engine;
    private SessionAccess access;

    @BeforeEach
    void build() {
        engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets)
                .build();
        access = access(engine);
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aSessionIsThereForItsOwnerAlone() {
        Session session = access.open(ANN, named("s1")).session();

        assertThat(access.read(ANN, "s1")).isSameAs(session);
        assertThat(access.list(ANN)).extracting(SessionInfo::id).containsExactly("s1");
        assertThat(access.list(BEN)).isEmpty();
        assertCode(() -> access.read(BEN, "s1"), ErrorCode.SESSION_NOT_FOUND);
        assertCode(() -> access.control(BEN, "s1"), ErrorCode.SESSION_NOT_FOUND);
        assertThat(access.find(BEN, "s1")).isEmpty();
        assertThat(access.controlled(BEN, "s1")).isEmpty();
        assertThatThrownBy(() -> access.read(BEN, "s1")).hasMessage(messageOf(() -> access.read(BEN, "never-opened")));
    }

    @Test
    void eachScopeAllowsItsOwnAlone() {
        access.open(ANN, named("s1"));

        assertCode(() -> access.open(READER, named("s2")), ErrorCode.FORBIDDEN);
        assertCode(() -> access.control(READER, "s1"), ErrorCode.FORBIDDEN);
        assertCode(() -> access.controlled(READER, "s1"), ErrorCode.FORBIDDEN);
        assertCode(() -> access.read(WRITER, "s1"), ErrorCode.FORBIDDEN);
        assertCode(() -> access.list(WRITER), ErrorCode.FORBIDDEN);
        assertThat(engine.session("s2")).as("no side effect").isEmpty();
    }

    @Test
    void tellsWhetherASessionIsNew() {
        assertThat(access.open(ANN, named("s1")).created()).isTrue();
        assertThat(access.open(ANN, named("s1")).created()).isFalse();
    }

    @Test
    void theQuotaBoundsTheSessionsOfAnOwner() {
        access.open(ANN, named("s1"));
        access.open(ANN, named("s2"));

        assertCode(() -> access.open(ANN, named("s3")), ErrorCode.TOO_MANY_REQUESTS);
        assertThat(access.open(ANN, named("s2")).created())
                .as("one that is open")
                .isFalse();
        assertThat(access.open(BEN, named("b1")).created())
                .as("of another owner")
                .isTrue();
        access.control(ANN, "s1").close().toCompletableFuture().join();
        assertThat(access.open(ANN, named("s3")).created()).isTrue();
    }

    @Test
    void aSessionOfSomebodyElseIsNotTouched() {
        access.open(ANN, named("s1"));
        Set<String> touched = ConcurrentHashMap.newKeySet();
        SessionAccess watched = access(watching((method, arguments) -> {
            if (method.equals("session")) {
                touched.add(String.valueOf(arguments[0]));
            }
        }));

        assertCode(() -> watched.read(BEN, "s1"), ErrorCode.SESSION_NOT_FOUND);
        assertCode(() -> watched.control(BEN, "s1"), ErrorCode.SESSION_NOT_FOUND);
        assertThat(watched.find(BEN, "s1")).isEmpty();
        assertCode(() -> watched.open(BEN, named("s1")), ErrorCode.SESSION_CONFLICT);
        assertThat(watched.list(ANN)).hasSize(1);
        assertThat(touched).as("looked up, which would wake one that sleeps").isEmpty();
        assertThat(watched.read(ANN, "s1").id()).isEqualTo("s1");
        assertThat(touched).containsExactly("s1");
    }

    @Test
    void twoAtOnceDoNotBothTakeTheLastPlace() throws Exception {
        access.open(ANN, named("s1"));
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        SessionAccess slow = access(watching((method, arguments) -> {
            if (method.equals("open") && ((SessionSpec) arguments[0]).id().equals("s2")) {
                inside.countDown();
                assertThat(goOn.await(20, TimeUnit.SECONDS)).isTrue();
            }
        }));
        CompletableFuture<SessionAccess.Opened> first =
                CompletableFuture.supplyAsync(() -> slow.open(ANN, named("s2")));
        assertThat(inside.await(20, TimeUnit.SECONDS)).isTrue();

        assertCode(() -> slow.open(ANN, named("s3")), ErrorCode.TOO_MANY_REQUESTS);
        goOn.countDown();
        assertThat(first.get(20, TimeUnit.SECONDS).created()).isTrue();
        access.control(ANN, "s1").close().toCompletableFuture().join();

        assertThat(slow.open(ANN, named("s3")).created())
                .as("one that was opened counts once")
                .isTrue();
    }

    @Test
    void theQuotaBoundsTheOpenTurnsOfAnOwnerAndCountsARepeatedPromptOnce() {
        Session session = access.open(ANN, named("s1")).session();
        Turn held = access.submit(
                ANN, session, Prompt.builder("hold").clientId("c1").build());
        assertThat(access.submit(
                        ANN, session, Prompt.builder("hold").clientId("c1").build()))
                .isSameAs(held);
        Turn waiting = access.submit(ANN, session, Prompt.of("say hi"));

        assertCode(() -> access.submit(ANN, session, Prompt.of("say hi")), ErrorCode.TOO_MANY_REQUESTS);
        assertCode(() -> access.submit(ANN, session, Prompt.of("")), ErrorCode.TOO_MANY_REQUESTS);
        held.cancel();
        waiting.result().toCompletableFuture().join();

        await().ignoreExceptions().until(() -> access.submit(ANN, session, Prompt.of("hold")) != null);
        assertCode(() -> access.submit(ANN, session, Prompt.of("")), ErrorCode.PROMPT_EMPTY);
        assertThat(access.submit(ANN, session, Prompt.of("hold")))
                .as("a refused one does not count")
                .isNotNull();
    }

    /** Sees a call before the engine does. */
    private interface Before {
        void call(String method, Object[] arguments) throws Exception;
    }

    private Engine watching(Before before) {
        return (Engine) Proxy.newProxyInstance(
                Engine.class.getClassLoader(), new Class<?>[] {Engine.class}, (proxy, method, arguments) -> {
                    before.call(method.getName(), arguments == null ? new Object[0] : arguments);
                    try {
                        return method.invoke(engine, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getTargetException();
                    }
                });
    }

    private SessionAccess access(Engine to) {
        return new SessionAccess(to, Set.of(), dir.resolve("work"), principal -> new Quota(1_000, 2, 2), session -> {});
    }

    private static ObjectNode named(String id) {
        return new ObjectMapper().createObjectNode().put("id", id);
    }

    private static void assertCode(ThrowingCallable call, ErrorCode code) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(code));
    }

    private static String messageOf(ThrowingCallable call) {
        try {
            call.call();
        } catch (Throwable e) {
            return String.valueOf(e.getMessage());
        }
        throw new AssertionError("nothing was thrown");
    }
}
