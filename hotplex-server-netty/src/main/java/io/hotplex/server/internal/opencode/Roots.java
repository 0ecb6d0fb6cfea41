package io.hotplex.server.internal.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionInfo;
import io.hotplex.server.internal.http.Request;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;

/**
 * Where clients may look at files: in the directories that own sessions work in, and nowhere else; links that lead out
 * of there lead nowhere. Thread-safe.
 */
final class Roots {
    /** Sessions are looked at, and woken for that, from the newest on. */
    private static final int LOOKED_AT = 500;

    private final Clients clients;

    Roots(Clients clients) {
        this.clients = clients;
    }

    /**
     * The directory of a request, if a session of the principal works in it or above it.
     *
     * @throws HotPlexException FORBIDDEN
     */
    Path root(Request request) {
        Path asked = Path.of(clients.directories().of(request));
        boolean own = clients.mirrors().of(request.principal()).stream()
                        .anyMatch(mirror ->
                                asked.startsWith(mirror.session().spec().workDir()))
                || clients.access().list(request.principal()).stream()
                        .sorted(Comparator.comparing(SessionInfo::lastActivity).reversed())
                        .limit(LOOKED_AT)
                        .anyMatch(info -> clients.access()
                                .find(request.principal(), info.id())
                                .filter(session ->
                                        asked.startsWith(session.spec().workDir()))
                                .isPresent());
        if (!own) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN, "no session of yours works in this directory: files of others are not shown");
        }
        return asked;
    }

    /**
     * A file below a root.
     *
     * @param path relative to it
     * @throws HotPlexException FORBIDDEN when it is, in the end, elsewhere; INVALID_ARGUMENT; ROUTE_NOT_FOUND when it
     *     is not there
     */
    static Path within(Path root, String path) {
        try {
            Path named = root.resolve(path).normalize();
            if (!named.startsWith(root)) {
                throw outside();
            }
            if (!Files.exists(named)) {
                throw new HotPlexException(ErrorCode.ROUTE_NOT_FOUND, "there is no such file");
            }
            Path real = Directories.real(named);
            if (!real.startsWith(root)) {
                throw outside();
            }
            return real;
        } catch (InvalidPathException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "path is not a path", e);
        }
    }

    private static HotPlexException outside() {
        return new HotPlexException(
                ErrorCode.FORBIDDEN, "path leads out of the directory (expected: a path relative to it)");
    }
}
