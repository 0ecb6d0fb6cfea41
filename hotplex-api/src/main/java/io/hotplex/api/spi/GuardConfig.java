package io.hotplex.api.spi;

import java.nio.file.Path;
import java.util.List;

/**
 * What an engine's configuration says about guards.
 *
 * @param defaultRules whether the rules that come with a guard are used
 * @param rules files, or directories of files, with further rules
 * @param roots where tools may write besides the work directory
 * @param outsideWrites what becomes of calls that write elsewhere
 * @param outsideReads what becomes of calls that read outside of the work directory and the roots
 * @param hosts network destinations that tools may name, {@code *.example.org} for all below; empty for any
 */
public record GuardConfig(
        boolean defaultRules,
        List<Path> rules,
        List<Path> roots,
        ToolGuard.Action outsideWrites,
        ToolGuard.Action outsideReads,
        List<String> hosts) {
    public GuardConfig {
        rules = List.copyOf(rules);
        roots = List.copyOf(roots);
        hosts = List.copyOf(hosts);
    }
}
