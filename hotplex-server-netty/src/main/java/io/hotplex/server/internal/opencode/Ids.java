package io.hotplex.server.internal.opencode;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Ids as OpenCode's clients expect them: a prefix, 12 digits of a number that grows with time, 14 characters that tell
 * ids of one number apart. Clients order by them. Those of sessions shrink with time: the newest comes first.
 */
final class Ids {
    /** How many numbers a millisecond has. */
    static final long PER_MILLI = 4096;

    private static final String DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private static final int TAIL = 14;
    private static final int NUMBER_DIGITS = 12;
    private static final long NUMBER_MASK = (1L << 4 * NUMBER_DIGITS) - 1;
    private static final Pattern NUMBERED = Pattern.compile("[a-z]{3}_([0-9a-f]{12})[0-9A-Za-z]{14}");
    private static final Pattern OF_CLIENT = Pattern.compile("(?:msg|prt)[A-Za-z0-9_-]{0,96}");

    /** Begins the id of a session that was opened by other ways than OpenCode's, before its own id. */
    private static final String FOREIGN_SESSION = "ses-";

    private static final String SESSION = "ses_";
    private static final String SUBAGENT = "~";

    private static final AtomicLong LAST = new AtomicLong();

    private Ids() {}

    /** An id that is always the same for the same number and seed. */
    static String of(String prefix, long number, String seed) {
        byte[] hash = sha256(seed);
        StringBuilder id = new StringBuilder(prefix).append('_').append(number(number));
        for (int i = 0; i < TAIL; i++) {
            id.append(DIGITS.charAt((hash[i] & 0xff) % DIGITS.length()));
        }
        return id.toString();
    }

    /** An id of now that nothing else has. */
    static String fresh(String prefix, Instant now) {
        long first = now.toEpochMilli() * PER_MILLI + 1;
        long number = LAST.updateAndGet(last -> Math.max(last + 1, first));
        ThreadLocalRandom random = ThreadLocalRandom.current();
        return of(prefix, number, Long.toHexString(random.nextLong()) + Long.toHexString(random.nextLong()));
    }

    /** The id of a session that is opened now. */
    static String freshSession(Instant now) {
        String ascending = fresh("ses", now);
        long number = Long.parseLong(ascending.substring(SESSION.length(), SESSION.length() + NUMBER_DIGITS), 16);
        return SESSION + number(~number) + ascending.substring(SESSION.length() + NUMBER_DIGITS);
    }

    /**
     * The number within an id; 0 where it has none. An id has the lower part of its number only, which comes again
     * after two years.
     *
     * @param near a time in the same two years
     */
    static long numberOf(String id, Instant near) {
        var matcher = NUMBERED.matcher(id);
        return matcher.matches() ? whole(Long.parseLong(Objects.requireNonNull(matcher.group(1)), 16), near) : 0;
    }

    /** When a session of {@link #freshSession} was made; {@code null} for others. */
    static @Nullable Instant madeAt(String sessionId, Instant near) {
        var matcher = NUMBERED.matcher(sessionId);
        if (!matcher.matches() || !sessionId.startsWith(SESSION)) {
            return null;
        }
        long number = ~Long.parseLong(Objects.requireNonNull(matcher.group(1)), 16) & NUMBER_MASK;
        return Instant.ofEpochMilli(whole(number, near) / PER_MILLI);
    }

    private static long whole(long lower, Instant near) {
        long reference = near.toEpochMilli() * PER_MILLI;
        long number = reference & ~NUMBER_MASK | lower;
        long half = (NUMBER_MASK + 1) / 2;
        return number > reference + half
                ? number - NUMBER_MASK - 1
                : number < reference - half ? number + NUMBER_MASK + 1 : number;
    }

    /** Whether a client may give this id to a message or a part. */
    static boolean mayBeGiven(String id, String prefix) {
        return id.startsWith(prefix) && OF_CLIENT.matcher(id).matches();
    }

    /**
     * How clients know a session: by its own id where that looks like one of theirs. Nothing is remembered for it, and
     * no two sessions get the same one.
     */
    static String shown(String sessionId) {
        return sessionId.startsWith(SESSION) ? sessionId : FOREIGN_SESSION + sessionId;
    }

    /** The session that a client means; a subagent's is that of its agent. */
    static String sessionOf(String shown) {
        int sub = shown.indexOf(SUBAGENT);
        String root = sub < 0 ? shown : shown.substring(0, sub);
        return root.startsWith(FOREIGN_SESSION) ? root.substring(FOREIGN_SESSION.length()) : root;
    }

    /** The session of a subagent: clients see each as a session of its own. */
    static String subagent(String shownSession, String toolId) {
        byte[] hash = sha256(toolId);
        StringBuilder id = new StringBuilder(shownSession).append(SUBAGENT);
        for (int i = 0; i < TAIL; i++) {
            id.append(DIGITS.charAt((hash[i] & 0xff) % DIGITS.length()));
        }
        return id.toString();
    }

    /** Whether a client means the session of a subagent. */
    static boolean isSubagent(String shown) {
        return shown.contains(SUBAGENT);
    }

    private static String number(long number) {
        String hex = Long.toHexString(number & NUMBER_MASK);
        return "0".repeat(NUMBER_DIGITS - hex.length()) + hex;
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Numbers that grow, whatever the clock does. Not thread-safe. */
    static final class Sequence {
        private long last;

        /** The next one, not before a time. */
        long next(Instant time) {
            last = Math.max(last + 1, time.toEpochMilli() * PER_MILLI + 1);
            return last;
        }

        /** The next one. */
        long next() {
            return ++last;
        }

        /** Nothing before a number any more. */
        void after(long number) {
            last = Math.max(last, number);
        }
    }
}
