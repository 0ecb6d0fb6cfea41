package io.hotplex.provider.opencode;

import io.hotplex.api.spi.Isolation;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What sessions have to have in common to share a server. Their owner is part of it: what a server may do, each of its
 * sessions can make it do.
 *
 * @param session the session that has a server for itself, or {@code null}
 */
record ServerKey(
        List<String> command,
        List<String> inherit,
        Map<String, String> environment,
        Isolation isolation,
        String owner,
        @Nullable String session) {
    @Override
    public String toString() {
        return "ServerKey[" + owner + (session == null ? "" : ", " + session) + "]";
    }
}
