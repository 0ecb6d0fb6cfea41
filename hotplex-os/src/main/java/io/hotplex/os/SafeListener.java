package io.hotplex.os;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.ProcessListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a listener and survives what it throws: that is logged, the process is killed, and the listener gets no more
 * lines, only the two calls that tell the end. Not thread-safe; calls must not overlap, as the listener's must not.
 */
final class SafeListener {
    private static final Logger log = LoggerFactory.getLogger(SafeListener.class);

    private final String label;
    private final ProcessListener listener;
    private final Runnable kill;
    private boolean failed;

    /** @param kill ends the process */
    SafeListener(String label, ProcessListener listener, Runnable kill) {
        this.label = label;
        this.listener = listener;
        this.kill = kill;
    }

    void line(AgentLine line) {
        if (!failed) {
            call(() -> listener.onLine(line));
        }
    }

    void outputEnd() {
        call(listener::onOutputEnd);
    }

    void exit(ProcessListener.Exit exit) {
        call(() -> listener.onExit(exit));
    }

    private void call(Runnable call) {
        try {
            call.run();
        } catch (Throwable e) { // whatever one listener does, the thread serves other processes as well
            log.error("{}: process listener failed, the process is killed", label, e);
            failed = true;
            kill.run();
        }
    }
}
