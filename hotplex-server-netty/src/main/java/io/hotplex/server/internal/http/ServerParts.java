package io.hotplex.server.internal.http;

import io.hotplex.server.ServerConfig;
import java.util.concurrent.Executor;

/**
 * What every connection of a server works with. Immutable; its parts are thread-safe.
 *
 * @param workers run handlers
 * @param log hears of every request
 */
record ServerParts(
        ServerConfig config,
        Router router,
        Gatekeeper gatekeeper,
        Executor workers,
        Connections connections,
        ByteBudget bodies,
        ExchangeListener log) {}
