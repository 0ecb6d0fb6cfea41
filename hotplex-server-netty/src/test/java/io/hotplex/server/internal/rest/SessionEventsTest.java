package io.hotplex.server.internal.rest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Engine;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.Puppets;
import io.hotplex.server.internal.http.EventStream;
import io.hotplex.server.internal.sessions.Presence;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SessionEventsTest {
    @TempDir
    Path dir;

    /** Takes everything but a turn's end. */
    private static final class BrokenStream implements EventStream {
        volatile boolean ended;

        @Override
        public void send(String frames) {
            if (frames.contains("turn_completed")) {
                throw new IllegalStateException("broken");
            }
        }

        @Override
        public void send(String frames, Runnable written) {
            send(frames);
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void end() {
            ended = true;
        }

        @Override
        public Executor eventLoop() {
            return task -> {};
        }
    }

    @Test
    void aStreamThatCannotGoOnEndsSoThatItsReaderComesBack() {
        Puppets puppets = new Puppets();
        try (Engine engine = HotPlex.builder()
                .config(EngineConfig.fromProperties(
                        Map.of("state-directory", dir.resolve("state").toString())))
                .provider(puppets)
                .launcher(puppets)
                .build()) {
            Session session = engine.open(SessionSpec.builder("s1", dir).build());
            BrokenStream stream = new BrokenStream();
            new SessionEvents(session, 0, new Presence(false, Duration.ZERO), Duration.ofHours(1)).open(stream);

            session.submit(Prompt.of("say hi"));

            await().until(() -> stream.ended);
            assertThat(session.info().closed()).isFalse();
        }
    }
}
