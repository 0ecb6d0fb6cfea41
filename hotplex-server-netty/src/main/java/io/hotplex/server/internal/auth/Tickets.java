package io.hotplex.server.internal.auth;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Base64;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * One-time stand-ins for a key, for the two requests of a browser that can carry none: they may lie in a URL, since
 * what is in a log tomorrow opens nothing. Guarded by its monitor; kept in order of expiry, at most so many.
 */
public final class Tickets {
    /** Time enough to open a connection. */
    public static final Duration LIFE = Duration.ofSeconds(30);

    private static final int MOST = 10_000;
    /** A page needs one for each connection that it opens; who hoards them must not keep others from theirs. */
    static final int MOST_OF_A_KEY = 100;

    private static final int BYTES = 32;

    private final LongSupplier ticker;
    private final SecureRandom random = new SecureRandom();
    /** By hash, so that looking one up tells nothing by its time. */
    private final Map<String, Ticket> open = new LinkedHashMap<>();

    /** @param ticker gives nanoseconds of some clock that does not jump */
    public Tickets(LongSupplier ticker) {
        this.ticker = ticker;
    }

    private record Ticket(ApiKey key, long issued) {}

    /**
     * A new ticket for who has a key.
     *
     * @throws HotPlexException TOO_MANY_REQUESTS when too many are waiting to be used
     */
    public synchronized String issue(ApiKey key) {
        forgetOld();
        if (open.size() >= MOST) {
            throw new HotPlexException(ErrorCode.TOO_MANY_REQUESTS, MOST + " tickets wait to be used: use those first");
        }
        if (open.values().stream()
                        .filter(ticket -> ticket.key().sha256().equals(key.sha256()))
                        .count()
                >= MOST_OF_A_KEY) {
            throw new HotPlexException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    MOST_OF_A_KEY + " tickets of this key wait to be used: use those first");
        }
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        String ticket = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        open.put(ApiKey.hash(ticket), new Ticket(key, ticker.getAsLong()));
        return ticket;
    }

    /** The key that a ticket stands for; then it is used up. */
    public synchronized Optional<ApiKey> redeem(String ticket) {
        forgetOld();
        Ticket found = open.remove(ApiKey.hash(ticket));
        return found == null ? Optional.empty() : Optional.of(found.key());
    }

    private void forgetOld() {
        Iterator<Ticket> oldest = open.values().iterator();
        while (oldest.hasNext() && ticker.getAsLong() - oldest.next().issued() > LIFE.toNanos()) {
            oldest.remove();
        }
    }
}
