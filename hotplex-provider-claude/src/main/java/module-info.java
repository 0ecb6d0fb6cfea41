import org.jspecify.annotations.NullMarked;

/** Adapter for Claude Code. */
@NullMarked
module io.hotplex.provider.claude {
    requires transitive io.hotplex.api;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports io.hotplex.provider.claude;

    provides io.hotplex.api.spi.AgentProviderFactory with
            io.hotplex.provider.claude.ClaudeProviderFactory;
}
