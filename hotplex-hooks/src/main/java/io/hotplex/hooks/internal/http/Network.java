package io.hotplex.hooks.internal.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A range of addresses, such as {@code 10.0.0.0/8}. Immutable. */
final class Network {
    /** What is not of the public internet: who can be reached there trusts who comes from there. */
    private static final List<Network> PRIVATE = List.of(
            of("0.0.0.0/8"),
            of("10.0.0.0/8"),
            of("100.64.0.0/10"),
            of("127.0.0.0/8"),
            of("169.254.0.0/16"),
            of("172.16.0.0/12"),
            of("192.0.0.0/24"),
            of("192.0.2.0/24"),
            of("192.88.99.0/24"),
            of("192.168.0.0/16"),
            of("198.18.0.0/15"),
            of("198.51.100.0/24"),
            of("203.0.113.0/24"),
            of("224.0.0.0/3"),
            of("::/96"),
            of("64:ff9b::/96"),
            of("64:ff9b:1::/48"),
            of("100::/64"),
            of("2001::/23"),
            of("2001:db8::/32"),
            of("2002::/16"),
            of("3fff::/20"),
            of("5f00::/16"),
            of("fc00::/7"),
            of("fe80::/9"),
            of("ff00::/8"));

    private static final int BYTE = 8;

    private final byte[] address;
    private final int bits;

    /**
     * @param address its first address, 4 or 16 bytes
     * @param bits how many of them count
     */
    private Network(byte[] address, int bits) {
        this.address = address;
        this.bits = bits;
    }

    /** Whether an address is reserved, or leads to one that is. */
    static boolean isPrivate(InetAddress address) {
        return PRIVATE.stream().anyMatch(network -> network.contains(address));
    }

    /** The range of a text, or {@code null} when it is none. */
    static @Nullable Network parse(String text) {
        int slash = text.indexOf('/');
        String literal = slash < 0 ? text : text.substring(0, slash);
        if (!isLiteral(literal)) {
            return null;
        }
        try {
            byte[] address = InetAddress.getByName(literal).getAddress();
            int bits = slash < 0 ? address.length * BYTE : Integer.parseInt(text.substring(slash + 1));
            return bits >= 0 && bits <= address.length * BYTE ? new Network(address, bits) : null;
        } catch (UnknownHostException | NumberFormatException e) {
            return null;
        }
    }

    private static Network of(String text) {
        Network network = parse(text);
        if (network == null) {
            throw new IllegalArgumentException(text);
        }
        return network;
    }

    /**
     * Whether a host is taken for an address, so that nobody is asked for it: by OkHttp also a plain number, which is
     * an address in a form that few know.
     */
    static boolean isLiteral(String host) {
        return host.indexOf(':') >= 0 || host.matches("[0-9.]+");
    }

    boolean contains(InetAddress other) {
        byte[] bytes = other.getAddress();
        if (bytes.length != address.length) {
            return false;
        }
        int whole = bits / BYTE;
        int rest = bits % BYTE;
        int mask = 0xFF << (BYTE - rest);
        return Arrays.equals(bytes, 0, whole, address, 0, whole)
                && (rest == 0 || ((bytes[whole] ^ address[whole]) & mask) == 0);
    }
}
