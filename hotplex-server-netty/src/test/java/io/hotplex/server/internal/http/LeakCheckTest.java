package io.hotplex.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The check that stands behind all tests of this module that open sockets. */
class LeakCheckTest {
    @Test
    void findsABufferThatNobodyReleased() {
        List<String> found = new ArrayList<>();
        forget();

        await().untilAsserted(() -> {
            found.addAll(LeakCheck.find());
            assertThat(found).anyMatch(leak -> leak.contains("ByteBuf"));
        });
    }

    @Test
    void findsNothingWhereAllWasReleased() {
        ReferenceCountUtil.release(ByteBufAllocator.DEFAULT.buffer(100));

        assertThat(LeakCheck.find()).isEmpty();
    }

    private static void forget() {
        assertThat(ByteBufAllocator.DEFAULT.buffer(100).isReadable()).isFalse();
    }
}
