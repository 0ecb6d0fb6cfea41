package io.hotplex.server.internal.http;

import java.util.ArrayList;
import java.util.List;

/** The sub-protocols that the client of a WebSocket offers. */
public final class SubProtocols {
    private SubProtocols() {}

    /** In the client's order; a key that is hidden among them is one of them, and must not be chosen. */
    public static List<String> offered(Headers headers) {
        List<String> offered = new ArrayList<>();
        for (String line : headers.all("Sec-WebSocket-Protocol")) {
            for (String item : line.split(",", -1)) {
                if (!item.isBlank()) {
                    offered.add(item.strip());
                }
            }
        }
        return List.copyOf(offered);
    }
}
