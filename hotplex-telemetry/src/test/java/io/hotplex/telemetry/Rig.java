package io.hotplex.telemetry;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.SessionLog;
import io.hotplex.core.MemoryJournal;
import java.nio.file.Path;
import java.time.Instant;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A journal that telemetry reads, with a session in it; tells what an engine would. */
final class Rig implements AutoCloseable {
    static final Instant BEGIN = Instant.parse("2026-01-02T03:04:05Z");

    final Telemetry telemetry;
    private final MemoryJournal journal = new MemoryJournal(1 << 24, 1 << 22);

    Rig(Telemetry telemetry) {
        this.telemetry = telemetry;
        telemetry.reader().start(journal);
    }

    SessionLog open(String session, String provider) {
        return open(session, provider, log -> log);
    }

    /** @param seen what telemetry is given to read */
    SessionLog open(String session, String provider, UnaryOperator<SessionLog> seen) {
        SessionLog log = journal.open(session);
        telemetry
                .reader()
                .opened(
                        SessionSpec.builder(session, Path.of("/w"))
                                .provider(provider)
                                .build(),
                        seen.apply(log));
        telemetry.listener().onSessionOpened(session, provider);
        return log;
    }

    /** @param seconds after {@link #BEGIN} */
    void append(SessionLog log, @Nullable String turn, double seconds, AgentEvent event) {
        var record = log.append(turn, BEGIN.plusMillis((long) (seconds * 1000)), event);
        telemetry.reader().readable(record.sessionId(), record.offset());
    }

    String metrics() {
        return telemetry.metrics(telemetry.contentType(null));
    }

    @Override
    public void close() {
        telemetry.reader().close();
        journal.close();
    }
}
