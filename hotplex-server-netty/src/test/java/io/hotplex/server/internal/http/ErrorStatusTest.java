package io.hotplex.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ErrorCode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ErrorStatusTest {
    @ParameterizedTest
    @EnumSource
    void everyCodeHasARowThatAgreesWithItself(ErrorCode code) {
        ErrorStatus row = ErrorStatus.of(code);

        assertThat(row.http()).isBetween(400, 504);
        assertThat(row.close()).matches(close -> close > 1000 && close < 1016 || close >= 4400 && close < 4600);
        assertThat(row.retryAfter() != null).as("a time to wait").isEqualTo(code.retryable());
    }
}
