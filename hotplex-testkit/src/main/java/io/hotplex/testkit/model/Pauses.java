package io.hotplex.testkit.model;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits that the end of the server ends as well. Thread-safe. */
final class Pauses {
    private final CountDownLatch serverCloses;

    Pauses(CountDownLatch serverCloses) {
        this.serverCloses = serverCloses;
    }

    /** @throws IOException when the server closes meanwhile */
    void pause(Duration duration) throws IOException, InterruptedException {
        if (!duration.isZero() && serverCloses.await(duration.toMillis(), TimeUnit.MILLISECONDS)) {
            throw closes();
        }
    }

    /** Waits for the end of the server, which is told by the exception. */
    IOException forever() throws InterruptedException {
        serverCloses.await();
        return closes();
    }

    private static IOException closes() {
        return new IOException("the server closes");
    }
}
