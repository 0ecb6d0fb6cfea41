package io.hotplex.server.internal.sessions;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.ProviderStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LastProbeTest {
    private final AtomicLong now = new AtomicLong();
    private final List<CompletableFuture<ProviderStatus>> looks = new ArrayList<>();
    private final LastProbe probe = new LastProbe(
            () -> {
                CompletableFuture<ProviderStatus> look = new CompletableFuture<>();
                looks.add(look);
                return look;
            },
            now::get);

    @Test
    void manyWhoAskShareOneLookForAMinute() {
        ProviderStatus found = new ProviderStatus("claude", true, "1", "found");
        var first = probe.status().toCompletableFuture();
        now.addAndGet(LastProbe.FRESH.toNanos() * 2);
        var second = probe.status().toCompletableFuture();
        assertThat(looks).as("one under way, however long it takes").hasSize(1);
        now.set(0);
        looks.get(0).complete(found);

        assertThat(first.join()).isSameAs(found);
        assertThat(second.join()).isSameAs(found);
        now.set(LastProbe.FRESH.toNanos() - 1);
        assertThat(probe.status().toCompletableFuture().join()).isSameAs(found);
        assertThat(looks).hasSize(1);
        now.set(LastProbe.FRESH.toNanos());
        var unused = probe.status();
        assertThat(looks).hasSize(2);
    }

    @Test
    void aFailureIsToldToAllWhoWait() {
        var first = probe.status().toCompletableFuture();
        looks.get(0).completeExceptionally(new IllegalStateException("no thread"));

        assertThat(first).isCompletedExceptionally();
        assertThat(probe.status().toCompletableFuture()).isCompletedExceptionally();
    }
}
