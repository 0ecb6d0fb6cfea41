package io.hotplex.core.internal.session;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;

/** Ids of conversations, which follow from the session's name, and of turns, which follow from time (RFC 9562). */
final class AgentIds {
    /** The name space for URLs of RFC 9562. */
    private static final UUID URL = UUID.fromString("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    private static final long VARIANT = 0x8000_0000_0000_0000L;

    /** Milliseconds and a counter of 12 bits, as the last turn id had them; static so that ids grow within the JVM. */
    private static final AtomicLong LAST_TICK = new AtomicLong();

    private AgentIds() {}

    /** The id of a session's conversation in its agent: the same for the same names, forever (UUIDv5). */
    static UUID conversation(String namespace, String sessionId) {
        byte[] name = (namespace + ":session:" + sessionId).getBytes(StandardCharsets.UTF_8);
        ByteBuffer hash = ByteBuffer.wrap(sha1().digest(ByteBuffer.allocate(16 + name.length)
                .putLong(URL.getMostSignificantBits())
                .putLong(URL.getLeastSignificantBits())
                .put(name)
                .array()));
        long high = (hash.getLong() & ~0xF000L) | 0x5000L;
        long low = (hash.getLong() & ~(3L << 62)) | VARIANT;
        return new UUID(high, low);
    }

    /** A new id for a turn; later ones sort after earlier ones (UUIDv7). */
    static UUID turn(long epochMillis) {
        long now = epochMillis << 12;
        long tick = LAST_TICK.updateAndGet(last -> Math.max(last + 1, now));
        long high = (tick >>> 12 << 16) | 0x7000L | (tick & 0xFFFL);
        long low = (ThreadLocalRandom.current().nextLong() >>> 2) | VARIANT;
        return new UUID(high, low);
    }

    private static MessageDigest sha1() {
        try {
            return MessageDigest.getInstance("SHA-1");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }
}
