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
import io.hotplex.api.Turn;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
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
        access = new SessionAccess(engine, Set.of(), dir.resolve("work"), principal -> new Quota(1_000, 2, 2));
    }

    @AfterEach
    void close() {
        engine.close();
    }

    @Test
    void aSessionIsThereForItsOwnerAlone() {
        Session session = access.open(ANN, named("s1")).session();

        assertThat(access.read(ANN, "s1")).isSameAs(session);
        assertThat(access.list(ANN)).containsExactly(session);
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
