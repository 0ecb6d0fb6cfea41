package io.hotplex.core;

import static io.hotplex.core.EngineFixture.only;
import static io.hotplex.core.EngineFixture.read;
import static io.hotplex.core.EngineFixture.result;
import static io.hotplex.core.EngineFixture.types;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.AgentEvent.PermissionRequested;
import io.hotplex.api.AgentEvent.PermissionResolved;
import io.hotplex.api.AgentEvent.Resolution;
import io.hotplex.api.Approver;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.PermissionAnswer.Scope;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import io.hotplex.core.internal.guard.CallPrint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guards decide on tool calls, people on what is left; each decision once, and written down. */
class GuardTest {
    @TempDir
    Path dir;

    /** Does what the command says. */
    private static final ToolGuard OBEDIENT = (spec, call) -> {
        String command = String.valueOf(call.input().get("command"));
        for (Action action : List.of(Action.DENY, Action.ASK, Action.ALLOW)) {
            if (command.startsWith(action.name())) {
                Duration expiry = command.endsWith("soon") ? Duration.ofMillis(30) : null;
                return new Verdict(action, new GuardFinding("r-" + action, "test", "high", "because"), expiry);
            }
        }
        return Verdict.NONE;
    };

    private EngineFixture fixture(String... settings) {
        return new EngineFixture(dir, HotPlex.builder().toolGuard(OBEDIENT), settings);
    }

    @Test
    void aToolCallThatWouldNotBeAskedAboutIsDecidedAllTheSame() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .expect("prompt a")
                    .say("tool c1 DENY", "tool c2 ASK", "tool c3 ALLOW", "tool c4 echo")
                    .expect("decided c1 DENY")
                    .expect("decided c2 ASK")
                    .expect("decided c3 ALLOW")
                    .expect("decided c4 NONE");

            assertThat(only(events, AgentEvent.ToolDenied.class))
                    .singleElement()
                    .satisfies(denied -> {
                        assertThat(denied.toolId()).isEqualTo("c1");
                        assertThat(denied.finding().ruleId()).isEqualTo("r-DENY");
                    });
        }
    }

    @Test
    void whatTheAgentAsksIsDeniedOrAllowedByRulesAndTheRestByPeople() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .expect("prompt a")
                    .say("ask p1 DENY")
                    .expect("answer p1 Deny")
                    .say("ask p2 ALLOW")
                    .expect("answer p2 Allow")
                    .say("ask p3 ASK", "ask p4 echo");
            await().until(() -> session.pendingRequests().size() == 2);

            assertThat(session.pendingRequests())
                    .allSatisfy(e ->
                            assertThat(((PermissionRequested) e).expiresAt()).isNotNull())
                    .extracting(e -> ((PermissionRequested) e).finding())
                    .containsExactlyInAnyOrder(new GuardFinding("r-ASK", "test", "high", "because"), null);
            assertThat(only(events, PermissionResolved.class)).singleElement().satisfies(resolved -> {
                assertThat(resolved.by()).isEqualTo("guard");
                assertThat(resolved.ruleId()).isEqualTo("r-ALLOW");
            });
            assertThat(types(events)).contains("tool_denied").doesNotContain("turn_failed");
        }
    }

    @Test
    void theFirstAnswerWinsAndALaterOneIsToldWhoseThatWas() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK");
            await().until(() -> !session.pendingRequests().isEmpty());

            session.answer("p1", PermissionAnswer.allow(), new Approver("alice", "slack", "local"));

            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> session.answer("p1", PermissionAnswer.deny("no"), "bob"))
                    .withMessageContaining("allowed by slack:alice")
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.REQUEST_ALREADY_ANSWERED);
            f.agents.process(1).expect("answer p1 Allow");
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            PermissionResolved resolved = only(events, PermissionResolved.class).get(0);
            assertThat(resolved.by()).isEqualTo("slack:alice");
            assertThat(resolved.ruleId()).isEqualTo("r-ASK");
            assertThat(resolved.scope()).isEqualTo(Scope.ONCE);
        }
    }

    @Test
    void nobodyAnswersForTheSessionsOfOthers() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK");
            await().until(() -> !session.pendingRequests().isEmpty());

            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() ->
                            session.answer("p1", PermissionAnswer.allow(), new Approver("eve", "slack", "others")))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(session.pendingRequests()).hasSize(1);
            session.answer("p1", PermissionAnswer.allow(), new Approver("ops", "", Approver.EVERYBODY));
            f.agents.process(1).expect("answer p1 Allow");
        }
    }

    @Test
    void aRequestThatNobodyAnswersExpires() {
        try (EngineFixture f = fixture("permission-timeout", "40ms")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .expect("prompt a")
                    .say("ask p1 ASK soon", "ask p2 echo", "question q1")
                    .expect("answer p1 Deny")
                    .expect("answer p2 Deny")
                    .expect("reply q1 {}");

            await().until(() -> only(events, PermissionResolved.class).size() == 2);
            assertThat(only(events, PermissionResolved.class))
                    .allSatisfy(resolved -> assertThat(resolved.resolution()).isEqualTo(Resolution.EXPIRED))
                    .extracting(PermissionResolved::message)
                    .containsExactlyInAnyOrder("nobody answered within PT0.03S", "nobody answered within PT0.04S");
            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> session.answer("p1", PermissionAnswer.allow(), "late"))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.REQUEST_ALREADY_ANSWERED);
        }
    }

    @Test
    void theTimeOfATurnStandsStillWhilePeopleAreAsked() {
        try (EngineFixture f = fixture("turn-timeout", "1500ms", "permission-timeout", "1800ms")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            Turn turn = session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK").expect("answer p1 Deny"); // when it expires

            assertThat(types(events)).doesNotContain("turn_timed_out");

            f.agents.process(1).expect("interrupt").say("aborted");
            assertThat(result(turn).end()).isInstanceOf(AgentEvent.TurnTimedOut.class);
        }
    }

    @Test
    void aProcessWithAnOpenRequestIsNotIdle() {
        try (EngineFixture f = fixture("idle-timeout", "40ms")) {
            Session session = f.hot("s1");
            f.agents.process(1).say("ask p1 ASK"); // from the background, no turn runs
            await().until(() -> !session.pendingRequests().isEmpty());

            await().during(Duration.ofMillis(200))
                    .until(() -> !f.agents.process(1).isGone());

            session.answer("p1", PermissionAnswer.allow(), "test");
            await().until(() -> f.agents.process(1).isGone());
        }
    }

    @Test
    void whatIsAllowedForTheSessionIsNotAskedAgainThere() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK this");
            await().until(() -> !session.pendingRequests().isEmpty());
            session.answer("p1", new PermissionAnswer.Allow(Scope.SESSION, null), "alice");
            f.agents
                    .process(1)
                    .expect("answer p1 Allow")
                    .say("tool c1 ASK this", "ask p2 ASK this", "tool c2 ASK that")
                    .expect("decided c1 ALLOW")
                    .expect("answer p2 Allow")
                    .expect("decided c2 ASK");
        }
    }

    @Test
    void whatIsAllowedForGoodIsNotAskedAgainOverRestartsButForItsOwnerAlone() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK this");
            await().until(() -> !session.pendingRequests().isEmpty());
            session.answer("p1", new PermissionAnswer.Allow(Scope.ALWAYS, null), "alice");
            f.agents.process(1).expect("answer p1 Allow");
            await().until(() -> dir.resolve("state/approvals").toFile().length() > 0);
            assertThat(dir.resolve("state/approvals")).content().doesNotContain("this");
        }
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s2");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .expect("prompt a")
                    .say("tool c1 ASK this")
                    .expect("decided c1 ALLOW")
                    .say("ask p1 ASK this")
                    .expect("answer p1 Allow");
            await().until(() -> !only(events, PermissionResolved.class).isEmpty());
            assertThat(only(events, PermissionResolved.class).get(0).by()).isEqualTo("alice");
            Session other = f.engine.open(f.spec("s3").owner("bob").build());
            other.submit(Prompt.of("a"));
            f.agents
                    .process(2)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt a")
                    .say("tool c1 ASK this")
                    .expect("decided c1 ASK");
        }
    }

    @Test
    void whatIsAllowedForGoodHoldsWhereItWasAllowed() throws IOException {
        Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK");
            await().until(() -> !session.pendingRequests().isEmpty());
            session.answer("p1", new PermissionAnswer.Allow(Scope.ALWAYS, null), "alice");
            f.agents.process(1).expect("answer p1 Allow");
            await().until(() -> Files.exists(dir.resolve("state/approvals")));

            Session other = f.engine.open(SessionSpec.builder("s2", elsewhere).build());
            other.submit(Prompt.of("b"));
            f.agents.process(2).expect("hello").say("ready").expect("prompt b").say("ask p1 ASK");
            await().until(() -> !other.pendingRequests().isEmpty());
        }
    }

    @Test
    void anInputInPlaceOfTheAgentsIsLookedAtAsThatWas() {
        try (EngineFixture f = fixture()) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 ASK", "ask p2 ASK");
            await().until(() -> session.pendingRequests().size() == 2);

            session.answer("p1", new PermissionAnswer.Allow(Scope.ONCE, Map.of("command", "DENY it")), "ann");
            f.agents.process(1).expect("answer p1 Deny");
            session.answer("p2", new PermissionAnswer.Allow(Scope.ONCE, Map.of("command", "echo")), "ann");
            f.agents.process(1).expect("answer p2 Allow");

            assertThat(only(events, PermissionResolved.class))
                    .satisfiesExactly(
                            denied -> {
                                assertThat(denied.resolution()).isEqualTo(Resolution.DENIED);
                                assertThat(denied.by()).isEqualTo("guard");
                                assertThat(denied.ruleId()).isEqualTo("r-DENY");
                            },
                            allowed -> {
                                assertThat(allowed.resolution()).isEqualTo(Resolution.ALLOWED);
                                assertThat(allowed.by()).isEqualTo("ann");
                                assertThat(allowed.edited()).isTrue();
                            });
            assertThat(only(events, AgentEvent.ToolDenied.class)).hasSize(1);
        }
    }

    @Test
    void aGuardThatFailsDenies() {
        ToolGuard broken = (spec, call) -> {
            throw new IllegalStateException("planted");
        };
        try (EngineFixture f =
                new EngineFixture(dir, HotPlex.builder().toolGuard(OBEDIENT).toolGuard(broken))) {
            Session session = f.hot("s1");
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("tool c1 ALLOW").expect("decided c1 DENY");
        }
    }

    @Test
    void whatTheSpecificationDeniesNoGuardAllows() {
        try (EngineFixture f = fixture()) {
            Session session = f.engine.open(f.spec("s1")
                    .tools(new ToolRules(null, List.of(), List.of("Bash(ALLOW push:*)")))
                    .build());
            session.submit(Prompt.of("a"));
            f.agents
                    .process(1)
                    .expect("hello")
                    .say("ready")
                    .expect("prompt a")
                    .say("tool c1 ALLOW push --force", "tool c2 ALLOW pull")
                    .expect("decided c1 DENY")
                    .expect("decided c2 ALLOW");
        }
    }

    @Test
    void aWithdrawalWhileTheGuardDecidesIsHeard() throws InterruptedException {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        AtomicInteger decided = new AtomicInteger();
        ToolGuard slow = (spec, call) -> {
            inside.countDown();
            awaitLatch(go);
            decided.incrementAndGet();
            return Verdict.NONE;
        };
        try (EngineFixture f = new EngineFixture(dir, HotPlex.builder().toolGuard(slow))) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            session.submit(Prompt.of("a"));
            f.agents.process(1).expect("prompt a").say("ask p1 echo");
            inside.await();
            f.agents.process(1).say("withdraw p1");
            go.countDown();
            await().until(() -> decided.get() == 1);
            f.agents.process(1).say("done x");

            await().until(() -> types(events).contains("turn_completed"));
            assertThat(session.pendingRequests()).isEmpty();
            assertThat(types(events)).doesNotContain("permission_requested", "permission_resolved");
        }
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void guardsCanBeSwitchedOffOnlyAsLongAsTheConfigurationAllowsAndThatIsWrittenDown() {
        HotPlex builder = HotPlex.builder()
                .toolGuard(OBEDIENT)
                .guard((spec, prompt) -> prompt.text().contains("bad")
                        ? new PromptGuard.Decision.Block("r", "c", "high", "no", List.of())
                        : PromptGuard.Decision.ALLOW);
        try (EngineFixture f = new EngineFixture(dir, builder, "guard-bypass-max", "1m")) {
            Session session = f.hot("s1");
            List<EventRecord> events = read(session);
            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> session.bypassGuard(Duration.ofMinutes(2), "admin", "why not"))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(result(session.submit(Prompt.of("bad"))).end()).isInstanceOf(AgentEvent.TurnBlocked.class);

            session.bypassGuard(Duration.ofMillis(300), "admin", "a drill");
            Turn turn = session.submit(Prompt.of("bad"));
            f.agents
                    .process(1)
                    .expect("prompt bad")
                    .say("tool c1 DENY")
                    .expect("decided c1 NONE")
                    .say("done x");

            assertThat(result(turn).completed()).isTrue();
            await().until(() -> types(events).contains("guard_restored"));
            assertThat(only(events, AgentEvent.GuardBypassed.class).get(0).by()).isEqualTo("admin");
            assertThat(result(session.submit(Prompt.of("bad"))).end()).isInstanceOf(AgentEvent.TurnBlocked.class);
        }
        try (EngineFixture f = fixture()) {
            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> f.open("s1").bypassGuard(Duration.ofSeconds(1), "admin", ""))
                    .withMessageContaining("guard-bypass-max is none");
        }
    }

    @Test
    void requiredGuardsWantAGuardAndAnAgentThatTellsOfItsCalls() {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> new EngineFixture(dir, "guard", "required").close())
                .withMessageContaining("hotplex-guard")
                .extracting(HotPlexException::code)
                .isEqualTo(ErrorCode.CONFIG_INVALID);
        try (EngineFixture f = fixture("guard", "required")) {
            f.open("s1");
            f.agents.capabilities.remove(Capability.TOOL_GUARD);

            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> f.open("s2"))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.NOT_SUPPORTED);
        }
    }

    @Test
    void secretsAreTakenOutOfEventsUnlessThatIsSwitchedOff() {
        String key = "ghp_" + "a1B2".repeat(9);
        for (boolean redacts : List.of(true, false)) {
            HotPlex builder = HotPlex.builder().secret("the-key-of-the-gateway");
            try (EngineFixture f = new EngineFixture(dir, builder, "redact-secrets", Boolean.toString(redacts))) {
                Session session = f.engine.open(f.spec("s-" + redacts)
                        .environment("APP_TOKEN", "swordfish-9")
                        .build());
                List<EventRecord> events = read(session);
                session.submit(Prompt.of("a"));
                f.agents
                        .process(1)
                        .expect("hello")
                        .say("ready")
                        .expect("prompt a")
                        .say("delta " + key + " end", "ask p1 echo the-key-of-the-gateway", "weird " + key);
                await().until(() -> !session.pendingRequests().isEmpty());
                await().until(() -> types(events).contains("raw"));

                assertThat(events.toString().contains(key)).isNotEqualTo(redacts);
                assertThat(session.pendingRequests().toString().contains("of-the-gateway"))
                        .isNotEqualTo(redacts);
                if (redacts) {
                    assertThatExceptionOfType(HotPlexException.class)
                            .isThrownBy(() -> session.answer(
                                    "p1",
                                    new PermissionAnswer.Allow(Scope.ONCE, Map.of("command", "echo [redacted]")),
                                    "test"))
                            .extracting(HotPlexException::code)
                            .isEqualTo(ErrorCode.INVALID_ARGUMENT);
                }
            }
        }
    }

    @Test
    void theSettingsReachTheGuards() {
        GuardConfig config = EngineConfig.fromProperties(Map.of(
                        "guard-default-rules", "false",
                        "guard-rules", "/r1,/r2",
                        "guard-roots", "/work",
                        "guard-outside-writes", "deny",
                        "guard-outside-reads", "ask",
                        "guard-hosts", "*.example.org,127.0.0.1"))
                .guardConfig();

        assertThat(config)
                .isEqualTo(new GuardConfig(
                        false,
                        List.of(Path.of("/r1"), Path.of("/r2")),
                        List.of(Path.of("/work")),
                        Action.DENY,
                        Action.ASK,
                        List.of("*.example.org", "127.0.0.1")));
    }

    @Test
    void theSameCallHasTheSamePrintAndNoOtherDoes() {
        String print = print(AgentEvent.ToolKind.EXECUTE, Map.of("command", "ls", "description", "a"));

        assertThat(print(AgentEvent.ToolKind.EXECUTE, Map.of("command", "ls", "description", "b")))
                .isEqualTo(print);
        assertThat(print(AgentEvent.ToolKind.EXECUTE, Map.of("command", "ls -a")))
                .isNotEqualTo(print);
        assertThat(print(AgentEvent.ToolKind.EXECUTE, Map.of("command", List.of("ls"))))
                .isNotEqualTo(print);
        assertThat(print(AgentEvent.ToolKind.OTHER, Map.of("title", "t", "description", "a")))
                .as("a description that a tool writes somewhere")
                .isNotEqualTo(print(AgentEvent.ToolKind.OTHER, Map.of("title", "t", "description", "b")));
    }

    private static String print(AgentEvent.ToolKind kind, Map<String, Object> input) {
        return CallPrint.of(new ToolCall("c", "Tool", kind, new java.util.LinkedHashMap<>(input)));
    }
}
