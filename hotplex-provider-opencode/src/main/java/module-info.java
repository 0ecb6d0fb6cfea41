import org.jspecify.annotations.NullMarked;

/** Adapter for OpenCode. */
@NullMarked
module io.hotplex.provider.opencode {
    requires transitive io.hotplex.api;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires java.net.http;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports io.hotplex.provider.opencode;

    provides io.hotplex.api.spi.AgentProviderFactory with
            io.hotplex.provider.opencode.OpenCodeProviderFactory;
}
