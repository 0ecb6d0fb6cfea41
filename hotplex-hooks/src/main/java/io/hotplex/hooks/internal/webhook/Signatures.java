package io.hotplex.hooks.internal.webhook;

import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.hooks.internal.http.Secret;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Signs bodies as Standard Webhooks asks: HMAC-SHA256 over {@code id.timestamp.body}, in Base64 after {@code v1,};
 * while secrets are exchanged once with each. Immutable.
 */
final class Signatures {
    private static final String PREFIX = "whsec_";
    private static final int LEAST_BYTES = 24;
    private static final int MOST_BYTES = 64;

    private final HookConfig config;
    private final @Nullable Secret current;
    private final @Nullable Secret previous;

    private Signatures(HookConfig config, @Nullable Secret current, @Nullable Secret previous) {
        this.config = config;
        this.current = current;
        this.previous = previous;
    }

    /** @throws io.hotplex.api.HotPlexException CONFIG_INVALID when a secret is missing or malformed */
    static Signatures of(HookConfig config, Surroundings surroundings) {
        Secret current = Secret.of(config, "secret", surroundings);
        Secret previous = Secret.of(config, "previous-secret", surroundings);
        if (current == null && previous != null) {
            throw config.invalid("previous-secret-env", "secret-env or secret-file as well");
        }
        Signatures signatures = new Signatures(config, current, previous);
        signatures.keys();
        return signatures;
    }

    boolean configured() {
        return current != null;
    }

    /** What the header {@code webhook-signature} says, or {@code null} when there is no secret. */
    @Nullable
    String sign(String id, long timestamp, byte[] body) {
        List<String> signatures = new ArrayList<>();
        for (byte[] key : keys()) {
            byte[] mac = mac(key, (id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8), body);
            signatures.add("v1," + Base64.getEncoder().encodeToString(mac));
        }
        return signatures.isEmpty() ? null : String.join(" ", signatures);
    }

    /** What HotPlex for Go sends as {@code X-HotPlex-Signature}: in hexadecimal, with the secret's text as the key. */
    @Nullable
    String classic(byte[] body) {
        return current == null
                ? null
                : HexFormat.of().formatHex(mac(current.value().getBytes(StandardCharsets.UTF_8), body));
    }

    private List<byte[]> keys() {
        return Stream.of(current, previous)
                .filter(Objects::nonNull)
                .map(Objects::requireNonNull)
                .map(secret -> key(secret.value()))
                .toList();
    }

    private byte[] key(String secret) {
        try {
            byte[] key =
                    Base64.getDecoder().decode(secret.startsWith(PREFIX) ? secret.substring(PREFIX.length()) : secret);
            if (key.length >= LEAST_BYTES && key.length <= MOST_BYTES) {
                return key;
            }
        } catch (IllegalArgumentException e) {
            // reported below
        }
        throw config.invalid(
                "secret",
                "whsec_ and " + LEAST_BYTES + " to " + MOST_BYTES + " bytes in Base64, in its variable or file");
    }

    private static byte[] mac(byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            for (byte[] part : parts) {
                mac.update(part);
            }
            return mac.doFinal();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every Java has HmacSHA256", e);
        }
    }
}
