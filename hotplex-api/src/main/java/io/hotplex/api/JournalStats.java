package io.hotplex.api;

import java.time.Duration;
import java.util.Objects;

/**
 * A journal at one moment.
 *
 * @param bytes about how many bytes the records have that it keeps
 * @param backlogBytes about how many bytes it has taken and not written yet; 0 when it writes nothing
 * @param lag how long that which is being written now waits to be; zero when nothing is. It grows while the journal
 *     cannot be written
 */
public record JournalStats(long bytes, long backlogBytes, Duration lag) {
    /** Of a journal that does not tell. */
    public static final JournalStats NONE = new JournalStats(0, 0, Duration.ZERO);

    public JournalStats {
        Objects.requireNonNull(lag, "lag");
    }
}
