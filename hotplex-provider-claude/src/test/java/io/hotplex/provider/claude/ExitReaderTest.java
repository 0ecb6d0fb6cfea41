package io.hotplex.provider.claude;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.ExitStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class ExitReaderTest {
    private static final ExitStatus FAILED = new ExitStatus(1, null);

    private static ExitVerdict verdict(boolean ready, String... stderr) {
        return ExitReader.verdict(FAILED, List.of(stderr), ready, false);
    }

    @Test
    void knowsTakenAndMissingConversations() {
        assertThat(verdict(false, "Error: Session ID x is already in use.").kind())
                .isEqualTo(ExitKind.SESSION_ID_TAKEN);
        assertThat(verdict(false, "No conversation found with session ID: x").kind())
                .isEqualTo(ExitKind.SESSION_NOT_FOUND);
        assertThat(ExitReader.verdict(FAILED, List.of(), true, true).kind()).isEqualTo(ExitKind.SESSION_NOT_FOUND);
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

        assertThat(crash.message()).isEqualTo("Error in hook callback hook_5: …\nkey sk-… rejected");
        assertThat(crash.code()).isEqualTo(ErrorCode.AGENT_CRASHED);
        assertThat(verdict(true)).isEqualTo(ExitVerdict.CRASHED);
        assertThat(verdict(true, "Invalid API key · Please run /login").code())
                .isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
    }
}
