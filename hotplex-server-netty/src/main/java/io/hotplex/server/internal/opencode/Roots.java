package io.hotplex.server.internal.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionInfo;
import io.hotplex.server.internal.http.Request;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Where clients may look at files: in the directories that own sessions work in, and nowhere else; links that lead out
 * of there lead nowhere. What is the server's own is not shown there, either. Thread-safe.
 */
final class Roots {
    /** Sessions are looked at, and woken for that, from the newest on. */
    private static final int LOOKED_AT = 500;

    private final Clients clients;
    private final Set<Path> secrets;

    /** @param secrets files and directories of the server's own that nobody sees, wherever they are */
    Roots(Clients clients, Set<Path> secrets) {
        this.clients = clients;
        this.secrets = secrets.stream()
                .map(path -> Directories.real(path.toAbsolutePath().normalize()))
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Whether nobody is to see it. Where agents work by default is shown, though it may be in the state directory. */
    boolean isSecret(Path path) {
        Path shown = Directories.real(clients.directories().byDefault());
        return secrets.stream()
                .anyMatch(secret -> path.startsWith(secret) && !(shown.startsWith(secret) && path.startsWith(shown)));
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
                        .anyMatch(info -> Clients.found(clients.access(), request.principal(), info.id())
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
    Path within(Path root, String path) {
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
            if (isSecret(real)) {
                throw new HotPlexException(ErrorCode.FORBIDDEN, "this is the server's own: it is shown to nobody");
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
