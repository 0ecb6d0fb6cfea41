package io.hotplex.e2e.claude;

import static io.hotplex.e2e.claude.ClaudeRig.only;
import static io.hotplex.e2e.claude.ClaudeRig.pid;
import static io.hotplex.e2e.claude.ClaudeRig.read;
import static io.hotplex.e2e.claude.ClaudeRig.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.Session;
import io.hotplex.api.TurnResult;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the vendor's failures become. */
class FailuresIT extends RealClaude {
    FailuresIT(ClaudeVersion version) {
        super(version);
    }

    @Test
    void anOverloadedVendorIsAskedAgain() {
        Session session = rig.open(rig.engine(), "s1");
        List<EventRecord> records = read(session);

        TurnResult result = run(session, "ERROR 529 2 SAY 3");

        assertThat(result.text().strip()).isEqualTo("w1 w2 w3");
        assertThat(only(records, AgentEvent.Retrying.class))
                .extracting(AgentEvent.Retrying::attempt)
                .containsExactly(1, 2);
        assertThat(only(records, AgentEvent.Retrying.class))
                .extracting(AgentEvent.Retrying::status)
                .containsOnly(529);
    }

    @Test
    void rejectedCredentialsFailAtOnce() {
        Session session = rig.open(rig.engine(), "s1");
        read(session);

        TurnResult result = run(session, "ERROR 401");

        assertThat(result.code()).isEqualTo(ErrorCode.AUTHENTICATION_FAILED);
        assertThat(rig.asked()).hasSizeLessThanOrEqualTo(2);
        long pid = pid(session);
        assertThat(run(session, "SAY 1").completed())
                .as("the process stays hot")
                .isTrue();
        assertThat(pid(session)).isEqualTo(pid);
    }

    @Test
    void anUnknownModelFailsWithItsOwnCode() {
        Session session = rig.open(rig.engine(), "s1");

        TurnResult result = run(session, "ERROR 404");

        assertThat(result.code()).isEqualTo(ErrorCode.MODEL_NOT_FOUND);
        assertThat(run(session, "SAY 1").completed()).isTrue();
        assertThat(session.info().generation()).isEqualTo(1);
    }

    @Test
    void aVendorThatLimitsTheRateIsNamed() {
        Session session = rig.engine()
                .open(rig.spec("s1").environment("CLAUDE_CODE_MAX_RETRIES", "1").build());

        TurnResult result = run(session, "ERROR 429");

        assertThat(result.code()).isEqualTo(ErrorCode.RATE_LIMITED);
        assertThat(run(session, "SAY 1").completed()).isTrue();
    }

    @Test
    void aStreamThatBreaksIsTriedAgainAndTheAnswerIsWhole() {
        Session session = rig.open(rig.engine(), "s1");
        rig.model.enqueue("CUT SAY 9");

        TurnResult result = run(session, "SAY 4");

        assertThat(result.text().strip()).isEqualTo("w1 w2 w3 w4");
        assertThat(rig.asked()).hasSizeGreaterThan(1);
    }

    @Test
    void aVendorThatNeverAnswersTimesOutAndTheProcessStaysHot() {
        Session session = rig.open(rig.engine("first-output-timeout", "1s"), "s1");
        assertThat(run(session, "SAY 1").completed()).isTrue();
        long pid = pid(session);

        TurnResult result = run(session, "HANG");

        assertThat(result.code()).isEqualTo(ErrorCode.FIRST_OUTPUT_TIMEOUT);
        assertThat(run(session, "SAY 1").completed()).isTrue();
        assertThat(pid(session)).isEqualTo(pid);
    }
}
