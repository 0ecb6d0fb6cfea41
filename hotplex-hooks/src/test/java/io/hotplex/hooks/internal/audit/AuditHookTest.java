package io.hotplex.hooks.internal.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What reaches the disk before a delivery counts. */
class AuditHookTest {
    @TempDir
    Path directory;

    /** How large the file was whenever the disk was asked. */
    private final List<Long> forced = new ArrayList<>();

    private boolean broken;

    private EventHook hook(String fsync) {
        return new AuditHookFactory(this::force)
                .open(
                        HookConfig.of("audit", "audit", Map.of("fsync", fsync)),
                        new Surroundings(directory.resolve(fsync), Map.of()));
    }

    private void force(FileChannel file) throws IOException {
        if (broken) {
            throw new IOException("planted");
        }
        forced.add(file.size());
    }

    private static List<HookEvent> event(long offset) {
        return List.of(new HookEvent(
                "evt_" + offset,
                new EventRecord("s", offset, offset, null, Instant.EPOCH, new AgentEvent.SessionClosed("x")),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                null));
    }

    @Test
    void eachDeliveryReachesTheDiskBeforeItCountsUnlessConfiguredOtherwise() throws Exception {
        try (EventHook hook = hook("always")) {
            hook.deliver(event(1));
            hook.deliver(event(2));
        }
        assertThat(forced).hasSize(2);
        assertThat(forced.get(0)).as("after it was written").isPositive();
        assertThat(forced.get(1)).isGreaterThan(forced.get(0));
        forced.clear();

        try (EventHook hook = hook("never")) {
            hook.deliver(event(1));
        }
        assertThat(forced).isEmpty();
    }

    @Test
    void whatDidNotReachTheDiskIsNotDelivered() throws Exception {
        broken = true;
        try (EventHook hook = hook("always")) {
            assertThat(hook.deliver(event(1))).isEqualTo(Delivery.retry("the audit trail cannot be written: planted"));
            broken = false;

            assertThat(hook.deliver(event(1))).isEqualTo(Delivery.DONE);
        }
        assertThat(AuditCheck.of(directory.resolve("always/audit")).entries()).isEqualTo(1);
    }
}
