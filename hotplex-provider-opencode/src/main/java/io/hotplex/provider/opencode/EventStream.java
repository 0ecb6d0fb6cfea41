package io.hotplex.provider.opencode;

import io.hotplex.api.spi.AgentLine;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One connection's stream of events. The reader calls it from one thread at a time; {@link #cut()} and
 * {@link #heardAt()} are for any.
 */
final class EventStream implements BodySubscriber<Void> {
    /** As for the lines of other agents: beyond it a line is cut. */
    private static final int MAX_LINE_BYTES = 64 << 20;

    private final EventFrames frames;
    private final CompletableFuture<@Nullable Void> end = new CompletableFuture<>();
    private volatile Flow.@Nullable Subscription subscription;
    private volatile boolean cut;
    private volatile long heardAt = System.nanoTime();
    private byte[] copy = new byte[16 << 10];

    EventStream(Consumer<AgentLine> receiver) {
        frames = new EventFrames(MAX_LINE_BYTES, receiver);
    }

    /** When something came last, by {@link System#nanoTime()}. */
    long heardAt() {
        return heardAt;
    }

    /** Ends it from this side. */
    void cut() {
        cut = true;
        Flow.Subscription open = subscription;
        if (open != null) {
            open.cancel();
        }
        end.complete(null);
    }

    @Override
    public CompletionStage<Void> getBody() {
        return end;
    }

    @Override
    public void onSubscribe(Flow.Subscription opened) {
        subscription = opened;
        if (cut) {
            opened.cancel();
        } else {
            opened.request(Long.MAX_VALUE);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
        heardAt = System.nanoTime();
        for (ByteBuffer buffer : buffers) {
            while (buffer.hasRemaining() && !cut) {
                int count = Math.min(copy.length, buffer.remaining());
                buffer.get(copy, 0, count);
                frames.feed(copy, 0, count);
            }
        }
    }

    @Override
    public void onError(Throwable failure) {
        end.complete(null);
    }

    @Override
    public void onComplete() {
        end.complete(null);
    }
}
