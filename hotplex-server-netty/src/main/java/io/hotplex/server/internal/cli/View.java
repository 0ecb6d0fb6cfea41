package io.hotplex.server.internal.cli;

import io.hotplex.api.EventRecord;

/** Shows what happens in a session. Thread-safe; every method may throw {@link OutputClosedException}. */
interface View {
    /** The next record. */
    void show(EventRecord record);

    /** One line about something that is not in the session's journal, on standard error. */
    void notice(String text);

    /** A question to the user, on standard error; the cursor stays behind it. */
    void ask(String text);

    /** The user ended a line; the terminal moved the cursor. */
    void typed();

    /** Ends lines that were begun, and stops whatever moves. */
    void end();
}
