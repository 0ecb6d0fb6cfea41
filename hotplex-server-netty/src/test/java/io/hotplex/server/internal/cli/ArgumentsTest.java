package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArgumentsTest {
    @Test
    void readsFlagsValuesAndOperandsInAnyOrder() {
        Arguments arguments = parse("say", "--json", "--session", "a", "hello", "--set=x=y", "--set", "z=1");

        assertThat(arguments.operands()).containsExactly("say", "hello");
        assertThat(arguments.has("--json")).isTrue();
        assertThat(arguments.one("--session")).isEqualTo("a");
        assertThat(arguments.all("--set")).containsExactly("x=y", "z=1");
        assertThat(arguments.one("--model")).isNull();
    }

    @Test
    void takesEverythingAfterTwoDashesAsOperand() {
        assertThat(parse("--", "--json", "-").operands()).containsExactly("--json", "-");
    }

    @Test
    void takesASingleDashAsOperand() {
        assertThat(parse("-").operands()).containsExactly("-");
    }

    @ParameterizedTest
    @CsvSource({
        "--nope, --nope is not an option here",
        "-x, -x is not an option here",
        "--session, --session needs a value",
        "--json=yes, --json takes no value"
    })
    void refusesWhatItDoesNotUnderstand(String argument, String message) {
        assertThatThrownBy(() -> parse(argument))
                .isInstanceOf(UsageException.class)
                .hasMessage(message);
    }

    @Test
    void refusesAnOptionTwiceWhereOnlyOneCanCount() {
        Arguments arguments = parse("--session", "a", "--session", "b");

        assertThatThrownBy(() -> arguments.one("--session")).isInstanceOf(UsageException.class);
    }

    private static Arguments parse(String... arguments) {
        return Arguments.parse(List.of(arguments), Set.of("--json"), Set.of("--session", "--set", "--model"));
    }
}
