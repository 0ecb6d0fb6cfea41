package io.hotplex.guard.internal.places;

import java.util.Locale;
import java.util.Optional;

/** A kind of place that rules name. */
public enum Place {
    /** The root of a file system, or all that is in it. */
    ROOT,
    /** A whole home directory, or all that is in it. */
    HOME,
    /** A directory of the operating system, or something in one. */
    SYSTEM,
    /** A directory right below the root, of the operating system. */
    TOP,
    /** A disk. */
    DEVICE,
    /** A directory that the work directory is in. */
    ABOVE,
    /** The work directory as a whole. */
    WORK,
    /** Neither the work directory nor another where tools may write, nor temporary. */
    OUTSIDE,
    /** Keys, passwords and tokens of the person or the machine. */
    SECRET,
    /** The list of the machine's users. */
    USERS,
    /** Something that runs at a login or a start. */
    STARTUP,
    /** A repository's own files. */
    GIT,
    /** What the kernel is configured by. */
    KERNEL,
    /** The door to a container engine. */
    SOCKET,
    /** What a shell takes for another machine. */
    NETWORK,
    /** The environment or the memory of a process. */
    PROCESS;

    /** The name in rule files. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The place of a name. */
    public static Optional<Place> of(String text) {
        for (Place place : values()) {
            if (place.text().equals(text)) {
                return Optional.of(place);
            }
        }
        return Optional.empty();
    }
}
