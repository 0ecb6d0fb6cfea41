package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.AuditTrail;
import io.hotplex.server.internal.config.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** {@code hotplex audit verify}: whether audit trails are as they were written. */
final class AuditCommand {
    static final Set<String> FLAGS = Set.of("--debug", "--help");
    static final Set<String> VALUED = Set.of("--config", "--set");

    private final Surroundings surroundings;
    private final Lane out;

    AuditCommand(Surroundings surroundings, Lane out) {
        this.surroundings = surroundings;
        this.out = out;
    }

    /** Checks. The result is the exit code: 1 when a trail is not whole. */
    int run(Arguments arguments) {
        List<String> words = arguments.operands();
        if (words.isEmpty() || !words.get(0).equals("verify") || words.size() > 2) {
            throw new UsageException("audit takes verify [DIRECTORY]");
        }
        boolean whole = true;
        for (Path directory : words.size() == 2
                ? List.of(surroundings.directory().resolve(words.get(1)))
                : trails(Configured.settings(arguments, surroundings))) {
            whole &= verify(directory);
        }
        return whole ? ExitCode.OK : ExitCode.FAILED;
    }

    private static List<Path> trails(Settings settings) {
        List<Path> trails = new ArrayList<>();
        for (HookConfig hook : settings.hooks()) {
            if (hook.type().equals("audit")) {
                String directory = hook.text("directory");
                trails.add(
                        directory == null
                                ? settings.hooksDirectory().resolve(hook.name()).resolve("audit")
                                : Path.of(directory));
            }
        }
        if (trails.isEmpty()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT,
                    "no hook of type audit is configured (expected: one, or the directory of a trail)");
        }
        return trails;
    }

    private boolean verify(Path directory) {
        try {
            AuditTrail.Verdict verdict = AuditTrail.verify(directory);
            String problem = verdict.problem();
            out.line(directory + ": "
                    + (problem == null ? "whole; " : "BROKEN: " + problem + "; before that ")
                    + verdict.entries() + " entries"
                    + (verdict.entries() == 0
                            ? ""
                            : ", " + verdict.first() + " to " + verdict.last() + ", the last with hash "
                                    + verdict.lastHash()));
            return problem == null;
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, directory + ": the audit trail cannot be read: " + e.getMessage(), e);
        }
    }
}
