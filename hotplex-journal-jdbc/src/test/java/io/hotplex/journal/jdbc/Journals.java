package io.hotplex.journal.jdbc;

import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.api.spi.JournalConfig.Retention;
import java.nio.file.Path;
import java.time.Duration;
import org.awaitility.Awaitility;

/** Opens journals as tests need them. */
final class Journals {
    static final Retention ALL = new Retention(Duration.ofDays(36_500), 1L << 40, 1L << 40, 1L << 40);

    static { // most of what is waited for here takes less than a poll by default
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        Awaitility.setDefaultPollInterval(Duration.ofMillis(2));
    }

    private Journals() {}

    static JournalConfig sqlite(Path directory, Acknowledgement acknowledgement) {
        return new JournalConfig("sqlite", directory, null, false, acknowledgement, 1 << 20, 1 << 20, ALL);
    }

    static JournalConfig keeping(Path directory, Retention retention) {
        return new JournalConfig(
                "sqlite", directory, null, false, Acknowledgement.WRITTEN, 1 << 20, 1 << 20, retention);
    }

    static JournalConfig readOnly(Path directory) {
        return new JournalConfig("sqlite", directory, null, true, Acknowledgement.WRITTEN, 1 << 20, 1 << 20, ALL);
    }

    static Journal open(JournalConfig config) {
        return new JdbcJournalProvider().open(config);
    }
}
