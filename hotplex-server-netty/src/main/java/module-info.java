import org.jspecify.annotations.NullMarked;

/** The gateway and the command line. */
@NullMarked
module io.hotplex.server {
    requires transitive io.hotplex.core;
    requires transitive io.hotplex.hooks;
    requires transitive io.hotplex.telemetry;
    requires io.hotplex.testkit;
    requires com.fasterxml.jackson.databind;
    requires io.netty.buffer;
    requires io.netty.codec;
    requires io.netty.codec.http;
    requires io.netty.common;
    requires io.netty.handler;
    requires io.netty.transport;
    requires io.netty.transport.classes.epoll;
    requires io.netty.transport.classes.io_uring;
    requires java.net.http;
    requires jdk.management;
    requires jdk.unsupported;
    requires io.opentelemetry.sdk;
    requires io.opentelemetry.sdk.autoconfigure;
    requires io.opentelemetry.sdk.autoconfigure.spi;
    requires io.opentelemetry.sdk.common;
    requires io.opentelemetry.sdk.trace;
    requires org.snakeyaml.engine.v2;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports io.hotplex.server;

    uses io.hotplex.api.spi.AgentProviderFactory;
    uses io.hotplex.api.spi.EventHookFactory;
    uses io.hotplex.api.spi.GuardProvider;
    uses io.hotplex.api.spi.JournalProvider;
    uses io.hotplex.api.spi.ProcessLauncherProvider;
}
