package io.hotplex.server.internal.console;

import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import io.hotplex.server.internal.http.Route;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;

/**
 * The page at {@code /}, and the files that it is made of. It needs no key: it asks its user for one. Each file is read
 * once; there is no way from a path to any other.
 */
public final class ConsoleRoutes {
    private static final String HTML = "text/html; charset=utf-8";
    private static final String SCRIPT = "text/javascript; charset=utf-8";

    /**
     * Nothing but our own files is loaded, nothing is sent elsewhere, no text becomes script or markup whatever the
     * page does with it, and nobody shows the page in a frame.
     */
    static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
            + " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
            + " require-trusted-types-for 'script'; trusted-types 'none'";

    /** A new version of the server has other files of the same name, so browsers ask every time; mostly that is all. */
    private static final Map<String, String> HEADERS = Map.of(
            "Cache-Control", "no-cache",
            "Content-Security-Policy", POLICY,
            "Cross-Origin-Opener-Policy", "same-origin",
            "Cross-Origin-Resource-Policy", "same-origin",
            "Referrer-Policy", "no-referrer",
            "X-Frame-Options", "DENY");

    private ConsoleRoutes() {}

    /** Every file of the page. */
    public static List<Route> all() {
        return Stream.of(
                        new File("/", "index.html", HTML),
                        new File("/console/console.css", "console.css", "text/css; charset=utf-8"),
                        new File("/console/icon.svg", "icon.svg", "image/svg+xml"),
                        new File("/console/gateway.mjs", "gateway.mjs", SCRIPT),
                        new File("/console/main.mjs", "main.mjs", SCRIPT),
                        new File("/console/model.mjs", "model.mjs", SCRIPT),
                        new File("/console/text.mjs", "text.mjs", SCRIPT),
                        new File("/console/view.mjs", "view.mjs", SCRIPT))
                .map(ConsoleRoutes::route)
                .toList();
    }

    private record File(String path, String resource, String type) {}

    private static Route route(File file) {
        byte[] content = read(file.resource());
        String tag = tag(content);
        Response.Whole whole = Response.of(200, file.type(), content);
        Response.Whole unchanged = Response.empty(304);
        for (Map.Entry<String, String> header : HEADERS.entrySet()) {
            whole = whole.with(header.getKey(), header.getValue());
            unchanged = unchanged.with(header.getKey(), header.getValue());
        }
        CompletionStage<Response> sent = CompletableFuture.completedFuture(whole.with("ETag", tag));
        CompletionStage<Response> known = CompletableFuture.completedFuture(unchanged.with("ETag", tag));
        return Route.of("GET", file.path(), Access.PUBLIC, request -> has(request, tag) ? known : sent);
    }

    /** Whether the browser has this version; a proxy may have marked the tag as weak. */
    private static boolean has(Request request, String tag) {
        return request.headers().all("If-None-Match").stream()
                .flatMap(header -> Stream.of(header.split(",", -1)))
                .map(String::strip)
                .anyMatch(known -> known.equals("*") || known.equals(tag) || known.equals("W/" + tag));
    }

    private static byte[] read(String name) {
        try (InputStream file = ConsoleRoutes.class.getResourceAsStream("/io/hotplex/server/console/" + name)) {
            if (file == null) {
                throw new IllegalStateException("the jar lacks console/" + name);
            }
            return file.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException("console/" + name + " cannot be read from the jar", e);
        }
    }

    private static String tag(byte[] content) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
            return '"'
                    + Base64.getUrlEncoder()
                            .withoutPadding()
                            .encodeToString(hash)
                            .substring(0, 22)
                    + '"';
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JVM has SHA-256", e);
        }
    }
}
