package io.hotplex.hooks;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** A hook that remembers what it was told, and answers as a test wants. Thread-safe. */
final class RecordingHook implements EventHook, EventHookFactory {
    final List<HookEvent> events = new CopyOnWriteArrayList<>();
    final List<List<String>> calls = new CopyOnWriteArrayList<>();
    final AtomicInteger closed = new AtomicInteger();
    volatile Function<List<HookEvent>, Delivery> answer = batch -> Delivery.DONE;

    @Override
    public Delivery deliver(List<HookEvent> batch) {
        calls.add(batch.stream().map(HookEvent::id).toList());
        Delivery outcome = answer.apply(batch);
        if (outcome instanceof Done) {
            events.addAll(batch);
        }
        return outcome;
    }

    List<Long> offsets(String session) {
        return events.stream()
                .filter(event -> event.record().sessionId().equals(session))
                .map(event -> event.record().offset())
                .toList();
    }

    @Override
    public void close() {
        closed.incrementAndGet();
    }

    @Override
    public String type() {
        return "recording";
    }

    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        config.allowOnly(Set.of());
        return this;
    }
}
