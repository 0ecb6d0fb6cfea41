package io.hotplex.api;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What an agent is kept in. The kernel does it, so it holds against an agent that tries to get out.
 *
 * @param kind the means
 * @param strict whether a process that cannot be confined like this is refused with CONFINEMENT_UNAVAILABLE; otherwise
 *     the best that is available is used, and an {@link AgentEvent.IsolationReduced} tells
 * @param network whether the agent may use the network; only {@link Kind#BUBBLEWRAP} can take it away, and a process
 *     that is to be without it is refused where that is not available, strict or not
 * @param writable directories and files beside the working directory that the agent may write to; for
 *     {@link Kind#BUBBLEWRAP}
 * @param readOnly directories and files that the agent may read although they lie where it sees nothing, such as in the
 *     home directory; for {@link Kind#BUBBLEWRAP}
 */
public record Confinement(Kind kind, boolean strict, boolean network, List<Path> writable, List<Path> readOnly) {
    /** Nothing but a process group and a filtered environment. */
    public static final Confinement NONE = of(Kind.NONE);

    public Confinement {
        writable = List.copyOf(writable);
        readOnly = List.copyOf(readOnly);
        if (!network && kind != Kind.BUBBLEWRAP) {
            throw new HotPlexException(
                    ErrorCode.OPTIONS_CONFLICT,
                    "confinement '" + kind.key() + "' cannot take the network away: use 'bubblewrap', or allow it");
        }
        for (List<Path> paths : List.of(writable, readOnly)) {
            for (Path path : paths) {
                if (!path.isAbsolute()) {
                    throw new HotPlexException(
                            ErrorCode.INVALID_ARGUMENT,
                            "confinement: " + path + " is relative (expected: an absolute path)");
                }
            }
        }
    }

    /** Confines by these means where they are available, with the network and without further paths. */
    public static Confinement of(Kind kind) {
        return new Confinement(kind, false, true, List.of(), List.of());
    }

    /** A copy that is strict or not. */
    public Confinement withStrict(boolean value) {
        return new Confinement(kind, value, network, writable, readOnly);
    }

    /** A copy with or without the network. */
    public Confinement withNetwork(boolean value) {
        return new Confinement(kind, strict, value, writable, readOnly);
    }

    /** A copy with other paths that may be written to. */
    public Confinement withWritable(List<Path> paths) {
        return new Confinement(kind, strict, network, paths, readOnly);
    }

    /** A copy with other paths that may be read. */
    public Confinement withReadOnly(List<Path> paths) {
        return new Confinement(kind, strict, network, writable, paths);
    }

    /** The means, from none to the most. */
    public enum Kind {
        /** A process group and a filtered environment. */
        NONE,
        /** A control group: everything that was started in it can be ended at once, and counted. */
        CGROUP,
        /** A process namespace: when the first process ends, the kernel ends all others. */
        PID_NAMESPACE,
        /** Namespaces for processes, mounts, IPC and host name, with a read-only root and a private /tmp. */
        BUBBLEWRAP;

        /** The name in configuration and events: lower case with dashes. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
