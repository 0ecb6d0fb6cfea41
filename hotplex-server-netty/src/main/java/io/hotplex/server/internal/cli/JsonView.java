package io.hotplex.server.internal.cli;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.EventRecord;
import io.hotplex.server.internal.wire.EventJson;

/**
 * One JSON object a line on standard output, in the form that clients of the server get; all else on standard error.
 */
final class JsonView implements View {
    @GuardedBy("this")
    private final Lane out;

    @GuardedBy("this")
    private final Lane err;

    JsonView(Lane out, Lane err) {
        this.out = out;
        this.err = err;
    }

    @Override
    public synchronized void show(EventRecord record) {
        out.line(EventJson.text(record));
    }

    @Override
    public synchronized void notice(String text) {
        err.endLine();
        err.line(text);
    }

    @Override
    public synchronized void ask(String text) {
        err.endLine();
        err.write(text);
    }

    @Override
    public synchronized void typed() {
        err.moved();
    }

    @Override
    public synchronized void end() {
        err.endLine();
    }
}
