package io.hotplex.server.internal.cli;

/**
 * Something that was looked at.
 *
 * @param detail what was found, in one line
 */
record Check(Status status, String name, String detail) {
    /** What it means for sessions. */
    enum Status {
        OK,
        /** They run, though not as well as they could. */
        WARN,
        /** They cannot run. */
        FAIL
    }

    static Check ok(String name, String detail) {
        return new Check(Status.OK, name, detail);
    }

    static Check warn(String name, String detail) {
        return new Check(Status.WARN, name, detail);
    }

    static Check fail(String name, String detail) {
        return new Check(Status.FAIL, name, detail);
    }

    String line(Style style) {
        String mark = switch (status) {
            case OK -> style.green("✓");
            case WARN -> style.bold("!");
            case FAIL -> style.red("✗");
        };
        return mark + " " + style.bold(name) + ": " + Style.oneLine(detail, 1_000);
    }
}
