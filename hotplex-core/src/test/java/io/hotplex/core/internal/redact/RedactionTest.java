package io.hotplex.core.internal.redact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import io.hotplex.api.AgentEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Secrets do not get into events, in whatever pieces they come. */
class RedactionTest {
    private static final String KEY = "sk-ant-api03-" + "Ab3_".repeat(12);
    private static final String VALUE = "correct horse battery";
    private static final Secrets SECRETS = Secrets.of(List.of(VALUE, "short"));

    private final Redaction redaction = new Redaction(SECRETS);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ghp_aBcDeFgHiJkLmNoPqRsTuVwXyZ012345",
                "AKIAIOSFODNN7EXAMPLE",
                "glpat-aBcDeFgHiJkLmNoPqRsT",
                "xoxb-123456789012-abcdefghij",
                "AIzaSyA-1234567890abcdefghijklmnopqrstu",
                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVPmB92K27uhbUJU1p1r",
                "npm_aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789",
                "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----",
                "correct horse battery",
            })
    void whatLooksLikeASecretOrIsKnownIsTakenOut(String secret) {
        assertThat(redaction.text("it is " + secret + ", keep it")).isEqualTo("it is [redacted], keep it");
        assertThat(redaction.taken()).isEqualTo(1);
        assertThat(redaction.taken()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sk-ant-short",
                "task-list-of-things-that-are-longer-than-any-key-would-be",
                "the desk-ant-colony-is-a-long-word-but-no-key-at-all",
                "-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----",
                "shortly",
                "AKIA is a prefix",
                "",
            })
    void whatIsNoneStaysTheSameObject(String text) {
        assertThat(redaction.text(text)).isSameAs(text);
    }

    @Test
    void piecesOfAnySizeAddUpToTheTextWithoutTheSecret() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        String text = "first " + KEY + " then " + VALUE + "; ghp_" + "x9".repeat(20) + " and the rest of it.";
        for (int run = 0; run < 500; run++) {
            Redaction fresh = new Redaction(SECRETS);
            List<String> shown = new ArrayList<>();
            int at = 0;
            while (at < text.length()) {
                int end = Math.min(text.length(), at + 1 + random.nextInt(run % 7 == 0 ? 2 : 30));
                AgentEvent event = fresh.of(new AgentEvent.TextDelta("m", 0, text.substring(at, end), null));
                if (event instanceof AgentEvent.TextDelta delta) {
                    shown.add(delta.text());
                }
                at = end;
            }
            String joined = String.join("", shown);
            assertThat(joined)
                    .as("seed %d, run %d: %s", seed, run, shown)
                    .doesNotContain("Ab3_Ab3_", "horse battery", "x9x9x9")
                    .startsWith("first ")
                    .contains(" then ")
                    .endsWith("the rest of it.");
            assertThat(((AgentEvent.Text)
                                    java.util.Objects.requireNonNull(fresh.of(new AgentEvent.Text("m", 0, text, null))))
                            .text())
                    .isEqualTo("first [redacted] then [redacted]; [redacted] and the rest of it.");
        }
    }

    @Test
    void aPrivateKeyInPiecesIsTakenOutToItsEndAlsoWhileOthersWrite() {
        String key = "-----BEGIN OPENSSH PRIVATE KEY-----\n" + "b3BlbnNzaC1rZXk\n".repeat(60)
                + "-----END OPENSSH PRIVATE KEY-----";
        String text = "here: " + key + " and more";
        for (int size : List.of(1, 2, 7, 40, 200)) {
            Redaction fresh = new Redaction(SECRETS);
            StringBuilder shown = new StringBuilder();
            for (int at = 0; at < text.length(); at += size) {
                String piece = text.substring(at, Math.min(text.length(), at + size));
                AgentEvent event = fresh.of(new AgentEvent.TextDelta("m", 0, piece, null));
                shown.append(event instanceof AgentEvent.TextDelta delta ? delta.text() : "");
                assertThat(fresh.of(new AgentEvent.TextDelta("other", 0, "words ", "tool")))
                        .isNotNull();
            }
            assertThat(shown.toString())
                    .as("pieces of %d", size)
                    .doesNotContain("b3Blbn")
                    .startsWith("here: ")
                    .endsWith("[redacted] and more");
        }
    }

    @Test
    void linesThatBeginLikeKeysDoNotMakeEachOtherLookAtEverything() {
        String lines = "-----BEGIN CERTIFICATE-----\n".repeat(40_000) + "-----BEGIN ".repeat(100_000);

        assertTimeoutPreemptively(
                Duration.ofSeconds(20), () -> assertThat(redaction.text(lines)).isSameAs(lines));
        assertTimeoutPreemptively(
                Duration.ofSeconds(20),
                () -> assertThat(redaction.of(new AgentEvent.TextDelta("m", 0, lines, null)))
                        .isNotNull());
    }

    @Test
    void whatPeopleAnswerAndVendorsReportIsLookedAtAsWell() {
        for (AgentEvent event : List.<AgentEvent>of(
                new AgentEvent.QuestionAnswered("q", Map.of("key?", List.of(KEY)), "ann"),
                new AgentEvent.QuestionAsked(
                        "q",
                        null,
                        List.of(new AgentEvent.Question(
                                "is it " + KEY, KEY, List.of(new AgentEvent.Option(KEY, KEY)), false))),
                new AgentEvent.PermissionResolved("p", AgentEvent.Resolution.DENIED, "ann", "not with " + KEY),
                new AgentEvent.Retrying(1, 2, Duration.ZERO, 401, "bad key " + KEY),
                new AgentEvent.RateLimited("rejected", null, "for " + KEY))) {
            assertThat(String.valueOf(redaction.of(event)))
                    .doesNotContain("Ab3_Ab3_")
                    .contains("[redacted]");
        }
    }

    @Test
    void theLongestOfValuesThatBeginAlikeIsTakenOut() {
        Redaction two = new Redaction(Secrets.of(List.of("password", "password-of-prod")));

        assertThat(two.text("it is password-of-prod")).isEqualTo("it is [redacted]");
    }

    @Test
    void aPieceWithoutSecretsIsPassedOnAsItIs() {
        AgentEvent.TextDelta delta = new AgentEvent.TextDelta("m", 0, "hello ask", null);

        assertThat(redaction.of(delta)).isSameAs(delta);
    }

    @Test
    void aTokenWithoutEndIsNotKept() {
        StringBuilder shown = new StringBuilder();
        String token = "ghp_" + "a".repeat(20_000);
        for (int i = 0; i < token.length(); i += 100) {
            AgentEvent event = redaction.of(
                    new AgentEvent.TextDelta("m", 0, token.substring(i, Math.min(token.length(), i + 100)), null));
            shown.append(event instanceof AgentEvent.TextDelta delta ? delta.text() : "");
        }
        assertThat(shown.toString()).isEqualTo("[redacted]");
    }

    @Test
    void inputsOfToolsAreLookedAtInDepth() {
        AgentEvent event = redaction.of(new AgentEvent.ToolStarted(
                "t",
                "Bash",
                AgentEvent.ToolKind.EXECUTE,
                "echo " + KEY,
                Map.of("env", List.of(Map.of("K", KEY), "x")),
                List.of(),
                null));

        assertThat(String.valueOf(event)).doesNotContain("Ab3_Ab3_").contains("[redacted]");
    }

    @Test
    void variablesWithSuchNamesAreSecretAndOthersAreNot() {
        redaction.learn(Map.of(
                "MY_TOKEN", "very-secret-value",
                "EDITOR", "some-editor-name",
                "GIT_AUTHOR_NAME", "Jane Example",
                "KEY_FILE", "/path/to/key"));

        assertThat(redaction.text("very-secret-value some-editor-name Jane Example /path/to/key"))
                .isEqualTo("[redacted] some-editor-name Jane Example /path/to/key");
    }
}
