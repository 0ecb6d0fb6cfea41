package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.server.internal.auth.TokenFile;
import io.hotplex.server.internal.http.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who can reach a server, and who is let in when nothing is configured. */
class ExposureTest {
    @TempDir
    Path state;

    private HotPlexServer.Builder without(String... settings) {
        ServerConfig.Builder config = ServerConfig.builder().set(ServerConfig.PORT, 0);
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        return ServerRig.builder(state).config(config.build());
    }

    @Test
    void refusesToBeReachedFromElsewhereWithoutAuthentication() {
        for (String host : new String[] {"0.0.0.0", "::"}) {
            assertThatThrownBy(() -> without("server.host", host, "server.authentication", "none")
                            .start())
                    .hasMessageContaining("can be reached from other machines");
            assertThatThrownBy(() -> without(
                                    "server.metrics-port",
                                    "0",
                                    "server.metrics-host",
                                    host,
                                    "server.authentication",
                                    "none")
                            .start())
                    .hasMessageContaining("server.metrics-host: " + host + " can be reached from other machines");
        }
    }

    @Test
    void refusesToStartWithoutAnyKey() {
        assertThatThrownBy(() -> without().start()).hasMessageContaining("there is no key");
    }

    @Test
    void makesATokenWhenThereIsNoOtherKey() throws IOException {
        try (HotPlexServer server = without().tokenDirectory(state).start();
                RawClient client = RawClient.connect(server.address())) {
            String token = Files.readString(TokenFile.in(state)).strip();

            assertThat(client.send(RawClient.request("GET", "/admin/pool", "Authorization: Bearer " + token))
                            .read()
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void letsEverybodyInOnLoopbackWhereThatIsConfigured() throws IOException {
        try (HotPlexServer server = without("server.authentication", "none").start();
                RawClient client = RawClient.connect(server.address())) {
            assertThat(client.send(RawClient.request("GET", "/admin/pool"))
                            .read()
                            .status())
                    .isEqualTo(200);
        }
    }

    @Test
    void saysWhenTheAddressIsTaken() {
        try (HotPlexServer server = ServerRig.start(state)) {
            String port = Integer.toString(server.address().getPort());
            assertThatThrownBy(() -> ServerRig.start(state, "server.port", port))
                    .hasMessageContaining("cannot listen on 127.0.0.1:" + port);
        }
    }
}
