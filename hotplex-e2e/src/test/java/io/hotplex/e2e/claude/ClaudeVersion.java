package io.hotplex.e2e.claude;

import java.nio.file.Path;

/** The versions of Claude Code that the tests run against, as {@code package.json} pins them. */
enum ClaudeVersion {
    V2_1_197("claude-197", "2.1.197"),
    V2_1_330("claude-330", "2.1.330");

    /** The name under which npm installs it. */
    final String alias;

    final String number;

    ClaudeVersion(String alias, String number) {
        this.alias = alias;
        this.number = number;
    }

    /** The program; installed first when it has to be. */
    Path program() {
        return NodeModules.installed().claude(this);
    }

    @Override
    public String toString() {
        return number;
    }
}
