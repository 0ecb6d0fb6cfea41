package io.hotplex.server.internal.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetectorFactory;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a class of tests when a buffer was collected that nobody released. The build tracks every buffer, and registers
 * this for every class of this module; for those that use no buffers it costs nothing.
 */
@SuppressWarnings("deprecation") // the factory has no other method to override
public final class LeakCheck implements BeforeAllCallback, AfterAllCallback {
    private static final List<String> LEAKS = new CopyOnWriteArrayList<>();
    private static final AtomicBoolean USED = new AtomicBoolean();

    static {
        ResourceLeakDetectorFactory.setResourceLeakDetectorFactory(new ResourceLeakDetectorFactory() {
            @Override
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(
                    Class<T> resource, int samplingInterval, long maxActive) {
                return new Recording<>(resource, samplingInterval);
            }

            @Override
            public <T> ResourceLeakDetector<T> newResourceLeakDetector(Class<T> resource, int samplingInterval) {
                return new Recording<>(resource, samplingInterval);
            }
        });
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        if (ResourceLeakDetector.getLevel() != ResourceLeakDetector.Level.PARANOID) {
            throw new AssertionError("io.netty.leakDetection.level is not paranoid");
        }
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (USED.getAndSet(false)) {
            List<String> leaks = find();
            if (!leaks.isEmpty()) {
                throw new AssertionError("LEAK: " + leaks);
            }
        }
    }

    /** What was found since the last call. */
    static List<String> find() {
        for (int i = 0; i < 3; i++) {
            System.gc();
            ByteBuf tracked = ByteBufAllocator.DEFAULT.buffer(1); // a leak is reported with the next allocation
            tracked.release();
        }
        List<String> found = List.copyOf(LEAKS);
        LEAKS.removeAll(found);
        return found;
    }

    private static final class Recording<T> extends ResourceLeakDetector<T> {
        Recording(Class<T> resource, int samplingInterval) {
            super(resource, samplingInterval);
        }

        /** Called with every buffer that is tracked. */
        @Override
        protected boolean needReport() {
            USED.set(true);
            return true;
        }

        @Override
        protected void reportTracedLeak(String resourceType, String records) {
            LEAKS.add(resourceType + records);
        }

        @Override
        protected void reportUntracedLeak(String resourceType) {
            LEAKS.add(resourceType);
        }
    }
}
