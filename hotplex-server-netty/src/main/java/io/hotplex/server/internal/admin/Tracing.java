package io.hotplex.server.internal.admin;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.ServerConfig;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The OpenTelemetry SDK, set up by its own variables ({@code OTEL_…}); or none, when nobody wants traces. Thread-safe.
 */
public final class Tracing implements AutoCloseable {
    /** That somebody set one of these says that they want traces. */
    private static final List<String> WISHES =
            List.of("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    /** An exporter whose receiver is away must not hold up the end. */
    private static final long FLUSH_SECONDS = 3;

    private final @Nullable OpenTelemetrySdk sdk;

    private Tracing(@Nullable OpenTelemetrySdk sdk) {
        this.sdk = sdk;
    }

    /** Makes no traces. */
    public static Tracing none() {
        return new Tracing(null);
    }

    /**
     * @param environment where the variables are; those of this process count, too
     * @throws HotPlexException CONFIG_INVALID when the variables make no sense
     */
    public static Tracing open(ServerConfig config, Map<String, String> environment) {
        String wanted = config.get(ServerConfig.TRACING);
        boolean asked = WISHES.stream()
                .anyMatch(name -> !environment.getOrDefault(name, "").isBlank());
        if (wanted.equals("off") || wanted.equals("auto") && !asked) {
            return none();
        }
        try {
            return new Tracing(AutoConfiguredOpenTelemetrySdk.builder()
                    .disableShutdownHook()
                    .addPropertiesSupplier(() -> properties(environment))
                    .build()
                    .getOpenTelemetrySdk());
        } catch (ConfigurationException e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID, "OTEL_… variables: " + e.getMessage() + "; see docs/telemetry.md", e);
        }
    }

    /** Metrics are for Prometheus, and logs for whoever has them; spans go by HTTP unless something else is asked. */
    private static Map<String, String> properties(Map<String, String> environment) {
        Map<String, String> properties = new LinkedHashMap<>();
        properties.put("otel.service.name", "hotplex");
        properties.put("otel.metrics.exporter", "none");
        properties.put("otel.logs.exporter", "none");
        properties.put("otel.exporter.otlp.protocol", "http/protobuf");
        environment.forEach((name, value) -> {
            if (name.startsWith("OTEL_")) {
                properties.put(name.toLowerCase(Locale.ROOT).replace('_', '.'), value);
            }
        });
        return properties;
    }

    /** Takes spans. */
    public OpenTelemetry openTelemetry() {
        return sdk == null ? OpenTelemetry.noop() : sdk;
    }

    /** Sends what waits. */
    @Override
    public void close() {
        if (sdk != null) {
            var unused = sdk.getSdkTracerProvider().shutdown().join(FLUSH_SECONDS, TimeUnit.SECONDS);
            sdk.close();
        }
    }
}
