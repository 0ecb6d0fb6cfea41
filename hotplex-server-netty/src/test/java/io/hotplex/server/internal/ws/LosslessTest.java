package io.hotplex.server.internal.ws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.api.Session;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A burst of deltas reaches readers of every kind whole, in order and once, and holds no memory for the slow. No reader
 * sleeps: one that takes 2 ms for an event acknowledges an event when its own clock has gone on by 2 ms, one that
 * stalls is not writable. In full size with {@code -Dhotplex.full=true}.
 */
@Timeout(600)
class LosslessTest {
    private static final boolean FULL = Boolean.getBoolean("hotplex.full");
    private static final int DELTAS = FULL ? 50_001 : 2_001;
    private static final int RECONNECTS = FULL ? 1_000 : 20;
    private static final int READERS = FULL ? 20 : 4;
    /** session_started, turn_started, the deltas, turn_completed. */
    private static final long LAST = 3L + DELTAS;

    @TempDir
    Path dir;

    @Test
    void aReaderThatTakesTwoMillisecondsForEachEventGetsAll() {
        try (Rig rig = new Rig(dir, "merge-backlog", "1000000000")) {
            FakeSocket socket = rig.v2(Rig.ANN);
            rig.open(socket, "s1");
            int window = 64;
            socket.say("{'type':'attach','session':'s1','after':0,'window':" + window + "}");
            socket.next("type", "attached");
            socket.say("{'type':'prompt','session':'s1','text':'burst " + DELTAS + "'}");
            Reader reader = new Reader();

            long clockMillis = 0;
            int most = 0;
            while (reader.last < LAST) {
                int held = reader.take(nextEvents(socket));
                for (int i = 0; i < held; i++) {
                    clockMillis += 2;
                }
                most = Math.max(most, socket.sent.size());
                socket.say("{'type':'ack','session':'s1','offset':" + reader.last + "}");
            }

            assertThat(reader.text).hasSize(DELTAS);
            assertThat(clockMillis).as("one by one").isEqualTo(2 * LAST);
            assertThat(most).as("frames that waited for the reader").isLessThanOrEqualTo(window);
        }
    }

    @Test
    void aReaderThatStallsGetsAllWhenItGoesOn() {
        try (Rig rig = new Rig(dir)) {
            FakeSocket socket = rig.attached("s1");
            Reader reader = new Reader();
            socket.writable = false;
            socket.say("{'type':'prompt','session':'s1','text':'burst " + DELTAS + "'}");
            socket.next("type", "accepted");
            Session session = rig.engine.session("s1").orElseThrow();
            await().until(() -> session.info().newestOffset() == LAST);
            int waiting = socket.sent.size();

            while (reader.last < LAST) {
                await().pollDelay(Duration.ZERO).until(() -> tookSome(socket));
                reader.take(nextEvents(socket));
            }

            assertThat(waiting).as("frames that waited while it stalled").isLessThanOrEqualTo(2);
            assertThat(reader.text).hasSize(DELTAS);
        }
    }

    @Test
    void readersThatDropAndComeBackAtRandomOffsetsGetAllOnce() throws InterruptedException {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        try (Rig rig = new Rig(dir)) {
            FakeSocket first = rig.attached("s1");
            first.say("{'type':'prompt','session':'s1','text':'hold'}");
            first.leave();
            List<Thread> threads = new ArrayList<>();
            List<String> texts = new java.util.concurrent.CopyOnWriteArrayList<>();
            List<Throwable> failures = new java.util.concurrent.CopyOnWriteArrayList<>();
            for (int i = 0; i < READERS; i++) {
                Random random = new Random(seed + i);
                Thread thread = new Thread(() -> {
                    try {
                        texts.add(readWithDrops(rig, random));
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            Random pace = new Random(seed);
            for (int said = 0; said < DELTAS; ) {
                int more = Math.min(DELTAS - said, 1 + pace.nextInt(200));
                rig.puppets.tell("deltas " + more);
                said += more;
            }
            rig.puppets.tell("burst 0");
            for (Thread thread : threads) {
                thread.join(TimeUnit.MINUTES.toMillis(9));
            }

            assertThat(failures).as("seed " + seed).isEmpty();
            assertThat(texts).as("seed " + seed).hasSize(READERS).allMatch(text -> text.length() == DELTAS);
        }
    }

    /** Lets the socket take something; that may be over before anybody sees it, as it never is with a real one. */
    private static boolean tookSome(FakeSocket socket) {
        socket.drain();
        socket.writable = false;
        return !socket.sent.isEmpty();
    }

    /**
     * Reads the whole session, over as many connections as it takes; forgets at each drop what came after its cursor.
     */
    private static String readWithDrops(Rig rig, Random random) {
        Reader reader = new Reader();
        for (int connection = 0; reader.last < LAST; connection++) {
            FakeSocket socket = rig.v2(Rig.ANN);
            socket.say("{'type':'attach','session':'s1','after':" + reader.last + ",'window':512}");
            socket.next("type", "attached");
            boolean drops = connection < RECONNECTS;
            long until = drops ? reader.last + random.nextInt(1 + 3 * DELTAS / RECONNECTS) : LAST;
            while (reader.last < Math.min(until, LAST)) {
                reader.take(nextEvents(socket));
                socket.say("{'type':'ack','session':'s1','offset':" + reader.last + "}");
            }
            socket.leave();
        }
        return reader.text.toString();
    }

    private static JsonNode nextEvents(FakeSocket socket) {
        return socket.next("type", "events").path("events");
    }

    /** Checks that each record begins where the last one ended. */
    private static final class Reader {
        private final StringBuilder text = new StringBuilder();
        private long last;

        /** Takes events in; returns for how many offsets they stand. */
        int take(JsonNode events) {
            long before = last;
            for (JsonNode event : events) {
                long offset = event.path("offset").asLong();
                assertThat(event.path("first_offset").asLong(offset)).isEqualTo(last + 1);
                last = offset;
                if (event.path("type").asText().equals("text_delta")) {
                    text.append(event.path("data").path("text").asText());
                }
            }
            return (int) (last - before);
        }
    }
}
