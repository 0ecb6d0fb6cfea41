package io.hotplex.server.internal.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.Request;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Which directory a request is about. OpenCode has one project for each, and shows the sessions of that. Immutable. */
final class Directories {
    private static final String QUERY = "directory";
    private static final String HEADER = "x-opencode-directory";

    private final Path byDefault;

    /** @param byDefault of who names none */
    Directories(Path byDefault) {
        this.byDefault = byDefault.toAbsolutePath().normalize();
    }

    /** The directory of who names none; it may not be there yet. */
    Path byDefault() {
        return byDefault;
    }

    /** What a request names, as it is named; {@code null} when it names none. */
    @Nullable
    String named(Request request) {
        String query = request.query(QUERY);
        String header = request.headers().first(HEADER);
        String named = query != null && !query.isEmpty() ? query : header == null ? null : decoded(header);
        return named == null || named.isEmpty() ? null : named;
    }

    /** The directory of a request: links resolved, as far as it exists. */
    String of(Request request) {
        return real(path(named(request))).toString();
    }

    /**
     * The directory that a client names.
     *
     * @throws HotPlexException INVALID_ARGUMENT when it is no path
     */
    private Path path(@Nullable String named) {
        try {
            return named == null ? byDefault : byDefault.resolve(named).normalize();
        } catch (InvalidPathException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "directory is not a path", e);
        }
    }

    static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path; // it is not there: nothing works in it
        }
    }

    /** Clients encode it, or not. */
    private static String decoded(String header) {
        try {
            return URLDecoder.decode(header.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            return header;
        }
    }
}
