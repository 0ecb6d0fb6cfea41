package io.hotplex.server.internal.opencode;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one conversation, the oldest first; so many of the newest are kept, whole. What was forgotten is in
 * the journal still. Not thread-safe.
 */
final class Transcript {
    /** Ten times of what a client asks for when it opens a session. */
    static final int MAX_MESSAGES = 1_000;

    /** Sixteen million characters are more than anyone reads, and a tool may say that much at once. */
    static final long MAX_CHARS = 16 << 20;

    private final Map<String, Message> messages = new LinkedHashMap<>();

    void add(Message message) {
        messages.put(message.id(), message);
        if (messages.size() > MAX_MESSAGES) {
            forgetOldest();
        }
    }

    /** Forgets what is too much; called at the end of a turn, whose messages stay. */
    void trim(int atLeast) {
        long chars = weight();
        while (chars > MAX_CHARS && messages.size() > atLeast) {
            chars -= messages.values().iterator().next().weight();
            forgetOldest();
        }
    }

    private void forgetOldest() {
        messages.remove(messages.keySet().iterator().next());
    }

    long weight() {
        return messages.values().stream().mapToLong(Message::weight).sum();
    }

    Collection<Message> all() {
        return messages.values();
    }

    @Nullable
    Message get(String id) {
        return messages.get(id);
    }

    /** The last thing that an agent said to a user's message; {@code null} when it said nothing. */
    @Nullable
    Message lastAnswer(String userMessage) {
        Message last = null;
        for (Message message : messages.values()) {
            if (userMessage.equals(message.parent())) {
                last = message;
            }
        }
        return last;
    }

    /** The messages that were begun until a time, as those of another session. */
    List<Object> before(long millis, String session) {
        return messages.values().stream()
                .filter(message -> message.created() <= millis)
                .map(message -> (Object) message.json(session))
                .toList();
    }

    /**
     * The newest messages, as clients get them.
     *
     * @param limit how many at most
     * @param before the id of a message; only older ones are wanted; {@code null} for the newest of all
     */
    List<Object> newest(String session, int limit, @Nullable String before) {
        List<Message> wanted = new ArrayList<>();
        for (Message message : messages.values()) {
            if (message.id().equals(before)) {
                break;
            }
            wanted.add(message);
        }
        return wanted.subList(Math.max(0, wanted.size() - limit), wanted.size()).stream()
                .map(message -> (Object) message.json(session))
                .toList();
    }
}
