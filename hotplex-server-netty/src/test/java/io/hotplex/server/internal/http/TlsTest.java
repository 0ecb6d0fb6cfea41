package io.hotplex.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.KeyRing;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates: used, exchanged while the server runs, and kept when the new one is of no use. */
class TlsTest {
    private static final String PASSWORD = "for-the-test";

    @TempDir
    Path directory;

    private Path certificate;
    private Path key;

    @BeforeEach
    void prepare() throws Exception {
        certificate = directory.resolve("cert.pem");
        key = directory.resolve("key.pem");
        make("first");
    }

    /** With the JDK's own tool, since the JDK has no class for it. */
    private void make(String name) throws Exception {
        Path store = directory.resolve(name + ".p12");
        Process tool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        PASSWORD,
                        "-alias",
                        "it")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("keytool.log").toFile())
                .start();
        assertThat(tool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore loaded = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            loaded.load(in, PASSWORD.toCharArray());
        }
        write(key, "PRIVATE KEY", loaded.getKey("it", PASSWORD.toCharArray()).getEncoded());
        write(certificate, "CERTIFICATE", loaded.getCertificate("it").getEncoded());
    }

    private static void write(Path file, String what, byte[] content) throws IOException {
        String text = "-----BEGIN " + what + "-----\n"
                + Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII))
                        .encodeToString(content)
                + "\n-----END " + what + "-----\n";
        Files.writeString(file, text);
    }

    private HttpServer start() {
        ServerConfig config = ServerConfig.builder()
                .set(ServerConfig.PORT, 0)
                .set("server.tls.certificate", certificate.toString())
                .set("server.tls.key", key.toString())
                .build();
        Route hello = Route.of(
                "GET", "/hello", Access.PUBLIC, r -> CompletableFuture.completedFuture(Response.text(200, "hello")));
        return HttpServer.start(
                config,
                new Router(List.of(hello)),
                new Gatekeeper(new KeyRing(List.of()), Policy.of(config), false, System::nanoTime),
                List.of());
    }

    /** Asks over TLS; tells whose certificate it was. */
    private static String ask(HttpServer server) throws IOException, GeneralSecurityException {
        SSLContext trusting = SSLContext.getInstance("TLS");
        trusting.init(null, new TrustManager[] {new TrustAll()}, null);
        try (SSLSocket socket = (SSLSocket) trusting.getSocketFactory()
                .createSocket(server.address().getAddress(), server.address().getPort())) {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(RawClient.request("GET", "/hello", "Connection: close")
                            .getBytes(StandardCharsets.US_ASCII));
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 200").endsWith("hello");
            X509Certificate of = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return of.getSubjectX500Principal().getName();
        }
    }

    @Test
    void aNewCertificateIsTakenWhileItServes() throws Exception {
        try (HttpServer server = start()) {
            assertThat(ask(server)).isEqualTo("CN=first");

            make("second");
            await().atMost(Duration.ofSeconds(30)).until(() -> ask(server).equals("CN=second"));

            assertThat(ask(server)).isEqualTo("CN=second");
        }
    }

    @Test
    void whatCannotBeReadLeavesTheOldCertificateInForce() throws Exception {
        Tls tls = Tls.open(certificate, key);
        var first = tls.context();

        Files.writeString(certificate, "no certificate");
        tls.refresh();
        assertThat(tls.context()).isSameAs(first);
        make("mended");
        tls.refresh();
        assertThat(tls.context()).isNotSameAs(first);
    }

    @Test
    void refusesToStartWithFilesThatAreOfNoUse() throws Exception {
        Files.writeString(key, "no key");

        assertThatThrownBy(this::start).hasMessageContainingAll("cannot be used with the key", "server.tls.key");
    }

    /** The tests are about which certificate it is, not about who signed it. */
    private static final class TrustAll implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
