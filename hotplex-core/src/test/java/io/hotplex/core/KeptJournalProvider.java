package io.hotplex.core;

import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalProvider;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Opens journals of the kind {@code kept}, and remembers how. */
public final class KeptJournalProvider implements JournalProvider {
    static final List<JournalConfig> OPENED = new CopyOnWriteArrayList<>();

    @Override
    public Set<String> types() {
        return Set.of("kept");
    }

    @Override
    public Journal open(JournalConfig config) {
        OPENED.add(config);
        return new KeptJournal();
    }
}
