package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WindowsCommandTest {
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            quoteCharacter = '\'',
            value = {
                "plain, plain",
                "a b, \"a b\"",
                "'', \"\"",
                "a\\b, a\\b",
                "a\\, a\\",
                "a b\\, \"a b\\\\\"",
                "a\"b, \"a\\\"b\"",
                "a\\\"b, \"a\\\\\\\"b\"",
                "a\\\\\"b, \"a\\\\\\\\\\\"b\"",
                "\\\\server\\x y, \"\\\\server\\x y\"",
                "%PATH%, %PATH%"
            })
    void quotesArgumentsAsProgramsUnquoteThem(String argument, String quoted) {
        assertThat(command("/bin/tool.exe", argument).line()).isEqualTo("\"/bin/tool.exe\" " + quoted);
    }

    @Test
    void quotesWhatSeparatesArguments() {
        assertThat(command("/t.exe", "a\tb", "a\nb").line()).isEqualTo("\"/t.exe\" \"a\tb\" \"a\nb\"");
    }

    @Test
    void refusesALineThatIsTooLong() {
        int room = WindowsCommand.MAX_LINE - "\"/t.exe\" ".length();

        assertThat(command("/t.exe", "x".repeat(room)).line()).hasSize(32_766);
        assertThatThrownBy(() -> command("/t.exe", "x".repeat(room + 1)))
                .hasMessageContaining(
                        "32767 characters (expected: at most 32766 on Windows); put long texts into files")
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
        LauncherContract.assertCode(() -> command("/t.cmd", "x".repeat(8192)), ErrorCode.INVALID_ARGUMENT);
    }

    @Test
    void runsBatchFilesWithTheCommandInterpreterOfWindows() {
        WindowsCommand command = command("/a b/tool.CMD", "a&b", "");

        assertThat(command.application()).isEqualTo("C:\\Win\\System32\\cmd.exe");
        assertThat(command.line())
                .isEqualTo("\"C:\\Win\\System32\\cmd.exe\" /d /e:on /v:off /s /c \"\"/a b/tool.CMD\" \"a&b\" \"\"\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"&calc", "%CMDCMDLINE:~-1%&calc", "!x!", "a\nb", "a\rb", "a\u001bb"})
    void refusesArgumentsThatTheCommandInterpreterCouldTakeForCommands(String argument) {
        assertThatThrownBy(() -> command("/tool.bat", "safe", argument))
                .hasMessageContaining("argument 2 cannot be passed safely to the batch file")
                .hasMessageNotContaining(argument)
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }

    @Test
    void refusesABatchFileWhosePathCouldBeTakenForCommands() {
        LauncherContract.assertCode(() -> command("/%x%/tool.cmd"), ErrorCode.INVALID_ARGUMENT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/tool.ps1", "/tool.bat.", "/tool.cmd ", "/tool.js", "/tool"})
    void runsNothingElse(String program) {
        LauncherContract.assertCode(() -> command(program), ErrorCode.PROVIDER_UNAVAILABLE);
    }

    @Test
    void doesNotPrintArguments() {
        assertThat(command("/t.exe", "secret")).hasToString("WindowsCommand[/t.exe]");
    }

    private static WindowsCommand command(String program, String... arguments) {
        List<String> command = new ArrayList<>(List.of(program));
        command.addAll(List.of(arguments));
        return WindowsCommand.of(
                new StartPlan(Path.of(program), command, Path.of("/"), Map.of("SystemRoot", "C:\\Win")));
    }
}
