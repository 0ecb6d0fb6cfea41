package io.hotplex.testkit.model;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A stand-in for the Anthropic Messages API and for OpenAI's chat completions on a loopback port, so that a real agent
 * CLI can be driven from end to end without a network, a key or a bill. Point the CLI at it with
 * {@code ANTHROPIC_BASE_URL} and any {@code ANTHROPIC_API_KEY}, or give {@link #chatUri()} as the base URL of an
 * OpenAI-compatible provider.
 *
 * <p>It serves {@code POST /v1/messages} and {@code POST /v1/chat/completions} (streamed or not), {@code POST
 * /v1/messages/count_tokens}, {@code GET /v1/models} and {@code HEAD /}; everything else is a 404 in the first API's
 * form. Both APIs follow the same scripts.
 *
 * <p>The last prompt of a request scripts the reply. Directives are words in capitals; they stand anywhere in the
 * prompt and may be mixed. Without one the reply repeats everything that was typed since the last reply.
 *
 * <table>
 * <caption>Directives</caption>
 * <tr><td>{@code SAY n}</td><td>n pieces of text: {@code w1 w2 …}</td></tr>
 * <tr><td>{@code BIG bytes}</td><td>one piece of that many bytes</td></tr>
 * <tr><td>{@code THINK [n]}</td><td>a thinking block of n pieces, 3 by default, comes first</td></tr>
 * <tr><td>{@code TOOL name input}</td><td>a tool call; the input is the rest of the line: JSON, or a command line for
 * Bash or bash. Several lines run one after the other, one in each reply; the last reply quotes the last result</td></tr>
 * <tr><td>{@code PARALLEL}</td><td>all tool calls in one reply</td></tr>
 * <tr><td>{@code FORCE}</td><td>call tools that the request does not offer; else they are left out</td></tr>
 * <tr><td>{@code SLOW ms}</td><td>wait before the answer begins</td></tr>
 * <tr><td>{@code PACE ms}</td><td>wait before each piece</td></tr>
 * <tr><td>{@code STOP reason}</td><td>the stop reason of the reply</td></tr>
 * <tr><td>{@code ERROR status [n]}</td><td>an HTTP error; with n only for the first n attempts of this prompt</td></tr>
 * <tr><td>{@code RETRYAFTER s}</td><td>a {@code retry-after} header with that error</td></tr>
 * <tr><td>{@code SSEERROR [type]}</td><td>a few pieces, then an error event</td></tr>
 * <tr><td>{@code CUT}</td><td>a few pieces, then the connection is cut</td></tr>
 * <tr><td>{@code STALL}</td><td>a few pieces, then silence until the server closes</td></tr>
 * <tr><td>{@code HANG}</td><td>no answer until the server closes</td></tr>
 * </table>
 *
 * <p>Thread-safe. Each request has a thread of its own, so one that hangs holds up no other; more than
 * {@value #MAX_REQUESTS} at a time are turned away. Keeps the last {@value #KEPT_REQUESTS} requests.
 */
public final class FakeModelServer implements AutoCloseable {
    /** Above what any test drives at once, below what a machine notices. */
    static final int MAX_REQUESTS = 512;

    /** A request without its body is small; with {@code keepBodies} a body of the CLI is some 50 to 100 kB. */
    static final int KEPT_REQUESTS = 500;

    private static final String NO_DELAY = "sun.net.httpserver.nodelay";

    private final HttpServer http;
    private final ExecutorService threads;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final RequestLog log = new RequestLog(KEPT_REQUESTS);
    private final ModelApi api;

    private FakeModelServer(HttpServer http, boolean keepBodies) {
        this.http = http;
        AtomicInteger count = new AtomicInteger();
        this.threads = new ThreadPoolExecutor(0, MAX_REQUESTS, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "fake-model-" + count.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });
        this.api = new ModelApi(log, closing, keepBodies);
    }

    /** Start a server on a free port. */
    public static FakeModelServer start() {
        return start(0, false);
    }

    /**
     * Start a server.
     *
     * @param port the port, or 0 for a free one
     * @param keepBodies whether {@link #requests} shows the bodies of requests, which may hold file contents
     * @throws UncheckedIOException when the port is taken
     */
    public static FakeModelServer start(int port, boolean keepBodies) {
        if (System.getProperty(NO_DELAY) == null) {
            // Read once, by the first server of the JVM. Without it the pieces of a stream wait for each other's
            // acknowledgement, 40 ms at a time.
            System.setProperty(NO_DELAY, "true");
        }
        try {
            HttpServer http = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
            FakeModelServer server = new FakeModelServer(http, keepBodies);
            http.createContext("/", server.api::handle);
            http.setExecutor(server.threads);
            http.start();
            return server;
        } catch (IOException e) {
            throw new UncheckedIOException("cannot listen on port " + port, e);
        }
    }

    /** Run a server until the process is ended. Takes a port as its only argument, 0 by default; prints the port. */
    public static void main(String[] args) throws InterruptedException {
        FakeModelServer server = start(args.length == 0 ? 0 : Integer.parseInt(args[0]), false);
        System.out.println(server.port());
        server.closing.await();
    }

    public int port() {
        return http.getAddress().getPort();
    }

    /** The value for {@code ANTHROPIC_BASE_URL}. */
    public URI baseUri() {
        return URI.create("http://127.0.0.1:" + port());
    }

    /** Where OpenAI's API begins; the value for {@code baseURL} of an OpenAI-compatible provider. */
    public URI chatUri() {
        return baseUri().resolve("/v1");
    }

    /**
     * Let this script make the next reply, in place of the prompt's. Scripts queue up, first in, first out; each makes
     * one reply, wherever in a turn that is: a tool line is called even if the prompt's tools have run, and an error is
     * given once.
     */
    public void enqueue(String script) {
        api.enqueue(script);
    }

    /** The last requests, oldest first. */
    public List<ModelRequest> requests() {
        return log.all();
    }

    /** Forget requests, scripts, counted attempts and known conversations. */
    public void reset() {
        log.clear();
        api.reset();
    }

    /** Stop at once; what is being answered is cut off. */
    @Override
    public void close() {
        closing.countDown();
        http.stop(0);
        threads.shutdownNow();
    }
}
