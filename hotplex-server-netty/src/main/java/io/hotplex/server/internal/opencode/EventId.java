package io.hotplex.server.internal.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Names a frame of a stream for who comes back.
 *
 * @param feed when the feed began that numbered it
 * @param number its number there
 * @param millis when it happened, for who comes back when that feed is gone
 */
record EventId(long feed, long number, long millis) {
    private static final Pattern TEXT = Pattern.compile("([0-9a-f]{1,12})-([0-9]{1,18})-([0-9a-f]{1,12})");

    /**
     * What a client has; {@code null} for one that is new.
     *
     * @throws HotPlexException INVALID_ARGUMENT when no server of this kind gave it that
     */
    static @Nullable EventId parse(@Nullable String text) {
        if (text == null || text.isEmpty()) {
            return null;
        }
        var matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "Last-Event-ID is not of this stream (expected: what was its last id)");
        }
        return new EventId(
                Long.parseLong(matcher.group(1), 16),
                Long.parseLong(matcher.group(2)),
                Long.parseLong(matcher.group(3), 16));
    }

    String text() {
        return Long.toHexString(feed) + '-' + number + '-' + Long.toHexString(millis);
    }
}
