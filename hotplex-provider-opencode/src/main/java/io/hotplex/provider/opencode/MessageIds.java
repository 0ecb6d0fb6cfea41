package io.hotplex.provider.opencode;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.UUID;
import java.util.function.LongSupplier;

/**
 * Makes ids of messages as OpenCode makes them: they grow with time, since OpenCode tells by them whether a prompt has
 * its answer. Confined to its protocol's caller.
 */
final class MessageIds {
    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int TAIL = 14;
    /** How many ids a millisecond has room for. */
    private static final long PER_MILLI = 4096;

    private static final long BITS = 0xffff_ffff_ffffL;

    private final LongSupplier millis;
    private long last;

    /** @param millis the wall clock */
    MessageIds(LongSupplier millis) {
        this.millis = millis;
    }

    /** The next id; the same turn at the same time gets the same. */
    String next(String turnId) {
        last = Math.max(last + 1, millis.getAsLong() * PER_MILLI + 1);
        return String.format(Locale.ROOT, "msg_%012x", last & BITS) + tail(turnId);
    }

    private static String tail(String turnId) {
        UUID hash = UUID.nameUUIDFromBytes(turnId.getBytes(StandardCharsets.UTF_8));
        BigInteger number = new BigInteger(hash.toString().replace("-", ""), 16);
        BigInteger base = BigInteger.valueOf(DIGITS.length());
        StringBuilder tail = new StringBuilder(TAIL);
        for (int i = 0; i < TAIL; i++) {
            BigInteger[] parts = number.divideAndRemainder(base);
            tail.append(DIGITS.charAt(parts[1].intValue()));
            number = parts[0];
        }
        return tail.toString();
    }
}
