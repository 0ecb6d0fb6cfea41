package io.hotplex.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.SessionLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who reads what all sessions write down is told of their beginning and their end, and is not left out in silence. */
class ReadersTest {
    @TempDir
    Path dir;

    @Test
    void aReaderThatCannotStartKeepsTheEngineFromOpening() {
        List<String> calls = new CopyOnWriteArrayList<>();
        JournalReader first = new JournalReader() {
            @Override
            public void start(Journal journal) {
                calls.add("start");
            }

            @Override
            public void close() {
                calls.add("close");
            }
        };
        JournalReader broken = new JournalReader() {
            @Override
            public void start(Journal journal) {
                throw new IllegalStateException("no place");
            }
        };

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() ->
                        new EngineFixture(dir, HotPlex.builder().reader(first).reader(broken)).close())
                .withMessageContaining("cannot start");
        assertThat(calls).containsExactly("start", "close");
    }

    @Test
    void aSessionThatIsDeletedCanBeReadOnceMoreAndNotBeOpenedMeanwhile() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        CountDownLatch read = new CountDownLatch(1);
        Map<String, SessionLog> logs = new ConcurrentHashMap<>();
        List<String> seen = new CopyOnWriteArrayList<>();
        JournalReader reader = new JournalReader() {
            @Override
            public void opened(SessionSpec spec, SessionLog log) {
                logs.put(spec.id(), log);
            }

            @Override
            public void deleting(String sessionId) {
                asked.countDown();
                await().until(() -> read.getCount() == 0);
                for (EventRecord record :
                        Objects.requireNonNull(logs.get(sessionId)).read(0, 100)) {
                    seen.add(record.event().type());
                }
            }

            @Override
            public void deleted(String sessionId) {
                seen.add("deleted");
            }
        };
        try (EngineFixture f = new EngineFixture(
                dir, HotPlex.builder().journal(new KeptJournal()).reader(reader))) {
            f.hot("s1");
            var deletion = f.engine.delete("s1").toCompletableFuture();
            assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

            assertThatExceptionOfType(HotPlexException.class)
                    .isThrownBy(() -> f.open("s1"))
                    .extracting(HotPlexException::code)
                    .isEqualTo(ErrorCode.SESSION_CONFLICT);
            read.countDown();
            deletion.get(10, TimeUnit.SECONDS);

            assertThat(seen).contains("turn_completed", "session_closed").endsWith("deleted");
            f.open("s1");
        }
    }
}
