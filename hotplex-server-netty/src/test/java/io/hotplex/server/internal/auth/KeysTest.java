package io.hotplex.server.internal.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.KeyConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeysTest {
    private static final String SECRET = "a-secret-of-some-length";

    @TempDir
    Path directory;

    @Test
    void aSecretComesFromAHashAVariableOrAFile() throws IOException {
        Path file = Files.writeString(directory.resolve("secret"), "in-a-file-" + SECRET + "\n");
        KeyRing ring = new KeyRing(Keys.of(
                List.of(
                        key("hashed", "sha256", ApiKey.hash(SECRET)),
                        key("variable", "env", "CI_KEY"),
                        key("mounted", "file", file.toString())),
                Map.of("CI_KEY", "in-a-variable-" + SECRET)));

        assertThat(ring.find(SECRET).orElseThrow().principal().keyId()).isEqualTo("hashed");
        assertThat(ring.find("in-a-variable-" + SECRET)
                        .orElseThrow()
                        .principal()
                        .owner())
                .isEqualTo("variable");
        assertThat(ring.find("in-a-file-" + SECRET)).isPresent();
        assertThat(ring.find("other")).isEmpty();
        assertThat(ring.find("")).isEmpty();
    }

    @Test
    void takesOwnerScopesAndQuota() {
        KeyConfig config = KeyConfig.fromProperties(
                "ci",
                Map.of(
                        "sha256", ApiKey.hash(SECRET),
                        "owner", "team",
                        "scopes", "session:read",
                        "requests-per-second", "7",
                        "max-sessions", "8",
                        "max-turns", "9"));

        ApiKey key = Keys.of(List.of(config), Map.of()).get(0);

        assertThat(key.principal()).isEqualTo(new Principal("team", java.util.Set.of(Scope.SESSION_READ), "ci"));
        assertThat(key.quota()).isEqualTo(new Quota(7, 8, 9));
        assertThat(key + config.toString()).doesNotContain(ApiKey.hash(SECRET));
    }

    @Test
    void whoMayWriteMayApproveUnlessThatIsSwitchedOff() {
        assertThat(scopes("session:write", "true"))
                .containsExactlyInAnyOrder(Scope.SESSION_WRITE, Scope.SESSION_APPROVE);
        assertThat(scopes("session:write", "false")).containsExactly(Scope.SESSION_WRITE);
        assertThat(scopes("session:read", "true")).containsExactly(Scope.SESSION_READ);
        assertThat(scopes("session:approve", "false")).containsExactly(Scope.SESSION_APPROVE);
    }

    private static java.util.Set<Scope> scopes(String scopes, String approves) {
        KeyConfig config = KeyConfig.fromProperties(
                "ci", Map.of("sha256", ApiKey.hash(SECRET), "scopes", scopes, "approves", approves));
        return Keys.of(List.of(config), Map.of()).get(0).principal().scopes();
    }

    @Test
    void readsTheVariablesOfTheGoVersion() {
        List<ApiKey> one = Keys.of(List.of(), Map.of("HOTPLEX_API_KEY", SECRET));
        List<ApiKey> several = Keys.of(
                List.of(),
                Map.of("HOTPLEX_API_KEY", "loses", "HOTPLEX_API_KEYS", "first-" + SECRET + ", second-" + SECRET));

        assertThat(one).extracting(key -> key.principal().owner()).containsExactly("local");
        assertThat(several)
                .extracting(
                        key -> key.principal().owner(), key -> key.principal().may(Scope.ADMIN))
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(ownerOf("first-" + SECRET), true),
                        org.assertj.core.groups.Tuple.tuple(ownerOf("second-" + SECRET), false));
    }

    private static String ownerOf(String secret) {
        return "env-" + ApiKey.hash(secret).substring(0, 12);
    }

    @Test
    void theOwnerOfAListedKeyDoesNotChangeWithItsPlace() {
        List<ApiKey> rotated = Keys.of(List.of(), Map.of("HOTPLEX_API_KEYS", "new-" + SECRET + ",second-" + SECRET));

        assertThat(rotated.get(1).principal().owner()).isEqualTo(ownerOf("second-" + SECRET));
    }

    @Test
    void refusesASecretOrANameThatIsThereTwice() {
        assertThatThrownBy(() -> Keys.of(List.of(key("a", "env", "A"), key("b", "env", "A")), Map.of("A", SECRET)))
                .hasMessageContaining("the keys a and b have the same secret")
                .hasMessageNotContaining(SECRET);
        assertThatThrownBy(() -> Keys.of(List.of(), Map.of("HOTPLEX_API_KEYS", SECRET + "," + SECRET)))
                .hasMessageContaining("the same secret");
        assertThatThrownBy(() ->
                        Keys.of(List.of(key("env", "sha256", ApiKey.hash("x"))), Map.of("HOTPLEX_API_KEY", SECRET)))
                .hasMessageContaining("two keys are named env")
                .hasMessageContaining("server.keys.env");
    }

    @Test
    void aKeyThatIsGoneHasNoQuota() {
        ApiKey key = Keys.everything("k", "me", SECRET);
        KeyRing ring = new KeyRing(List.of(key));
        assertThat(ring.quota(key.principal())).isEqualTo(Quota.UNLIMITED);
        assertThat(ring.holds(key)).isTrue();

        ring.replace(List.of(Keys.everything("k", "me", "another-" + SECRET)));
        assertThat(ring.holds(key)).as("another secret under its name").isFalse();
        ring.replace(List.of());
        assertThatThrownBy(() -> ring.quota(key.principal()))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNAUTHENTICATED));
    }

    @Test
    void refusesSecretsThatAreMissingOrShort() {
        assertThatThrownBy(() -> Keys.of(List.of(key("ci", "env", "NOT_SET")), Map.of()))
                .hasMessageContaining("server.keys.ci: the variable NOT_SET is not there");
        assertThatThrownBy(() -> Keys.of(List.of(), Map.of("HOTPLEX_API_KEY", "short")))
                .hasMessageContaining("too short")
                .hasMessageNotContaining("'short'");
    }

    @Test
    void makesATokenOnceForItsOwnerAlone() throws IOException {
        String token = TokenFile.readOrMake(directory.resolve("state"));
        Path file = TokenFile.in(directory.resolve("state"));

        assertThat(token).hasSizeGreaterThan(40);
        assertThat(TokenFile.readOrMake(directory.resolve("state"))).isEqualTo(token);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThatThrownBy(() -> TokenFile.readOrMake(directory.resolve("state")))
                .hasMessageContaining("can be read by others");
    }

    @Test
    void aTicketOpensOnceAndNotForLong() {
        AtomicLong now = new AtomicLong();
        Tickets tickets = new Tickets(now::get);
        ApiKey key = Keys.everything("k", "me", SECRET);

        String ticket = tickets.issue(key);
        String late = tickets.issue(key);

        assertThat(tickets.redeem(ticket)).contains(key);
        assertThat(tickets.redeem(ticket)).isEmpty();
        now.addAndGet(Tickets.LIFE.plus(Duration.ofMillis(1)).toNanos());
        assertThat(tickets.redeem(late)).isEmpty();
    }

    @Test
    void whoHoardsTicketsKeepsNobodyElseFromTheirs() {
        Tickets tickets = new Tickets(() -> 0);
        ApiKey key = Keys.everything("k", "me", SECRET);
        for (int i = 0; i < Tickets.MOST_OF_A_KEY; i++) {
            tickets.issue(key);
        }

        assertThatThrownBy(() -> tickets.issue(key)).hasMessageContaining("tickets of this key wait");
        assertThat(tickets.issue(Keys.everything("other", "you", "another-" + SECRET)))
                .isNotEmpty();
    }

    private static KeyConfig key(String id, String source, String value) {
        return KeyConfig.fromProperties(id, Map.of(source, value));
    }
}
