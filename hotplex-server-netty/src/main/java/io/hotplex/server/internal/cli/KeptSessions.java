package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig;
import io.hotplex.api.spi.JournalProvider;
import io.hotplex.api.spi.StoredSession;
import io.hotplex.core.EngineConfig;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Consumer;

/** The durable journal, for commands that look into it; an engine may write to it meanwhile. Confined. */
final class KeptSessions implements AutoCloseable {
    private static final int BATCH = 256;

    private final Journal journal;

    private KeptSessions(Journal journal) {
        this.journal = journal;
    }

    /** @param readOnly whether nothing is to be changed; otherwise no engine may use the journal */
    static KeptSessions open(EngineConfig engine, boolean readOnly) {
        JournalConfig config = engine.journalConfig();
        String type = config.type().equals("memory") ? "sqlite" : config.type(); // what is in memory nobody else sees
        for (JournalProvider provider : ServiceLoader.load(JournalProvider.class)) {
            if (provider.types().contains(type)) {
                return new KeptSessions(provider.open(new JournalConfig(
                        type,
                        config.directory(),
                        config.url(),
                        readOnly,
                        config.acknowledgement(),
                        config.backlogBytes(),
                        config.cacheBytes(),
                        config.retention())));
            }
        }
        throw new HotPlexException(ErrorCode.CONFIG_INVALID, "journal: '" + type + "' is not installed");
    }

    /** Those used last first. */
    List<StoredSession> list() {
        return journal.sessions().stream()
                .sorted(Comparator.comparing((StoredSession s) -> s.state().lastActivity())
                        .reversed())
                .toList();
    }

    /** @throws HotPlexException SESSION_NOT_FOUND */
    StoredSession get(String id) {
        return journal.session(id)
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.SESSION_NOT_FOUND,
                        "the journal has no session '" + id + "': see hotplex sessions list"));
    }

    /** All records of a session, in order. */
    void records(String id, Consumer<EventRecord> each) {
        long after = get(id).oldest() - 1;
        List<EventRecord> batch = journal.read(id, after, BATCH);
        while (!batch.isEmpty()) {
            batch.forEach(each);
            batch = journal.read(id, batch.get(batch.size() - 1).offset(), BATCH);
        }
    }

    void delete(String id) {
        get(id);
        journal.delete(id);
    }

    @Override
    public void close() {
        journal.close();
    }
}
