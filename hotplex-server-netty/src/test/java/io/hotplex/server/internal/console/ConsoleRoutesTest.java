package io.hotplex.server.internal.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.auth.ApiKey;
import io.hotplex.server.internal.auth.KeyRing;
import io.hotplex.server.internal.auth.Principal;
import io.hotplex.server.internal.auth.Quota;
import io.hotplex.server.internal.auth.Scope;
import io.hotplex.server.internal.http.Gatekeeper;
import io.hotplex.server.internal.http.HttpServer;
import io.hotplex.server.internal.http.Policy;
import io.hotplex.server.internal.http.Route;
import io.hotplex.server.internal.http.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The files of the page, as a browser gets them. */
class ConsoleRoutesTest {
    /** Without one nobody is told which paths there are. */
    private static final String KEY = "a-key-for-the-rest";

    private final HttpClient client = HttpClient.newHttpClient();
    private HttpServer server;

    @BeforeEach
    void start() {
        ServerConfig config = ServerConfig.builder().set(ServerConfig.PORT, 0).build();
        KeyRing keys = new KeyRing(
                List.of(ApiKey.of(KEY, new Principal("me", Set.of(Scope.SESSION_READ), "reader"), Quota.UNLIMITED)));
        server = HttpServer.start(
                config,
                new Router(ConsoleRoutes.all()),
                new Gatekeeper(keys, Policy.of(config), false, System::nanoTime),
                List.of());
    }

    @AfterEach
    void stop() {
        server.close();
    }

    static Stream<String> paths() {
        return ConsoleRoutes.all().stream().map(Route::template);
    }

    @ParameterizedTest
    @MethodSource("paths")
    void everyFileHasItsTypeAndIsProtected(String path) throws Exception {
        HttpResponse<String> response = get(path);

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("Content-Type")).hasValue(type(path));
        assertThat(response.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
        assertThat(response.headers().firstValue("X-Frame-Options")).hasValue("DENY");
        assertThat(response.headers().firstValue("Referrer-Policy")).hasValue("no-referrer");
        assertThat(response.headers().firstValue("Cache-Control")).hasValue("no-cache");
        assertThat(response.headers().firstValue("Content-Security-Policy").orElseThrow())
                .startsWith("default-src 'none'; script-src 'self';")
                .contains("frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'")
                .doesNotContain("unsafe", "*", "http:", "https:", "data:", "blob:");
    }

    private static String type(String path) {
        return path.endsWith(".css")
                ? "text/css; charset=utf-8"
                : path.endsWith(".svg")
                        ? "image/svg+xml"
                        : path.endsWith(".mjs") ? "text/javascript; charset=utf-8" : "text/html; charset=utf-8";
    }

    @ParameterizedTest
    @MethodSource("paths")
    void aFileThatTheBrowserHasIsNotSentAgain(String path) throws Exception {
        String tag = get(path).headers().firstValue("ETag").orElseThrow();

        HttpResponse<String> same = send(request(path).header("If-None-Match", "\"other\", W/" + tag));
        HttpResponse<String> other = send(request(path).header("If-None-Match", "\"other\""));

        assertThat(same.statusCode()).isEqualTo(304);
        assertThat(same.body()).isEmpty();
        assertThat(same.headers().firstValue("ETag")).hasValue(tag);
        assertThat(other.statusCode()).isEqualTo(200);
    }

    @Test
    void aHeadHasTheHeadersAndNoBody() throws Exception {
        HttpResponse<String> head = send(request("/").method("HEAD", HttpRequest.BodyPublishers.noBody()));

        assertThat(head.statusCode()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().firstValueAsLong("Content-Length").orElseThrow())
                .isPositive();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "PUT", "DELETE", "PATCH"})
    void otherMethodsAreRefused(String method) throws Exception {
        HttpRequest.Builder request = request("/")
                .header("Authorization", "Bearer " + KEY)
                .header("Content-Type", "application/json")
                .method(method, HttpRequest.BodyPublishers.noBody());

        assertThat(send(request).statusCode()).isEqualTo(405);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/console/",
                "/console",
                "/console/../version.properties",
                "/console/%2e%2e/version.properties",
                "/console/main.mjs/",
                "/index.html"
            })
    void thereIsNoWayToAnyOtherFile(String path) throws Exception {
        HttpRequest.Builder request = request(path).header("Authorization", "Bearer " + KEY);

        assertThat(send(request).statusCode()).isEqualTo(404);
    }

    /** The policy would stop a page that is built otherwise, and nobody would see why. */
    @Test
    void thePageHasNoScriptOrStyleInItself() throws Exception {
        assertThat(get("/").body())
                .doesNotContainPattern("<script(?![^>]*\\ssrc=)")
                .doesNotContainPattern("<style|\\sstyle=|\\son[a-z]+=|javascript:");
    }

    @Test
    void noModuleMakesMarkupOfText() throws Exception {
        for (String path : paths().filter(path -> path.endsWith(".mjs")).toList()) {
            assertThat(get(path).body())
                    .as(path)
                    .doesNotContain(
                            "innerHTML",
                            "outerHTML",
                            "insertAdjacentHTML",
                            "document.write",
                            "DOMParser",
                            "createContextualFragment",
                            "eval(",
                            "new Function",
                            "localStorage");
        }
    }

    @Test
    void everyFileThatIsNamedIsServedAndTheOtherWayRound() throws Exception {
        Set<String> named = new TreeSet<>(Set.of("/"));
        for (String path : paths().toList()) {
            String directory = path.substring(0, path.lastIndexOf('/') + 1);
            Pattern.compile("(?:src|href|from)[= ]\"\\.?/?([\\w./-]+\\.(?:mjs|css|svg))\"")
                    .matcher(get(path).body())
                    .results()
                    .forEach(match -> named.add(directory + match.group(1)));
        }

        assertThat(named).isEqualTo(paths().collect(Collectors.toCollection(TreeSet::new)));
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return send(request(path));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port() + path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.timeout(Duration.ofSeconds(30)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private int port() {
        return server.address().getPort();
    }
}
