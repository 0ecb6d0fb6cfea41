package io.hotplex.server.internal.http;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Writes a line for each request to the logger {@code io.hotplex.access}: no path, no query, no header. */
public final class AccessLog implements ExchangeListener {
    private static final Logger log = LoggerFactory.getLogger("io.hotplex.access");

    @Override
    public void onExchange(Summary s) {
        log.info(
                "{} {} {} {} B {} ms key={} request={}",
                s.method(),
                s.route(),
                s.status(),
                s.bytes(),
                s.time().toMillis(),
                s.keyId(),
                s.requestId());
    }
}
