package io.hotplex.server.internal.auth;

import java.util.List;
import java.util.Optional;

/** The keys that are valid now. Thread-safe: the list is replaced as a whole. */
public final class KeyRing {
    private volatile List<ApiKey> keys;

    public KeyRing(List<ApiKey> keys) {
        this.keys = List.copyOf(keys);
    }

    /** Puts other keys in the place of all. Requests that were let in before go on. */
    public void replace(List<ApiKey> others) {
        keys = List.copyOf(others);
    }

    /** Whether nobody can be let in. */
    public boolean isEmpty() {
        return keys.isEmpty();
    }

    /** What a principal may use: as its key says, as long as that is valid. */
    public Quota quota(Principal principal) {
        return keys.stream()
                .filter(key -> key.principal().keyId().equals(principal.keyId()))
                .findFirst()
                .map(ApiKey::quota)
                .orElse(Quota.UNLIMITED);
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
