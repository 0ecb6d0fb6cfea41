package io.hotplex.server.internal.opencode;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that OpenCode's clients are told of a session.
 *
 * @param session as clients know it; of a subagent its own
 * @param properties JSON values, which nobody changes any more
 * @param offset of the record that tells it in the session's journal; 0 for what is in none
 */
record ClientEvent(String session, String id, String type, Map<String, @Nullable Object> properties, long offset) {
    /** Something that no journal has. */
    static ClientEvent now(String session, String id, String type, Map<String, @Nullable Object> properties) {
        return new ClientEvent(session, id, type, properties, 0);
    }
}
