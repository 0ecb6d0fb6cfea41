package io.hotplex.e2e.claude;

import io.hotplex.e2e.NodeModules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The versions of Claude Code that the tests run against, as {@code package.json} pins them. */
public enum ClaudeVersion {
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
    public Path program() {
        Path modules = NodeModules.installed().packages();
        for (Path scope : List.of(
                modules.resolve(alias).resolve("node_modules/@anthropic-ai"), modules.resolve("@anthropic-ai"))) {
            if (Files.isDirectory(scope)) {
                for (Path found : platformPackages(scope)) {
                    if (isOf(found)) {
                        return found.resolve("claude");
                    }
                }
            }
        }
        throw new IllegalStateException(alias + " has no program for this platform in " + modules);
    }

    private static List<Path> platformPackages(Path scope) {
        try (Stream<Path> entries = Files.list(scope)) {
            return entries.filter(entry -> Files.isExecutable(entry.resolve("claude")))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private boolean isOf(Path found) {
        try {
            return Files.readString(found.resolve("package.json")).contains("\"version\": \"" + number + "\"");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return number;
    }
}
