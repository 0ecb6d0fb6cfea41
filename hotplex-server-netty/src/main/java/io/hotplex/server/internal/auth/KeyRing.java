package io.hotplex.server.internal.auth;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.List;
import java.util.Optional;

/** The keys that are valid now. Thread-safe: the list is replaced as a whole. */
public final class KeyRing {
    private volatile List<ApiKey> keys;

    public KeyRing(List<ApiKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Puts other keys in the place of all. */
    public void replace(List<ApiKey> others) {
        keys = List.copyOf(others);
    }

    /** Whether a key that was found before is still valid, for the same owner and scopes. Its quota may be another. */
    public boolean holds(ApiKey known) {
        return keys.stream()
                .anyMatch(key ->
                        key.sha256().equals(known.sha256()) && key.principal().equals(known.principal()));
    }

    /**
     * What a principal may use: as its key says.
     *
     * @throws HotPlexException UNAUTHENTICATED when the key is valid no longer
     */
    public Quota quota(Principal principal) {
        return keys.stream()
                .filter(key -> key.principal().keyId().equals(principal.keyId()))
                .findFirst()
                .map(ApiKey::quota)
                .orElseThrow(() -> new HotPlexException(ErrorCode.UNAUTHENTICATED, "the key is not valid any longer"));
    }

    /** The key with this secret. Looks at all of them whichever matches, so that the time tells nothing. */
    public Optional<ApiKey> find(String secret) {
        String hash = ApiKey.hash(secret);
        ApiKey found = null;
        for (ApiKey key : keys) {
            if (key.matches(hash)) {
                found = key;
            }
        }
        return Optional.ofNullable(found);
    }
}
