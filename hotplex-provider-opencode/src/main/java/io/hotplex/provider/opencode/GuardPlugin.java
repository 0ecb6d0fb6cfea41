package io.hotplex.provider.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;

/**
 * A plugin of OpenCode's that makes it ask also where it finds nothing to ask about. Stateless. It is a file, since
 * OpenCode loads nothing else.
 */
final class GuardPlugin {
    private static final String NAME = "guard.mjs";
    private static final byte[] CONTENT = content();

    private GuardPlugin() {}

    private static byte[] content() {
        try (InputStream in = GuardPlugin.class.getResourceAsStream(NAME)) {
            if (in == null) {
                throw new IllegalStateException(NAME + " is missing");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Where it is below OpenCode's own files. */
    static Path in(Path state) {
        return state.resolve("hotplex").resolve(NAME);
    }

    /**
     * Writes it down, unless it is there as it should be.
     *
     * @throws HotPlexException AGENT_START_FAILED
     */
    static void write(Path file) {
        try {
            if (Files.isRegularFile(file) && Arrays.equals(Files.readAllBytes(file), CONTENT)) {
                return;
            }
            Path directory = Files.createDirectories(file.toAbsolutePath().getParent());
            Path made = Files.createTempFile(directory, NAME, ".tmp");
            Files.write(made, CONTENT);
            Files.move(made, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.AGENT_START_FAILED,
                    "guard: OpenCode's plugin for it cannot be written to " + file + " (expected: a directory that may"
                            + " be written to; else guard=off)",
                    e);
        }
    }
}
