package io.hotplex.telemetry.internal.tail;

import io.hotplex.api.EventRecord;

/** Takes in the records of sessions, one after the other, each session's in order. Called by one thread. */
public interface RecordFold {
    /** The next record of a session. */
    void fold(EventRecord record, String provider);

    /** Nothing more comes of a session. */
    void end(String sessionId);
}
