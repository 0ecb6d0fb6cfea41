package io.hotplex.hooks.internal.http;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.HookConfig;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import okhttp3.Connection;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/** Sends requests to one receiver, to addresses that may be called alone. Thread-safe. */
public final class HookClient implements AutoCloseable {
    /** Settings that everything has that speaks HTTP. */
    public static final Set<String> KEYS = Set.of("timeout", "connect-timeout", "proxy", "trust", "allow-networks");

    /** Who asks to be left alone for longer has a clock that is wrong. */
    private static final Duration LONGEST_PAUSE = Duration.ofDays(1);

    private static final int OK = 200;
    private static final int REDIRECT = 300;
    private static final int GONE = 410;
    private static final int TOO_LARGE = 413;

    private final HttpUrl url;
    private final GuardedDns dns;
    private final boolean direct;
    private final OkHttpClient http;

    private HookClient(HttpUrl url, GuardedDns dns, boolean direct, OkHttpClient http) {
        this.url = url;
        this.dns = dns;
        this.direct = direct;
        this.http = http;
    }

    /**
     * @param url where requests go, {@code http} or {@code https}
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID
     */
    public static HookClient of(HookConfig config, String key, String url) {
        HttpUrl parsed = HttpUrl.parse(url);
        if (parsed == null || !parsed.username().isEmpty() || parsed.fragment() != null) {
            throw config.invalid(key, "an http or https URL without user and fragment");
        }
        List<Network> allowed = new ArrayList<>();
        for (String text : config.list("allow-networks", "")) {
            Network network = Network.parse(text);
            if (network == null) {
                throw config.invalid("allow-networks", "networks such as 10.0.0.0/8 or ::1");
            }
            allowed.add(network);
        }
        GuardedDns dns = new GuardedDns(allowed, !parsed.isHttps(), Dns.SYSTEM);
        Proxy proxy = proxy(config);
        boolean direct = proxy.type() == Proxy.Type.DIRECT;
        OkHttpClient.Builder client = new OkHttpClient.Builder()
                .callTimeout(config.duration("timeout", "20s"))
                .readTimeout(config.duration("timeout", "20s"))
                .writeTimeout(config.duration("timeout", "20s"))
                .connectTimeout(config.duration("connect-timeout", "5s"))
                .followRedirects(false)
                .followSslRedirects(false)
                .proxy(proxy)
                .dns(direct ? dns : Dns.SYSTEM);
        if (direct) {
            client.addNetworkInterceptor(
                    chain -> { // the second line: whatever led here, nothing is sent there
                        Connection connection = chain.connection();
                        if (connection != null) {
                            dns.check(
                                    parsed.host(),
                                    connection.route().socketAddress().getAddress());
                        }
                        return chain.proceed(chain.request());
                    });
        }
        trust(config, client);
        return new HookClient(parsed, dns, direct, client.build());
    }

    private static Proxy proxy(HookConfig config) {
        String text = config.text("proxy");
        if (text == null) {
            return Proxy.NO_PROXY; // the JVM's own settings are for others
        }
        try {
            URI uri = URI.create(text);
            if ("http".equals(uri.getScheme()) && uri.getHost() != null && uri.getPort() > 0) {
                return new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), uri.getPort()));
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw config.invalid("proxy", "http://host:port");
    }

    private static void trust(HookConfig config, OkHttpClient.Builder client) {
        String file = config.text("trust");
        if (file == null) {
            return;
        }
        try (InputStream pem = Files.newInputStream(Path.of(file))) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int count = 0;
            for (Certificate certificate :
                    CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("ca-" + count++, certificate);
            }
            TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            factory.init(store);
            for (TrustManager manager : factory.getTrustManagers()) {
                if (manager instanceof X509TrustManager trusted && count > 0) {
                    SSLContext context = SSLContext.getInstance("TLS");
                    context.init(null, new TrustManager[] {trusted}, null);
                    client.sslSocketFactory(context.getSocketFactory(), trusted);
                    return;
                }
            }
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            // reported below
        }
        throw config.invalid("trust", "a PEM file with certificates");
    }

    /** Where requests go. */
    public HttpUrl url() {
        return url;
    }

    /** Sends a request to a path below the client's own host and hands the answer to a reader. Blocks. */
    public <T> T send(Request request, Reader<T> reader) throws IOException {
        String host = request.url().host();
        if (direct && Network.isLiteral(host)) {
            dns.check(host, InetAddress.getByName(host)); // the client asks nobody for these
        }
        try (Response response = http.newCall(request).execute()) {
            return reader.read(response);
        }
    }

    /** Reads an answer. */
    @FunctionalInterface
    public interface Reader<T> {
        T read(Response response) throws IOException;
    }

    /** Sends a request; what the answer says apart from its status does not count. */
    public Delivery deliver(Request request) {
        try {
            return send(request, HookClient::outcome);
        } catch (GuardedDns.ForbiddenAddressException e) {
            return Delivery.retry("not called: " + e.getMessage());
        } catch (IOException e) {
            return Delivery.retry("no answer: " + e.getClass().getSimpleName());
        }
    }

    /** How a status counts. */
    public static Delivery outcome(Response response) {
        int status = response.code();
        if (status >= OK && status < REDIRECT) {
            return Delivery.DONE;
        }
        if (status == GONE) {
            return new EventHook.Gone("the receiver answered 410");
        }
        if (status == TOO_LARGE) {
            return new EventHook.Refused("the receiver answered 413");
        }
        return new EventHook.Retry("the receiver answered " + status, retryAfter(response.header("Retry-After")));
    }

    /** How long the receiver wants to be left alone: seconds, or until a date; {@code null} when it did not say. */
    public static @Nullable Duration retryAfter(@Nullable String header) {
        if (header == null) {
            return null;
        }
        try {
            Duration asked = header.strip().matches("[0-9]{1,9}")
                    ? Duration.ofSeconds(Long.parseLong(header.strip()))
                    : Duration.between(
                            Instant.now(),
                            ZonedDateTime.parse(
                                    header.strip(), DateTimeFormatter.RFC_1123_DATE_TIME.withLocale(Locale.ROOT)));
            return asked.isNegative() ? null : asked.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : asked;
        } catch (DateTimeParseException e) {
            return null;
        }
    }

    /** The beginning of a body, as text. */
    public static String excerpt(Response response, int maxBytes) throws IOException {
        ResponseBody body = response.body();
        return new String(body.byteStream().readNBytes(maxBytes), java.nio.charset.StandardCharsets.UTF_8);
    }

    /** Ends calls that run. */
    @Override
    public void close() {
        http.dispatcher().cancelAll();
        http.dispatcher().executorService().shutdown();
        http.connectionPool().evictAll();
    }
}
