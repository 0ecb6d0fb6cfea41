package io.hotplex.e2e.claude;

import io.hotplex.e2e.NodeModules;
import java.nio.file.Path;

/** The versions of Claude Code that the tests run against, as {@code package.json} pins them. */
public enum ClaudeVersion {
    V2_1_197("2.1.197"),
    V2_1_330("2.1.330");

    final String number;

    ClaudeVersion(String number) {
        this.number = number;
    }

    /** The program; installed first when it has to be. */
    public Path program() {
        NodeModules modules = NodeModules.installed();
        return modules.agents()
                .claude(number)
                .orElseThrow(() -> new IllegalStateException(
                        "Claude Code " + number + " has no program for this platform in " + modules.packages()));
    }

    @Override
    public String toString() {
        return number;
    }
}
