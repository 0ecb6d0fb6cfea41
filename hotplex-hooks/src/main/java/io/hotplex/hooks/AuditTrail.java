package io.hotplex.hooks;

import io.hotplex.hooks.internal.audit.AuditCheck;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Tells whether an audit trail is as it was written. */
public final class AuditTrail {
    private AuditTrail() {}

    /**
     * What was found.
     *
     * @param entries how many entries are as they were written
     * @param first the number of the first one, 0 when there is none; more than 1 when older files were not kept
     * @param last the number of the last one, and its hash: who notes it elsewhere notices a trail that was cut off
     * @param problem where the trail is broken and how, or {@code null} when it is whole
     */
    public record Verdict(
            long entries,
            long first,
            long last,
            String lastHash,
            @Nullable String problem) {}

    /**
     * Reads the trail in a directory, which may be written to meanwhile.
     *
     * @throws IOException when there is none, or it cannot be read
     */
    public static Verdict verify(Path directory) throws IOException {
        AuditCheck check = AuditCheck.of(directory);
        return new Verdict(check.entries(), check.first(), check.last(), check.lastHash(), check.problem());
    }
}
