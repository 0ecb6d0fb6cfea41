package io.hotplex.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.server.internal.net.Network;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {
    private static final Proxies PROXIES = Proxies.of(List.of("127.0.0.1", "10.0.0.0/8", "2001:db8::/32"));

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1   | 192.0.2.7                          | 192.0.2.7",
                "127.0.0.1   | 192.0.2.7:4711                     | 192.0.2.7",
                "10.1.2.3    | [2001:db9::1]:4711                 | 2001:db9:0:0:0:0:0:1",
                "10.1.2.3    | 2001:db9::1                        | 2001:db9:0:0:0:0:0:1",
                "2001:db8::7 | 192.0.2.7                          | 192.0.2.7",
                // what the client wrote itself comes first, and does not count
                "127.0.0.1   | 198.51.100.1, 192.0.2.7            | 192.0.2.7",
                "127.0.0.1   | 198.51.100.1, 192.0.2.7, 10.0.0.1  | 192.0.2.7",
                "127.0.0.1   | 10.0.0.2, 10.0.0.1                 | 10.0.0.2",
                // nonsense ends the path
                "127.0.0.1   | 198.51.100.1, unknown, 10.0.0.1    | 10.0.0.1",
                "127.0.0.1   | example.com                        | 127.0.0.1",
                "127.0.0.1   | ''                                 | 127.0.0.1",
                // from anybody else it means nothing
                "192.0.2.1   | 198.51.100.1                       | 192.0.2.1"
            })
    void theClientIsTheLastOneThatIsNoProxy(String remote, String forwarded, String client) throws Exception {
        assertThat(client(remote, false, "X-Forwarded-For", forwarded).address().getHostAddress())
                .isEqualTo(client);
    }

    @Test
    void severalHeadersAreOnePath() throws Exception {
        DefaultHttpHeaders headers = new DefaultHttpHeaders();
        headers.add("X-Forwarded-For", "198.51.100.1, 192.0.2.7");
        headers.add("X-Forwarded-For", "10.0.0.1");

        Proxies.Client client = PROXIES.client(address("127.0.0.1"), false, new Headers(headers));

        assertThat(client.address()).isEqualTo(address("192.0.2.7"));
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, false, https, true",
        "127.0.0.1, false, 'http, HTTPS', true",
        "127.0.0.1, true, http, false",
        "192.0.2.1, false, https, false",
        "192.0.2.1, true, http, true"
    })
    void aProxyTellsWhetherTheClientIsEncrypted(String remote, boolean tls, String forwarded, boolean told)
            throws Exception {
        assertThat(client(remote, tls, "X-Forwarded-Proto", forwarded).tls()).isEqualTo(told);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/", "10.0.0/8", "::1/129", "*"})
    void whatIsNoNetworkIsRefused(String text) {
        assertThat(Network.isNetwork(text)).isFalse();
        assertThatThrownBy(() -> Proxies.of(List.of(text))).isInstanceOf(IllegalArgumentException.class);
    }

    private static Proxies.Client client(String remote, boolean tls, String header, String value)
            throws UnknownHostException {
        return PROXIES.client(address(remote), tls, new Headers(new DefaultHttpHeaders().add(header, value)));
    }

    private static InetAddress address(String text) throws UnknownHostException {
        return InetAddress.getByName(text);
    }
}
