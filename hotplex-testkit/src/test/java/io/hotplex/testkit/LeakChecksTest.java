package io.hotplex.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(60)
class LeakChecksTest {
    private static final Duration SOON = Duration.ofMillis(50);

    @Test
    void findsNothingWhereNothingWasLeft() {
        LeakChecks.snapshot().assertNothingLeft();
    }

    @Test
    void findsAThreadUntilItEnds() {
        LeakChecks.Snapshot before = LeakChecks.snapshot();
        CountDownLatch end = new CountDownLatch(1);
        Thread thread = new Thread(
                () -> {
                    try {
                        end.await();
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "hotplex-left-over");
        thread.start();

        assertThatThrownBy(() -> before.assertNothingLeft(SOON))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("hotplex-left-over");
        end.countDown();
        before.assertNothingLeft();
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void findsAChildProcessAndItsMarker() throws IOException {
        LeakChecks.Snapshot before = LeakChecks.snapshot();
        String marker = UUID.randomUUID().toString();
        ProcessBuilder builder = new ProcessBuilder("sleep", "60");
        builder.environment().put("LEAK_CHECK_MARKER", marker);
        Process child = builder.start();

        assertThatThrownBy(() -> before.assertNothingLeft(SOON)).hasMessageContaining("child process " + child.pid());
        assertThat(LeakChecks.processesMarked(marker)).containsExactly(child.pid());
        child.destroyForcibly();
        LeakChecks.assertNoProcessMarked(marker);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void findsAHandleThatLooksLikeAnother() throws IOException {
        try (Selector first = Selector.open()) {
            LeakChecks.Snapshot before = LeakChecks.snapshot();
            Selector second = Selector.open();

            assertThatThrownBy(() -> before.assertNothingLeft(SOON)).hasMessageContaining("anon_inode:[eventpoll]");
            second.close();
            before.assertNothingLeft();
            assertThat(first.isOpen()).isTrue();
        }
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void findsADescriptorUntilItIsClosed() throws IOException {
        LeakChecks.Snapshot before = LeakChecks.snapshot();
        Pipe pipe = Pipe.open();

        assertThatThrownBy(() -> before.assertNothingLeft(SOON)).hasMessageContaining("descriptor");
        pipe.source().close();
        pipe.sink().close();
        before.assertNothingLeft();
    }
}
