package io.hotplex.server;

import io.hotplex.server.internal.cli.CommandLine;
import io.hotplex.server.internal.cli.Surroundings;
import java.util.List;

/** The program {@code hotplex}. */
public final class Main {
    private Main() {}

    /** Runs a command; the exit code is documented in the README. */
    public static void main(String[] args) {
        Surroundings surroundings = Surroundings.ofThisProcess();
        surroundings.redactStandardError();
        System.exit(new CommandLine(surroundings).run(List.of(args)));
    }
}
