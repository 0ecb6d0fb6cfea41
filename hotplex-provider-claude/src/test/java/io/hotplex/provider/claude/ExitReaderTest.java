package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExitReaderTest {
    private static final ExitStatus FAILED = new ExitStatus(1, null);

    private static ExitVerdict verdict(boolean ready, String... stderr) {
        return verdict(LaunchRequest.Mode.NEW, ready, false, stderr);
    }

    private static ExitVerdict verdict(LaunchRequest.Mode mode, boolean ready, boolean conversed, String... stderr) {
        return ExitReader.verdict(FAILED, List.of(stderr), new ExitReader.Life(mode, ready, conversed, false));
    }

    @Test
    void knowsTakenAndMissingConversations() {
        for (LaunchRequest.Mode mode : List.of(LaunchRequest.Mode.NEW, LaunchRequest.Mode.FORK)) {
            assertThat(verdict(mode, false, false, "Error: Session ID x is already in use.")
                            .kind())
                    .isEqualTo(ExitKind.SESSION_ID_TAKEN);
        }
        for (LaunchRequest.Mode mode : List.of(LaunchRequest.Mode.RESUME, LaunchRequest.Mode.FORK)) {
            assertThat(verdict(mode, true, false, "No conversation found with session ID: x")
                            .kind())
                    .isEqualTo(ExitKind.SESSION_NOT_FOUND);
        }
        ExitReader.Life life = new ExitReader.Life(LaunchRequest.Mode.RESUME, true, false, true);
        assertThat(ExitReader.verdict(FAILED, List.of(), life).kind()).isEqualTo(ExitKind.SESSION_NOT_FOUND);
    }

    @ParameterizedTest(name = "{0}, {1}: {2}")
    @CsvSource({
        "NEW, false, No conversation found with session ID: x",
        "NEW, true, No conversation found with session ID: x",
        "RESUME, true, No conversation found with session ID: x",
        "FORK, true, No conversation found with session ID: x",
        "RESUME, false, hook: No conversation found with session ID: x",
        "NEW, true, Error: Session ID x is already in use.",
        "RESUME, false, Session ID x is already in use.",
        "NEW, false, hook: Session ID x is already in use.",
        "NEW, false, Session ID x is already in use by the database",
    })
    void losesNoConversationByWhatOthersWrite(LaunchRequest.Mode mode, boolean conversed, String line) {
        assertThat(verdict(mode, true, conversed, line).kind()).isEqualTo(ExitKind.CRASH);
    }

    @Test
    void saysWhatToDoWhenPermissionsCannotBeSkippedAsRoot() {
        ExitVerdict refused = verdict(
                false, "--dangerously-skip-permissions cannot be used with root/sudo privileges for security reasons");

        assertThat(refused.kind()).isEqualTo(ExitKind.REFUSED);
        assertThat(refused.message()).contains("allow-permission-bypass", "IS_SANDBOX=1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ANTHROPIC_API_KEY=planted-1234",
                "token: planted-1234",
                "{\"client_secret\": \"planted-1234\"}",
                "DB_PASSWORD='planted-1234' failed",
                "Authorization: Bearer planted-1234.x",
                "sent Bearer planted-1234",
                "key sk-planted-1234",
                "ghp_planted12345678901234",
                "https://user:planted-1234@host/x",
            })
    void masksSecrets(String line) {
        String message = verdict(true, line).message();

        assertThat(message).contains("<masked>").doesNotContain("planted");
    }

    @Test
    void knowsRefusalsOfTheCommandLine() {
        ExitVerdict unknown = verdict(false, "error: unknown option '--x'");

        assertThat(unknown.kind()).isEqualTo(ExitKind.REFUSED);
        assertThat(unknown.message()).isEqualTo("error: unknown option '--x'");
        assertThat(verdict(true, "Error: something later").kind()).isEqualTo(ExitKind.CRASH);
    }

    @Test
    void showsOnlyWhatIsMeantForPeople() {
        ExitVerdict crash = verdict(
                true,
                "32882 | var a=function(){};",
                "      ^",
                "    at foo (bundle.js:1)",
                "Error in hook callback hook_5: 32882 | secret()",
                "key sk-ant-api03-abcdefghijkl rejected");

        assertThat(crash.message()).isEqualTo("Error in hook callback hook_5: …\nkey <masked> rejected");
        assertThat(crash.code()).isEqualTo(ErrorCode.AGENT_CRASHED);
        assertThat(verdict(true)).isEqualTo(ExitVerdict.CRASHED);
        assertThat(verdict(true, "Invalid API key · Please run /login").code())
                .isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
    }
}
