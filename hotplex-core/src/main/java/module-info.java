import org.jspecify.annotations.NullMarked;

/** The engine: sessions, process pool, turn queues and the in-memory journal. */
@NullMarked
module io.hotplex.core {
    requires transitive io.hotplex.api;
    requires org.slf4j;
    requires static transitive org.jspecify;
    requires static com.google.errorprone.annotations;

    exports io.hotplex.core;
    exports io.hotplex.core.config;

    uses io.hotplex.api.spi.AgentProviderFactory;
    uses io.hotplex.api.spi.GuardProvider;
    uses io.hotplex.api.spi.JournalProvider;
    uses io.hotplex.api.spi.ProcessLauncherProvider;
}
