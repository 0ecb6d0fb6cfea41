package io.hotplex.hooks.internal.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import okhttp3.Dns;

/**
 * Resolves names to addresses that may be called, and to no others: what is checked here is what the client connects
 * to, so a name cannot mean one thing when it is checked and another when it is called. Immutable.
 */
final class GuardedDns implements Dns {
    private final List<Network> allowed;
    private final boolean plain;
    private final Dns names;

    /**
     * @param allowed networks that may be called although they are private
     * @param plain whether calls are not encrypted, so that only those networks may be called
     * @param names what is asked for names
     */
    GuardedDns(List<Network> allowed, boolean plain, Dns names) {
        this.allowed = List.copyOf(allowed);
        this.plain = plain;
        this.names = names;
    }

    @Override
    public List<InetAddress> lookup(String host) throws UnknownHostException {
        List<InetAddress> found = names.lookup(host);
        for (InetAddress address : found) {
            check(host, address);
        }
        return found;
    }

    /** One bad address is enough: a name that has both is no mistake. */
    void check(String host, InetAddress address) throws UnknownHostException {
        if (allowed.stream().anyMatch(network -> network.contains(address))) {
            return;
        }
        if (Network.isPrivate(address)) {
            throw new ForbiddenAddressException(host + " is a private address: see allow-networks");
        }
        if (plain) {
            throw new ForbiddenAddressException(
                    host + " would be called without TLS: use https, or see allow-networks");
        }
    }

    /** A host has an address that must not be called. */
    static final class ForbiddenAddressException extends UnknownHostException {
        private static final long serialVersionUID = 1L;

        ForbiddenAddressException(String message) {
            super(message);
        }
    }
}
