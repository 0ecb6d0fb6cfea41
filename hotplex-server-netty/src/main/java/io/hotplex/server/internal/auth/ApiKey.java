package io.hotplex.server.internal.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * A key, known by its hash. A plain SHA-256 is enough: keys are long and random, not chosen by people.
 *
 * @param sha256 of the key's UTF-8 bytes, in lower case hexadecimal
 * @param quota what its holder may use
 */
public record ApiKey(String sha256, Principal principal, Quota quota) {
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    public ApiKey {
        if (!HASH.matcher(sha256).matches()) {
            throw new IllegalArgumentException("sha256: not 64 digits of lower case hexadecimal");
        }
    }

    /** A key that is known in the clear. */
    public static ApiKey of(String secret, Principal principal, Quota quota) {
        return new ApiKey(hash(secret), principal, quota);
    }

    /** Compares in a time that does not depend on where they differ. */
    boolean matches(String hash) {
        return MessageDigest.isEqual(
                sha256.getBytes(StandardCharsets.US_ASCII), hash.getBytes(StandardCharsets.US_ASCII));
    }

    /** The hash that a secret is known by. */
    public static String hash(String secret) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(secret.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Without the hash, which would help who wants to guess. */
    @Override
    public String toString() {
        return "ApiKey[" + principal.keyId() + ", owner=" + principal.owner() + ", scopes=" + principal.scopes() + "]";
    }
}
