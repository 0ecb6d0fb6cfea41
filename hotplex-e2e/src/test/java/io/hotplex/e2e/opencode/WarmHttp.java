package io.hotplex.e2e.opencode;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Lets the JVM open what its HTTP client keeps open, so that no test takes that for a leak. */
final class WarmHttp {
    private WarmHttp() {}

    static void up() throws IOException {
        try {
            Class.forName("io.hotplex.provider.opencode.Http", true, WarmHttp.class.getClassLoader());
            var unused = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:1"))
                                    .build(),
                            HttpResponse.BodyHandlers.discarding());
        } catch (IOException e) {
            // nobody is there, which is fine
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
