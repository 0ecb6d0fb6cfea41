package io.hotplex.server;

import static io.hotplex.core.config.ValueType.choice;
import static io.hotplex.core.config.ValueType.count;
import static io.hotplex.core.config.ValueType.duration;
import static io.hotplex.core.config.ValueType.flag;
import static io.hotplex.core.config.ValueType.listOf;
import static io.hotplex.core.config.ValueType.orNone;
import static io.hotplex.core.config.ValueType.path;
import static io.hotplex.core.config.ValueType.size;
import static io.hotplex.core.config.ValueType.text;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.core.config.ConfigKey;
import io.hotplex.core.config.ConfigTable;
import io.hotplex.core.config.ConfigValues;
import io.hotplex.core.config.ValueType;
import io.hotplex.server.internal.net.Network;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The settings of a gateway. Immutable and thread-safe.
 *
 * <p>Made like {@link io.hotplex.core.EngineConfig}: the constants below are the table that reading, defaults,
 * documentation and checks come from. Keys of the gateway begin with {@code server.}, so that both models fit into one
 * file.
 */
public final class ServerConfig {
    private static final ConfigTable KEYS = new ConfigTable("the server");

    private static final int MANY = 1_000_000;
    private static final long GIB = 1L << 30;
    private static final Pattern ORIGIN_TEXT = Pattern.compile("(?:https?|[a-z][a-z0-9+.-]*)://[^/?#\\s]{1,255}");
    private static final Pattern OPENCODE_PATH_TEXT =
            Pattern.compile("none|/|/(?!v1$|v1/|ws$|ws/|health$|health/|admin$|admin/|console$|console/|metrics$)"
                    + "[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*");
    private static final Pattern HOST_TEXT = Pattern.compile("[A-Za-z0-9._:\\[\\]-]{1,255}");

    public static final ConfigKey<String> HOST = key(
            "server.host",
            text("a host name or address", HOST_TEXT),
            "127.0.0.1",
            "Address to listen on. Beyond this machine only with a key.");
    public static final ConfigKey<Integer> PORT =
            key("server.port", count(0, 65_535), "8080", "Port to listen on; 0 takes any free one.");
    public static final ConfigKey<String> TRANSPORT = key(
            "server.transport",
            choice("auto", "io_uring", "epoll", "nio"),
            "auto",
            "How sockets are waited for; auto takes epoll where it works, else nio.");
    public static final ConfigKey<Optional<Path>> TLS_CERTIFICATE = key(
            "server.tls.certificate",
            orNone(path()),
            "none",
            "PEM file with the certificate and those that it depends on; read again when it changes.");
    public static final ConfigKey<Optional<Path>> TLS_KEY = key(
            "server.tls.key", orNone(path()), "none", "PEM file with the certificate's private key, not encrypted.");

    public static final ConfigKey<String> AUTHENTICATION = key(
            "server.authentication",
            choice("required", "none"),
            "required",
            "Whether a key is needed; none lets everybody on this machine do everything.");
    public static final ConfigKey<List<String>> ALLOWED_HOSTS = key(
            "server.allowed-hosts",
            listOf(text("a host name", HOST_TEXT)),
            "",
            "Names that requests may have in Host, besides localhost, server.host and addresses.");
    public static final ConfigKey<List<String>> ALLOWED_ORIGINS = key(
            "server.allowed-origins",
            listOf(text("an origin such as https://app.example.com", ORIGIN_TEXT)),
            "",
            "Origins of web pages that may use the server, besides its own.");
    public static final ConfigKey<List<String>> TRUSTED_PROXIES = key(
            "server.trusted-proxies",
            listOf(text("an address or a network such as 10.0.0.0/8", Network::isNetwork)),
            "",
            "Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.");
    public static final ConfigKey<Integer> REQUESTS_PER_SECOND_PER_ADDRESS = key(
            "server.requests-per-second-per-address",
            count(1, MANY),
            "200",
            "Requests of one client address in a second; others get 429.");

    public static final ConfigKey<Integer> IO_THREADS =
            key("server.io-threads", count(1, 64), "2", "Threads that serve connections.");
    public static final ConfigKey<Integer> WORKER_THREADS = key(
            "server.worker-threads", count(1, 1024), "32", "Requests that are worked on at the same time, at most.");
    public static final ConfigKey<Integer> WORKER_QUEUE =
            key("server.worker-queue", count(1, MANY), "1024", "Requests that may wait for a thread; others get 503.");

    public static final ConfigKey<Integer> MAX_CONNECTIONS =
            key("server.max-connections", count(1, MANY), "20000", "Open connections in all.");
    public static final ConfigKey<Integer> MAX_CONNECTIONS_PER_ADDRESS = key(
            "server.max-connections-per-address", count(1, MANY), "1000", "Open connections of one client address.");
    public static final ConfigKey<Long> MAX_REQUEST_LINE_BYTES =
            key("server.max-request-line-bytes", size(256, 1 << 20), "8KiB", "Longest request line.");
    public static final ConfigKey<Long> MAX_HEADER_BYTES =
            key("server.max-header-bytes", size(256, 1 << 20), "16KiB", "Headers of a request together.");
    public static final ConfigKey<Long> MAX_BODY_BYTES = key(
            "server.max-body-bytes",
            size(1, GIB),
            "24MiB",
            "Largest body of a request, and largest message of a WebSocket.");
    public static final ConfigKey<Long> MAX_BODIES_BYTES = key(
            "server.max-bodies-bytes",
            size(1 << 10, 1L << 40),
            "256MiB",
            "Bodies of requests and messages of WebSockets that are being received, together; beyond it, 503 and 1013.");
    public static final ConfigKey<Long> MAX_PENDING_BYTES = key(
            "server.max-pending-bytes",
            size(64 << 10, GIB),
            "64MiB",
            "What may wait to be sent on one connection; beyond it, the connection is closed.");
    public static final ConfigKey<Duration> HEADER_TIMEOUT = key(
            "server.header-timeout",
            duration(),
            "10s",
            "From the first byte of a request to the end of its headers; also for a TLS handshake.");
    public static final ConfigKey<Duration> BODY_TIMEOUT = key(
            "server.body-timeout",
            duration(),
            "60s",
            "From the end of a request's headers to the end of its body, and from the first byte of a WebSocket's message"
                    + " to its last.");
    public static final ConfigKey<Duration> KEEP_ALIVE_TIMEOUT = key(
            "server.keep-alive-timeout", duration(), "75s", "How long a connection may stay open between requests.");
    public static final ConfigKey<Integer> KEEP_ALIVE_REQUESTS =
            key("server.keep-alive-requests", count(1, MANY), "10000", "Requests of one connection.");
    public static final ConfigKey<Duration> STALL_TIMEOUT = key(
            "server.stall-timeout",
            duration(),
            "2m",
            "A client that takes nothing of what waits for it for this long is cut off.");
    public static final ConfigKey<Duration> PING_INTERVAL = key(
            "server.ping-interval",
            duration(),
            "20s",
            "How often a quiet WebSocket is pinged; one that misses two pings is closed.");
    public static final ConfigKey<Duration> DRAIN_TIMEOUT = key(
            "server.drain-timeout",
            duration(),
            "10s",
            "How long requests and streams may take to end when the server stops.");

    public static final ConfigKey<Duration> HEARTBEAT_INTERVAL = key(
            "server.heartbeat-interval",
            duration(),
            "15s",
            "How often a stream of events gets a comment, so that both sides notice when the other is gone.");

    public static final ConfigKey<Path> DEFAULT_WORK_DIR = key(
            "server.default-work-dir",
            path(),
            "~/.hotplex/work",
            "Where agents work when a client names no directory; made when it is first used.");
    public static final ConfigKey<List<String>> CLIENT_OPTIONS = key(
            "server.client-options",
            listOf(choice("environment", "mcp-config", "agent-session", "confinement")),
            "",
            "What clients may set although it gives power over this machine, or over conversations that are not theirs.");
    public static final ConfigKey<String> DISCONNECT_POLICY = key(
            "server.disconnect-policy",
            choice("keep", "interrupt"),
            "keep",
            "What becomes of a session's turns when the last client that follows it goes.");
    public static final ConfigKey<Duration> DISCONNECT_GRACE = key(
            "server.disconnect-grace",
            duration(),
            "30s",
            "How long a client has to come back before server.disconnect-policy interrupts.");

    /** The value of {@link #OPENCODE_PATH} that serves nothing of it. */
    public static final String NO_OPENCODE = "none";

    public static final ConfigKey<String> OPENCODE_PATH = key(
            "server.opencode-path",
            text("/, a path such as /opencode, or none", OPENCODE_PATH_TEXT),
            "/",
            "Where OpenCode's clients find what they use: / is where they look for it; none serves nothing of it.");

    public static final ConfigKey<String> TRACING = key(
            "server.tracing",
            choice("auto", "on", "off"),
            "auto",
            "Whether traces are sent with OpenTelemetry; auto sends them if a variable OTEL_… names where to.");
    public static final ConfigKey<Boolean> TRACING_CONTENT =
            key("server.tracing-content", flag(), "false", "Whether spans have prompts and answers.");

    public static final ConfigKey<Optional<Integer>> METRICS_PORT = key(
            "server.metrics-port",
            orNone(count(0, 65_535)),
            "none",
            "Port of its own for /metrics, which is there alone then; 0 takes any free one.");
    public static final ConfigKey<String> METRICS_HOST = key(
            "server.metrics-host",
            text("a host name or address", HOST_TEXT),
            "127.0.0.1",
            "Address of server.metrics-port. On this machine no key is needed there, beyond it one with the scope admin.");

    /** Begins the names of settings of keys: {@code server.keys.<name>.<setting>}. */
    public static final String KEY_PREFIX = "server.keys.";

    private final ConfigValues values;
    private final List<KeyConfig> clientKeys;

    private ServerConfig(ConfigValues values, List<KeyConfig> clientKeys) {
        this.values = values;
        this.clientKeys = List.copyOf(clientKeys);
    }

    /** A builder that has every default. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Reads settings from text; keys that are not there have their defaults.
     *
     * @throws HotPlexException CONFIG_INVALID for an unknown key, an unreadable value, or settings that contradict each
     *     other
     */
    public static ServerConfig fromProperties(Map<String, String> properties) {
        Builder builder = builder();
        properties.forEach(builder::set);
        return builder.build();
    }

    /** Every key, in the order of documentation. */
    public static List<ConfigKey<?>> keys() {
        return KEYS.keys();
    }

    /** The value of a setting. */
    public <T> T get(ConfigKey<T> key) {
        return values.get(key);
    }

    /** The keys that clients may have. */
    public List<KeyConfig> clientKeys() {
        return clientKeys;
    }

    /** All settings but those of client keys, as text, defaults included. In the order of {@link #keys()}. */
    public Map<String, String> toProperties() {
        return values.toProperties();
    }

    /** This one with another's keys for clients, and another's values of some settings. */
    ServerConfig with(ServerConfig other, Collection<ConfigKey<?>> settings) {
        Map<String, String> all = new LinkedHashMap<>(toProperties());
        Map<String, String> others = other.toProperties();
        settings.forEach(key -> all.put(key.name(), Objects.requireNonNull(others.get(key.name()), key.name())));
        return new ServerConfig(fromProperties(all).values, other.clientKeys);
    }

    /** This one for a listener of few requests somewhere else. */
    ServerConfig beside(String host, int port) {
        Map<String, String> all = new LinkedHashMap<>(toProperties());
        all.put(HOST.name(), host);
        all.put(PORT.name(), Integer.toString(port));
        all.put(IO_THREADS.name(), "1");
        all.put(WORKER_THREADS.name(), "2");
        return new ServerConfig(fromProperties(all).values, clientKeys);
    }

    @Override
    public String toString() {
        return "ServerConfig" + values;
    }

    private static <T> ConfigKey<T> key(String name, ValueType<T> type, String defaultText, String description) {
        return KEYS.key(name, type, defaultText, description);
    }

    /** Collects settings. Not thread-safe. */
    public static final class Builder {
        private final ConfigValues.Builder values = ConfigValues.builder(KEYS);
        private final Map<String, Map<String, String>> clientKeys = new LinkedHashMap<>();

        private Builder() {}

        /**
         * Sets a value.
         *
         * @throws HotPlexException CONFIG_INVALID when the value is out of the key's range
         */
        public <T> Builder set(ConfigKey<T> key, T value) {
            values.set(key, value);
            return this;
        }

        /**
         * Sets a value from text.
         *
         * @throws HotPlexException CONFIG_INVALID when the key is unknown or its value cannot be read
         */
        public Builder set(String name, String text) {
            if (!name.startsWith(KEY_PREFIX)) {
                values.set(name, text);
                return this;
            }
            int dot = name.indexOf('.', KEY_PREFIX.length());
            if (dot < 0 || dot == name.length() - 1) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID, name + " (expected: " + KEY_PREFIX + "<name>.<setting>)");
            }
            clientKeys
                    .computeIfAbsent(name.substring(KEY_PREFIX.length(), dot), id -> new LinkedHashMap<>())
                    .put(name.substring(dot + 1), text);
            return this;
        }

        /**
         * The settings.
         *
         * @throws HotPlexException CONFIG_INVALID when settings contradict each other
         */
        public ServerConfig build() {
            ConfigValues config = values.build();
            if (config.get(TLS_CERTIFICATE).isPresent() != config.get(TLS_KEY).isPresent()) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        TLS_CERTIFICATE + " and " + TLS_KEY + ": one of them is set (expected: both or none)");
            }
            List<KeyConfig> keys = new ArrayList<>();
            clientKeys.forEach((id, settings) -> keys.add(KeyConfig.fromProperties(id, settings)));
            return new ServerConfig(config, keys);
        }
    }
}
