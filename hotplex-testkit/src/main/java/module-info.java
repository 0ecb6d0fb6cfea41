import org.jspecify.annotations.NullMarked;

/** Agents, models, recorders and contracts for testing HotPlex and its providers. */
@NullMarked
module io.hotplex.testkit {
    requires transitive io.hotplex.api;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires jdk.httpserver;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;
    requires static transitive org.assertj.core;
    requires static transitive org.junit.jupiter.api;

    exports io.hotplex.testkit.agent;
    exports io.hotplex.testkit.guard;
    exports io.hotplex.testkit.journal;
    exports io.hotplex.testkit;
    exports io.hotplex.testkit.model;
    exports io.hotplex.testkit.record;
    exports io.hotplex.testkit.provider;
}
