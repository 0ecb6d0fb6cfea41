package io.hotplex.api.spi;

import io.hotplex.api.Confinement;
import io.hotplex.api.ResourceLimits;
import java.nio.file.Path;
import java.util.List;

/**
 * How a process is kept apart from the rest of the machine.
 *
 * @param confinement what it is kept in
 * @param limits what it may use at most
 * @param writable paths of the agent itself that it must be able to write to, such as its own state; what is not there
 *     is passed over
 * @param hidden directories and files that it must not see into whatever else it may read; the gateway's keys are in
 *     them
 * @param readOnly files inside of what is writable that it must not change all the same, such as settings that name
 *     programs to run; what is not there is passed over
 */
public record Isolation(
        Confinement confinement, ResourceLimits limits, List<Path> writable, List<Path> hidden, List<Path> readOnly) {
    /** Nothing but a process group. */
    public static final Isolation NONE = new Isolation(Confinement.NONE, ResourceLimits.NONE, List.of(), List.of());

    /** Of an agent that may change all of its own state. */
    public Isolation(Confinement confinement, ResourceLimits limits, List<Path> writable, List<Path> hidden) {
        this(confinement, limits, writable, hidden, List.of());
    }

    public Isolation {
        writable = List.copyOf(writable);
        hidden = List.copyOf(hidden);
        readOnly = List.copyOf(readOnly);
    }

    /**
     * What became of it.
     *
     * @param confinement what the process is kept in
     * @param missing what was asked for and cannot be had here, one sentence each with what to do about it
     */
    public record Applied(Confinement.Kind confinement, List<String> missing) {
        /** No confinement, and none was asked for. */
        public static final Applied NONE = new Applied(Confinement.Kind.NONE, List.of());

        public Applied {
            missing = List.copyOf(missing);
        }
    }
}
