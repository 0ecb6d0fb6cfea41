package io.hotplex.core.internal.spi;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Passes calls on to several readers and keeps what they throw from the engine. Thread-safe. */
public final class GuardedReaders implements JournalReader {
    private static final Logger log = LoggerFactory.getLogger(GuardedReaders.class);

    private final JournalReader[] readers;

    public GuardedReaders(List<JournalReader> readers) {
        this.readers = readers.toArray(JournalReader[]::new);
    }

    @SuppressWarnings("IllegalCatch") // readers are foreign code
    private void each(Consumer<JournalReader> call) {
        for (JournalReader reader : readers) {
            try {
                call.accept(reader);
            } catch (Throwable e) {
                log.warn("reader {} failed", reader.getClass().getName(), e);
            }
        }
    }

    /** @throws HotPlexException when a reader cannot start; then those before it are to be closed */
    @Override
    @SuppressWarnings("IllegalCatch") // readers are foreign code
    public void start(Journal journal) {
        for (JournalReader reader : readers) {
            try {
                reader.start(journal);
            } catch (HotPlexException e) {
                throw e;
            } catch (Throwable e) {
                throw new HotPlexException(
                        ErrorCode.INTERNAL,
                        "reader " + reader.getClass().getName() + " cannot start: "
                                + e.getClass().getName(),
                        e);
            }
        }
    }

    @Override
    public void opened(SessionSpec spec, SessionLog sessionLog) {
        each(reader -> reader.opened(spec, sessionLog));
    }

    /** Once per record: with no reader it costs nothing. */
    @Override
    public void readable(String sessionId, long newest) {
        if (readers.length > 0) {
            each(reader -> reader.readable(sessionId, newest));
        }
    }

    @Override
    public void completed(String sessionId) {
        each(reader -> reader.completed(sessionId));
    }

    @Override
    public void deleting(String sessionId) {
        each(reader -> reader.deleting(sessionId));
    }

    @Override
    public void deleted(String sessionId) {
        each(reader -> reader.deleted(sessionId));
    }

    @Override
    public void close() {
        each(JournalReader::close);
    }
}
