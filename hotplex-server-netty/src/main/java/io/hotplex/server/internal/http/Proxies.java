package io.hotplex.server.internal.http;

import io.hotplex.server.internal.net.Network;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The proxies in front of the server, and what is believed of what they say of their clients: {@code X-Forwarded-For}
 * and {@code X-Forwarded-Proto}. From everybody else these headers mean nothing. Immutable.
 */
public final class Proxies {
    private final List<Network> trusted;

    private Proxies(List<Network> trusted) {
        this.trusted = trusted;
    }

    /**
     * @param networks addresses, or networks such as {@code 10.0.0.0/8}
     * @throws IllegalArgumentException for text that is neither
     */
    public static Proxies of(List<String> networks) {
        return new Proxies(networks.stream().map(Network::parse).toList());
    }

    /** Whether what comes from an address is believed. */
    boolean trust(InetAddress address) {
        return trusted.stream().anyMatch(network -> network.contains(address));
    }

    /**
     * Who sends a request.
     *
     * <p>Each proxy appends the address that it was called from, so the last one that is not a proxy of ours is the
     * client; what stands before it was written by the client itself.
     *
     * @param remote where the connection comes from
     * @param tls whether the connection is encrypted
     */
    Client client(InetAddress remote, boolean tls, Headers headers) {
        if (trusted.isEmpty() || !trust(remote)) {
            return new Client(remote, tls);
        }
        List<String> protocols = parts(headers.all("X-Forwarded-Proto"));
        boolean encrypted = protocols.isEmpty()
                ? tls
                : protocols.get(protocols.size() - 1).toLowerCase(Locale.ROOT).equals("https");
        List<String> path = parts(headers.all("X-Forwarded-For"));
        InetAddress client = remote;
        for (int i = path.size() - 1; i >= 0 && trust(client); i--) {
            InetAddress before = Network.address(withoutPort(path.get(i)));
            if (before == null) {
                break;
            }
            client = before;
        }
        return new Client(client, encrypted);
    }

    private static List<String> parts(List<String> values) {
        List<String> parts = new ArrayList<>();
        for (String value : values) {
            for (String part : value.split(",", -1)) {
                parts.add(part.strip());
            }
        }
        return parts;
    }

    private static String withoutPort(String text) {
        int end = text.startsWith("[") ? text.indexOf(']') : -1;
        if (end > 0) {
            return text.substring(1, end);
        }
        int colon = text.indexOf(':');
        return colon >= 0 && text.indexOf(':', colon + 1) < 0 ? text.substring(0, colon) : text;
    }

    /**
     * @param address of the client, as far as known
     * @param tls whether the client's own connection is encrypted
     */
    record Client(InetAddress address, boolean tls) {}
}
