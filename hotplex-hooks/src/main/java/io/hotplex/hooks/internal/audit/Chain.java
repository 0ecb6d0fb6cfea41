package io.hotplex.hooks.internal.audit;

import io.hotplex.hooks.internal.delivery.HookJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The form of an entry: one line of JSON that begins with its number, ends with the hash of the entry before it and its
 * own. An entry's hash is the SHA-256 of its line as it would be without the hash, so it covers all entries before it.
 */
final class Chain {
    /** What comes before the first entry. */
    static final String START = "0".repeat(64);

    private static final int HASH_LENGTH = 64;
    private static final String HASH = ",\"hash\":\"";
    private static final String END = "\"}";

    private Chain() {}

    /** An entry that was read. */
    record Link(long number, String id, String previous, String hash) {}

    /** The line of an entry, without its end. */
    static String line(long number, Map<String, @Nullable Object> event, String previous) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("seq", number);
        map.putAll(event);
        map.put("prev", previous);
        String body = new String(HookJson.bytes(map), StandardCharsets.UTF_8);
        return body.substring(0, body.length() - 1) + HASH + hash(body) + END;
    }

    /** The hash of a line that was made by {@link #line}. */
    static String hashOf(String line) {
        return line.substring(line.length() - END.length() - HASH_LENGTH, line.length() - END.length());
    }

    /** @throws IOException when the line is no entry, or is not as it was written */
    static Link read(String line) throws IOException {
        int tail = HASH.length() + HASH_LENGTH + END.length();
        int cut = line.length() - tail;
        if (cut < 0 || !line.startsWith(HASH, cut) || !line.endsWith(END)) {
            throw new IOException("it is not an entry");
        }
        String body = line.substring(0, cut) + "}";
        String hash = hashOf(line);
        if (!hash(body).equals(hash)) {
            throw new IOException("it was changed after it was written");
        }
        Map<String, @Nullable Object> map = HookJson.read(body.getBytes(StandardCharsets.UTF_8));
        if (map.get("seq") instanceof Number number && map.get("prev") instanceof String previous) {
            return new Link(number.longValue(), String.valueOf(map.get("id")), previous, hash);
        }
        throw new IOException("it has no number");
    }

    private static String hash(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
