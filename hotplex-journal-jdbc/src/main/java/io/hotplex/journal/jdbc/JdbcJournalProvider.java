package io.hotplex.journal.jdbc;

import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalProvider;
import java.util.Set;

/** Opens journals of the kinds {@code sqlite} and {@code postgresql}. Thread-safe. */
public final class JdbcJournalProvider implements JournalProvider {
    /** For the service loader. */
    public JdbcJournalProvider() {}

    @Override
    public Set<String> types() {
        return Set.of("sqlite", "postgresql");
    }

    @Override
    public Journal open(JournalConfig config) {
        return JdbcJournal.open(config, Dialect.of(config));
    }
}
