package io.hotplex.server.internal.sessions;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionInfo;

/**
 * Where a reader goes on.
 *
 * @param after the offset to subscribe after
 * @param reset whether the reader has to be told first that what it has is not of this journal
 */
public record Cursor(long after, boolean reset) {
    /**
     * The place of a reader that has everything up to an offset. One that has more than there is has read another
     * journal, from before a restart: it begins anew. An offset alone cannot tell that of a journal that has grown
     * since.
     *
     * @throws HotPlexException INVALID_ARGUMENT when it is negative
     */
    public static Cursor of(SessionInfo info, long after) {
        if (after < 0) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "after: " + after + " (expected: 0 or more)");
        }
        return after > info.newestOffset() ? new Cursor(info.oldestOffset() - 1, true) : new Cursor(after, false);
    }

    /**
     * The offset that a text gives.
     *
     * @throws HotPlexException INVALID_ARGUMENT when it is no number
     */
    public static long parse(String name, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, name + " is not an offset (expected: a number)");
        }
    }
}
