module observer {
    requires io.hotplex.core;
    requires io.hotplex.hooks;
    requires io.hotplex.telemetry;
    requires jdk.httpserver;
}
