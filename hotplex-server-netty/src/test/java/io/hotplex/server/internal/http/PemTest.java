package io.hotplex.server.internal.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Keys and certificates in files, made here by the JDK's keytool. */
class PemTest {
    private static final String PASSWORD = "changeit";

    @TempDir
    static Path made;

    private static Pair first;
    private static Pair second;

    @TempDir
    Path state;

    private record Pair(X509Certificate certificate, String pem, String key) {
        void into(Path directory) throws IOException {
            Files.writeString(directory.resolve("key.pem"), key);
            Files.writeString(directory.resolve("cert.pem"), pem);
        }
    }

    @BeforeAll
    static void make() throws Exception {
        first = pair("first", "EC", "-groupname", "secp256r1");
        second = pair("second", "RSA", "-keysize", "2048");
    }

    private static Pair pair(String name, String algorithm, String... size) throws Exception {
        Path store = made.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        algorithm,
                        size[0],
                        size[1],
                        "-dname",
                        "CN=localhost",
                        "-ext",
                        "SAN=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        PASSWORD,
                        "-keystore",
                        store.toString()))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(keytool.exitValue()).isZero();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD.toCharArray());
        }
        X509Certificate certificate = (X509Certificate) keys.getCertificate(name);
        return new Pair(
                certificate,
                pem("CERTIFICATE", certificate.getEncoded()),
                pem("PRIVATE KEY", keys.getKey(name, PASSWORD.toCharArray()).getEncoded()));
    }

    private static String pem(String type, byte[] bytes) {
        String text = Base64.getMimeEncoder().encodeToString(bytes);
        return "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n";
    }

    @Test
    void aKeyOfAnotherCertificateIsRefusedAtTheStartAndChangesNothingLater() throws Exception {
        first.into(state);
        Path certificate = state.resolve("cert.pem");
        Path key = state.resolve("key.pem");
        Tls tls = Tls.open(certificate, key);
        var before = tls.context();
        Files.writeString(key, second.key());

        tls.refresh();

        assertThat(tls.context()).isSameAs(before);
        assertThatThrownBy(() -> Tls.open(certificate, key))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("do not belong together");
        Files.writeString(certificate, second.pem());
        tls.refresh();
        assertThat(tls.context()).isNotSameAs(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----",
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"
            })
    void whatIsNoKeyIsRefused(String text) throws IOException {
        first.into(state);
        Files.writeString(state.resolve("key.pem"), text);

        assertThatThrownBy(() -> Tls.open(state.resolve("cert.pem"), state.resolve("key.pem")))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("server.tls.key");
    }

    @Test
    void aLookThatNoThreadIsFreeForIsNotTheLast() throws IOException {
        first.into(state);
        Tls tls = Tls.open(state.resolve("cert.pem"), state.resolve("key.pem"));
        var before = tls.context();
        second.into(state);

        tls.refreshOn(task -> {
            throw new RejectedExecutionException("full");
        });
        assertThat(tls.context()).isSameAs(before);
        tls.refreshOn(Runnable::run);

        assertThat(tls.context()).isNotSameAs(before);
    }
}
