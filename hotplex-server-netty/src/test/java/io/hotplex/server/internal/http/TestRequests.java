package io.hotplex.server.internal.http;

import io.hotplex.server.internal.auth.Principal;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/** Requests that never were on a wire. */
public final class TestRequests {
    private TestRequests() {}

    /** A request without headers and body. */
    public static Request of(Principal principal) {
        Request.Target target = new Request.Target("GET", "/", Map.of(), Map.of());
        return new Request(
                "r1", target, new Headers(List.of()), new byte[0], principal, InetAddress.getLoopbackAddress());
    }
}
