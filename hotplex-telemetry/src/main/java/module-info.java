import org.jspecify.annotations.NullMarked;

/** Metrics and traces of engines and gateways. */
@NullMarked
module io.hotplex.telemetry {
    requires transitive io.hotplex.api;
    requires transitive io.opentelemetry.api;
    requires io.opentelemetry.context;
    requires simpleclient;
    requires simpleclient.common;
    requires simpleclient.hotspot;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static transitive org.jspecify;

    exports io.hotplex.telemetry;
}
