import org.jspecify.annotations.NullMarked;

/** The command line. */
@NullMarked
module io.hotplex.server {
    requires io.hotplex.core;
    requires io.hotplex.testkit;
    requires com.fasterxml.jackson.databind;
    requires jdk.management;
    requires jdk.unsupported;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports io.hotplex.server;

    uses io.hotplex.api.spi.AgentProviderFactory;
    uses io.hotplex.api.spi.ProcessLauncherProvider;
}
