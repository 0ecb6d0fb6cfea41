package io.hotplex.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * An MCP server of the tests, {@code src/test/js/notes.mcp.mjs}, with the tools {@code save} and {@code find}; and
 * rules of a guard that deny the first by its name, and writing to files below a directory {@code frozen}.
 */
public final class Notes {
    /** The id of the rule that denies {@code save}. */
    public static final String NO_SAVING = "no-saving";

    /** The id of the rule that denies writing below {@code frozen}. */
    public static final String FROZEN = "frozen";

    private static final String RULES = """
            rules:
              - id: no-saving
                category: notes
                level: high
                decision: deny
                message: notes are read-only
                tools: [notes_save, mcp__notes__save]
                path: {glob: ['*']}
                examples: {match: [a.txt]}
              - id: frozen
                category: files
                level: high
                decision: deny
                message: this directory is frozen
                path: {glob: ['*/frozen/*'], access: [write]}
                examples: {match: [frozen/a.txt], pass: [a.txt]}
            """;

    private Notes() {}

    /** What Node.js runs. */
    public static Path program() {
        return NodeModules.installed().module().resolve("src/test/js/notes.mcp.mjs");
    }

    /** Writes the rules down. */
    public static Path rules(Path directory) {
        try {
            return Files.writeString(directory.resolve("notes.yaml"), RULES);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
