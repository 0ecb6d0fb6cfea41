package io.hotplex.provider.claude;

import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Claude's permission modes. Immutable. */
final class PermissionModes {
    static final String BYPASS = "bypassPermissions";

    private static final Set<String> KNOWN =
            Set.of("default", "manual", "acceptEdits", "plan", "auto", "dontAsk", BYPASS);

    private PermissionModes() {}

    /** Why a mode must not be used, or {@code null}. Claude 2.1.197 itself accepts any word. */
    static @Nullable String problem(String mode, boolean bypassAllowed) {
        if (!KNOWN.contains(mode)) {
            return "permission mode of " + mode.length() + " characters is unknown (expected one of "
                    + new TreeSet<>(KNOWN) + ")";
        }
        return mode.equals(BYPASS) && !bypassAllowed
                ? "permission mode " + BYPASS + " lets every tool run unasked; the provider's setting"
                        + " allow-permission-bypass=true permits it"
                : null;
    }
}
