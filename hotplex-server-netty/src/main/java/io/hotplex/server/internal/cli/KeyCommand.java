package io.hotplex.server.internal.cli;

import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.TokenFile;

/** {@code hotplex key}: a new key, and the hash that a configuration file knows it by. */
final class KeyCommand {
    private final Lane out;

    KeyCommand(Lane out) {
        this.out = out;
    }

    /** The result is the exit code. */
    int run() {
        String key = TokenFile.newToken();
        out.line("key:    " + key);
        out.line("sha256: " + ApiKey.hash(key));
        return ExitCode.OK;
    }
}
