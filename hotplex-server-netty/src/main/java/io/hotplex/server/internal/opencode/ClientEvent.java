package io.hotplex.server.internal.opencode;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that OpenCode's clients are told of a session.
 *
 * @param session as clients know it; of a subagent its own
 * @param properties JSON values, which nobody changes any more
 */
record ClientEvent(String session, String id, String type, Map<String, @Nullable Object> properties) {}
