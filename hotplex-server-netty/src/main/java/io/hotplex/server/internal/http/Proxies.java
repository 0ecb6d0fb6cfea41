package io.hotplex.server.internal.http;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The proxies in front of the server, and what is believed of what they say of their clients: {@code X-Forwarded-For}
 * and {@code X-Forwarded-Proto}. From everybody else these headers mean nothing. Immutable.
 */
public final class Proxies {
    private final List<IpSubnetFilterRule> trusted;

    private Proxies(List<IpSubnetFilterRule> trusted) {
        this.trusted = trusted;
    }

    /**
     * @param networks addresses, or networks such as {@code 10.0.0.0/8}
     * @throws IllegalArgumentException for text that is neither
     */
    public static Proxies of(List<String> networks) {
        return new Proxies(networks.stream().map(Proxies::network).toList());
    }

    /** Whether a text is an address or a network. */
    public static boolean isNetwork(String text) {
        try {
            network(text);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static IpSubnetFilterRule network(String text) {
        int slash = text.indexOf('/');
        InetAddress address = address(slash < 0 ? text : text.substring(0, slash));
        if (address == null) {
            throw new IllegalArgumentException("not an address: " + text);
        }
        int bits = slash < 0 ? address.getAddress().length * Byte.SIZE : Integer.parseInt(text.substring(slash + 1));
        return new IpSubnetFilterRule(address, bits, IpFilterRuleType.ACCEPT);
    }

    /** Whether what comes from an address is believed. */
    boolean trust(InetAddress address) {
        InetSocketAddress sender = new InetSocketAddress(address, 0);
        return trusted.stream().anyMatch(network -> network.matches(sender));
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
            InetAddress before = address(withoutPort(path.get(i)));
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

    /** The address that a text is, without asking anybody about names. */
    private static @Nullable InetAddress address(String text) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        try {
            return bytes == null ? null : InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("addresses have 4 or 16 bytes", e);
        }
    }

    /**
     * @param address of the client, as far as known
     * @param tls whether the client's own connection is encrypted
     */
    record Client(InetAddress address, boolean tls) {}
}
