package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Makes up token counts as the API reports them, with a prompt cache that knows a conversation by its beginning.
 * Guarded by {@code lock}; forgets the oldest conversations.
 */
final class UsageMeter {
    private static final int CONVERSATIONS = 1_000;
    private static final int CHARS_PER_TOKEN = 4;
    private static final int UNCACHED_TOKENS = 3;

    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Set<UUID> known = new LinkedHashSet<>();

    static int tokens(String text) {
        return Math.max(1, (text.length() + CHARS_PER_TOKEN - 1) / CHARS_PER_TOKEN);
    }

    void reset() {
        lock.lock();
        try {
            known.clear();
        } finally {
            lock.unlock();
        }
    }

    /** The usage of a reply to this request, which is known as a conversation from now on. */
    ObjectNode measure(JsonNode body, int outputTokens) {
        JsonNode messages = body.path("messages");
        int last = messages.size() - 1;
        int fresh = tokens(last < 0 ? "" : messages.get(last).toString());
        int stable = tokens(body.path("system").toString() + body.path("tools")) + tokens(messages.toString()) - fresh;
        boolean cached = !remember(body.path("system"), messages.path(0));
        int created = cached ? fresh : stable + fresh;
        ObjectNode usage = JsonNodeFactory.instance.objectNode();
        usage.put("input_tokens", UNCACHED_TOKENS);
        usage.put("cache_creation_input_tokens", created);
        usage.put("cache_read_input_tokens", cached ? stable : 0);
        usage.putObject("cache_creation")
                .put("ephemeral_5m_input_tokens", created)
                .put("ephemeral_1h_input_tokens", 0);
        usage.put("output_tokens", outputTokens);
        usage.put("service_tier", "standard");
        return usage;
    }

    private boolean remember(JsonNode system, JsonNode firstMessage) {
        String beginning = withoutCacheMarks(system).toString() + withoutCacheMarks(firstMessage);
        UUID key = UUID.nameUUIDFromBytes(beginning.getBytes(StandardCharsets.UTF_8));
        lock.lock();
        try {
            if (known.size() >= CONVERSATIONS) {
                known.remove(known.iterator().next());
            }
            return known.add(key);
        } finally {
            lock.unlock();
        }
    }

    /** The CLI moves its cache marks from request to request. */
    private static JsonNode withoutCacheMarks(JsonNode node) {
        JsonNode copy = node.deepCopy();
        copy.findParents("cache_control").forEach(parent -> ((ObjectNode) parent).remove("cache_control"));
        return copy;
    }
}
