package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.hotplex.api.EventRecord;
import io.hotplex.api.EventSchema;

/** One JSON object a line on standard output, as {@link EventSchema} says; all else on standard error. */
final class JsonView implements View {
    private final ObjectMapper mapper = new ObjectMapper();

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
        try {
            out.line(mapper.writeValueAsString(EventSchema.toMap(record)));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "an event that is not JSON: " + record.event().type(), e);
        }
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
