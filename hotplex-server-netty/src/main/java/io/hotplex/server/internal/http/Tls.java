package io.hotplex.server.internal.http;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The certificate of a server, read again when its files change. Thread-safe: the context is replaced as a whole, and
 * connections keep the one that they began with.
 */
final class Tls {
    private static final Logger log = LoggerFactory.getLogger(Tls.class);

    private final Path certificate;
    private final Path key;
    private volatile SslContext context;
    /** Touched by {@link #refresh} alone, which does not overlap with itself. */
    private String seen;

    private Tls(Path certificate, Path key, SslContext context, String seen) {
        this.certificate = certificate;
        this.key = key;
        this.context = context;
        this.seen = seen;
    }

    /** @throws HotPlexException CONFIG_INVALID when the files cannot be read or do not belong together */
    static Tls open(Path certificate, Path key) {
        String seen = state(certificate, key);
        return new Tls(certificate, key, read(certificate, key), seen);
    }

    SslContext context() {
        return context;
    }

    /** Lets one of these look whether the files changed; when none is free, the next look is soon enough. */
    void refreshOn(Executor workers) {
        try {
            workers.execute(this::refresh);
        } catch (RejectedExecutionException e) {
            log.debug("no thread is free to look at {}", certificate);
        }
    }

    /** Looks whether the files changed. What cannot be read leaves everything as it was, and is reported once. */
    synchronized void refresh() {
        String now = state(certificate, key);
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            context = read(certificate, key);
            log.info("the certificate was read again from {}", certificate);
        } catch (HotPlexException e) {
            log.warn("the certificate is still the old one: {}", e.getMessage());
        }
    }

    private static SslContext read(Path certificate, Path key) {
        try {
            Pem.Pair pair = Pem.read(certificate, key);
            return SslContextBuilder.forServer(pair.key(), pair.chain().toArray(X509Certificate[]::new))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "the certificate " + certificate + " cannot be used with the key " + key + " (" + e.getMessage()
                            + "); expected: PEM files, see server.tls.certificate, server.tls.key",
                    e);
        }
    }

    private static String state(Path... files) {
        StringBuilder state = new StringBuilder();
        for (Path file : files) {
            try {
                FileTime modified = Files.getLastModifiedTime(file);
                state.append(modified.toMillis()).append('/').append(Files.size(file));
                state.append('/').append(file.toRealPath()).append(' ');
            } catch (IOException e) {
                state.append("missing ");
            }
        }
        return state.toString();
    }
}
