package io.hotplex.hooks.internal.webhook;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Answers whatever comes with the same bytes, and then with more of a letter for as long as the client stays: nothing,
 * one every few milliseconds, or as many as it takes.
 */
public final class RudeServer implements AutoCloseable {
    private static final long PACE_MILLIS = 5;

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final ScheduledExecutorService pace = Executors.newScheduledThreadPool(1);
    private final byte[] beginning;
    private final Rest rest;

    /** What comes after the beginning. */
    public enum Rest {
        /** The end of the connection. */
        END,
        /** One letter every few milliseconds. */
        DRIBBLE,
        /** Letters without end, as fast as they go. */
        FLOOD
    }

    public RudeServer(String beginning, Rest rest) throws IOException {
        this.beginning = beginning.getBytes(StandardCharsets.US_ASCII);
        this.rest = rest;
        Thread thread = new Thread(this::serve, "rude");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                answer(socket);
            } catch (IOException e) {
                // the client went, or the server was closed
            }
        }
    }

    private void answer(Socket socket) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(beginning);
        if (rest == Rest.FLOOD) {
            byte[] letters = new byte[8192];
            Arrays.fill(letters, (byte) 'x');
            while (!server.isClosed()) {
                out.write(letters);
            }
        } else if (rest == Rest.DRIBBLE) {
            ScheduledFuture<?> letters =
                    pace.scheduleAtFixedRate(() -> letter(out), PACE_MILLIS, PACE_MILLIS, TimeUnit.MILLISECONDS);
            untilTheClientGoes(socket);
            letters.cancel(true);
        } else {
            socket.shutdownOutput();
            untilTheClientGoes(socket); // a close would be a reset, which may overtake what was written
        }
    }

    private static void untilTheClientGoes(Socket socket) throws IOException {
        while (socket.getInputStream().read() >= 0) {
            // what it says is of no interest
        }
    }

    private static void letter(OutputStream out) {
        try {
            out.write('x');
        } catch (IOException e) {
            throw new IllegalStateException("the client went", e); // which ends the schedule
        }
    }

    public String url() {
        return "http://127.0.0.1:" + server.getLocalPort() + "/";
    }

    @Override
    public void close() throws IOException {
        server.close();
        pace.shutdownNow();
    }
}
