package io.hotplex.api.spi;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * How a process ended: with a code or by a signal, one of both is {@code null}; both are when it could not be found
 * out.
 *
 * @param code exit status: 0 to 255, on Windows any number
 * @param signal number of the signal that ended it
 * @param outOfMemory whether the kernel killed it because its memory limit was reached
 */
public record ExitStatus(@Nullable Integer code, @Nullable Integer signal, boolean outOfMemory) {
    /** An end that had nothing to do with memory. */
    public ExitStatus(@Nullable Integer code, @Nullable Integer signal) {
        this(code, signal, false);
    }

    /** Whether it ended by itself with status 0. */
    public boolean success() {
        return code != null && code == 0;
    }

    @Override
    public String toString() {
        if (signal != null) {
            return "signal " + signal;
        }
        if (code == null) {
            return "unknown exit status";
        }
        // Windows's own are negative, and known by their digits
        return "exit status " + (code < 0 ? String.format(Locale.ROOT, "0x%08X", code) : code.toString());
    }
}
