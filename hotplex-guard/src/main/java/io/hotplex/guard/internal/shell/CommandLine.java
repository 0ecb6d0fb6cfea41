package io.hotplex.guard.internal.shell;

import java.util.List;

/**
 * What a command runs, as far as it can be known without running it. Immutable.
 *
 * @param invocations every program, also those inside of others' arguments: {@code sudo rm} has two
 * @param complete whether all of it was read; not so for what is longer or deeper nested than people write
 */
public record CommandLine(List<Invocation> invocations, boolean complete) {
    public CommandLine {
        invocations = List.copyOf(invocations);
    }

    /** What a command for {@code sh} and its relatives runs. Never throws. */
    public static CommandLine ofShell(String text) {
        return new ShellReader(new Budget()).read(text);
    }

    /** What a command for PowerShell or {@code cmd} runs. Never throws. */
    public static CommandLine ofPowerShell(String text) {
        return new PowerShellReader(new Budget()).read(text);
    }
}
