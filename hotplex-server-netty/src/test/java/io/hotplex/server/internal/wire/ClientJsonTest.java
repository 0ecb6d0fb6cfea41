package io.hotplex.server.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClientJsonTest {
    /** More than Jackson takes by itself. */
    private static final int LONG = 20_000_001;

    @Test
    void aLongAttachmentIsReadWhicheverWayItComes() {
        String json = "{\"data\":\"" + "A".repeat(LONG) + "\"}";

        assertThat(ClientJson.object(json).path("data").textValue()).hasSize(LONG);
        assertThat(ClientJson.object(json.getBytes(StandardCharsets.UTF_8))
                        .path("data")
                        .textValue())
                .hasSize(LONG);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[1]", "\"secret\"", "{\"secret\":", "{} {}", "secret"})
    void whatIsNotOneObjectIsRefusedWithoutBeingQuoted(String text) {
        assertThatThrownBy(() -> ClientJson.object(text))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
                .hasMessageStartingWith("invalid JSON payload")
                .hasMessageNotContaining("secret")
                .hasNoCause();
    }

    @Test
    void whatIsNestedWithoutEndIsRefused() {
        assertThatThrownBy(() -> ClientJson.object("{\"a\":".repeat(5_000)))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }
}
