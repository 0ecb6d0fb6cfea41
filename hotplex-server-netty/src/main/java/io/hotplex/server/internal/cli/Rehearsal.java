package io.hotplex.server.internal.cli;

import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.ServerConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Does once what users do, with nobody watching, so that the classes which that takes are known to the JVM when it
 * writes them into an archive. The start script asks for it; see its {@code archive}.
 */
final class Rehearsal {
    /** The start script's: a file to copy the native part of SQLite to. */
    private static final String COPY = "hotplex.sqlite.copy";
    /** SQLite's own: where it puts its native part before it loads it. */
    private static final String UNPACKED = "org.sqlite.tmpdir";

    /** Everything here answers at once. */
    private static final int LIMIT_MILLIS = 10_000;

    private final Surroundings surroundings;

    Rehearsal(Surroundings surroundings) {
        this.surroundings = surroundings;
    }

    /** The result is the exit code. */
    int run() {
        try {
            Path stage = Files.createTempDirectory("hotplex-rehearsal");
            try {
                Path unpacked = Files.createDirectory(stage.resolve("native"));
                System.setProperty(UNPACKED, unpacked.toString());
                serve(stage.resolve("server"));
                String copy = System.getProperty(COPY);
                if (copy != null) {
                    copyLibrary(unpacked, Path.of(copy));
                }
                return answer(stage);
            } finally {
                delete(stage);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the rehearsal failed", e);
        }
    }

    /** Nothing is there when SQLite came with the system; then a start has nothing to unpack either. */
    private static void copyLibrary(Path unpacked, Path copy) throws IOException {
        try (DirectoryStream<Path> libraries =
                Files.newDirectoryStream(unpacked, "*" + System.mapLibraryName("sqlitejdbc"))) {
            for (Path library : libraries) {
                Files.copy(library, copy);
            }
        }
    }

    private int answer(Path stage) {
        Surroundings alone = Surroundings.of(
                InputStream.nullInputStream(),
                OutputStream.nullOutputStream(),
                surroundings.err(),
                Terminal.NONE,
                surroundings.environment(),
                stage);
        String state = "--set=state-directory=" + stage.resolve("state");
        return new CommandLine(alone)
                .run(List.of("run", state, "--json", "--provider", "demo", "--allowed-tools=ListFiles", "use a tool"));
    }

    private static void serve(Path state) throws IOException {
        String key = UUID.randomUUID().toString();
        EngineConfig engine = EngineConfig.builder()
                .set(EngineConfig.STATE_DIRECTORY, state)
                .set(EngineConfig.JOURNAL, "sqlite")
                .build();
        try (HotPlexServer server = HotPlexServer.builder()
                .config(ServerConfig.builder().set(ServerConfig.PORT, 0).build())
                .engine(HotPlex.builder().config(engine))
                .key(key)
                .start()) {
            ask(server.address(), "GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
            ask(
                    server.address(),
                    "GET /ws/v2 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + key
                            + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
                            + "\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n");
        }
    }

    /** Reads the beginning of the answer; what it says does not matter here. */
    private static void ask(InetSocketAddress address, String request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(LIMIT_MILLIS);
            socket.connect(address, LIMIT_MILLIS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            if (socket.getInputStream().read() < 0) {
                throw new IOException("the server said nothing");
            }
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
