package io.hotplex.server.internal.ws;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.HotPlexServer;
import io.hotplex.server.Puppets;
import io.hotplex.server.ServerConfig;
import io.hotplex.server.internal.http.RawClient;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What no proper client sends to a WebSocket, with the outcome that {@code docs/protocol.md} states. */
@Timeout(120)
class WebSocketAbuseTest {
    private static final byte[] PING_MESSAGE = "{\"type\":\"ping\"}".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path dir;

    private HotPlexServer server;

    @BeforeEach
    void start() {
        start(Duration.ofHours(1));
    }

    private void start(Duration pingInterval, String... settings) {
        Puppets puppets = new Puppets();
        ServerConfig.Builder config = ServerConfig.builder()
                .set(ServerConfig.PORT, 0)
                .set(ServerConfig.MAX_BODY_BYTES, 10_000L)
                .set(ServerConfig.PING_INTERVAL, pingInterval);
        for (int i = 0; i < settings.length; i += 2) {
            config.set(settings[i], settings[i + 1]);
        }
        server = HotPlexServer.builder()
                .config(config.build())
                .engine(HotPlex.builder()
                        .config(EngineConfig.fromProperties(Map.of("state-directory", dir.toString())))
                        .provider(puppets)
                        .launcher(puppets))
                .key("secret")
                .start();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "binary message,          82 8F MASK,      1003",
        "unmasked frame,          81 0F PLAIN,     1002",
        "unknown data opcode,     83 8F MASK,      1002",
        "unknown control opcode,  8B 80 MASK,      1002",
        "reserved bits,           F1 8F MASK,      1002",
        "fragmented ping,         09 80 MASK,      1002",
        "continuation of nothing, 80 8F MASK,      1002",
        "long ping,               89 FE 00 7E MASK 126, 1002",
        "invalid UTF-8,           81 82 MASK C328, 1007",
        "too long,                81 FE 4E 20 MASK 20000, 1009"
    })
    void isClosedWithTheCodeThatSaysWhy(String name, String frame, int code) throws IOException {
        try (RawClient client = connect()) {
            client.send(bytes(frame));

            assertThat(closeCode(client)).isEqualTo(code);
        }
    }

    @Test
    void fragmentsWithPingsBetweenThemAreOneMessage() throws IOException {
        try (RawClient client = connect()) {
            readFrame(client); // hello
            client.send(frame(0x01, slice(0, 5)));
            client.send(frame(0x89, "p".getBytes(StandardCharsets.UTF_8)));
            client.send(frame(0x00, slice(5, 9)));
            client.send(frame(0x80, slice(9, PING_MESSAGE.length)));

            List<String> answers = new ArrayList<>(List.of(readFrame(client), readFrame(client)));
            assertThat(answers).anyMatch(frame -> frame.startsWith("8a p"));
            assertThat(answers).anyMatch(frame -> frame.contains("\"pong\""));
        }
    }

    @Test
    void messagesThatComeAtOnceAreWorkedOnOneAfterTheOther() throws IOException {
        for (int i = 0; i < 50; i++) {
            String id = "s" + i;
            ByteArrayOutputStream burst = new ByteArrayOutputStream();
            for (String message : List.of(
                    "{'type':'open','spec':{'id':'" + id + "','work_dir':'" + dir + "'}}",
                    "{'type':'attach','session':'" + id + "'}",
                    "{'type':'prompt','session':'" + id + "','text':'say hi'}")) {
                burst.writeBytes(frame(0x81, message.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
            }
            try (RawClient client = connect()) {
                client.send(burst.toByteArray());

                List<String> replies = new ArrayList<>();
                while (replies.size() < 3) {
                    String frame = readFrame(client);
                    if (frame.contains("\"re\":")) {
                        replies.add(frame.replaceAll(".*\"type\":\"(\\w+)\",\"re\".*", "$1"));
                    }
                }
                assertThat(replies).as("connection %s", i).containsExactly("opened", "attached", "accepted");
            }
        }
    }

    @Test
    void aFloodOfPingsIsAnsweredWithoutHoldingMoreThanTheSocketTakes() throws IOException {
        try (RawClient client = connect()) {
            readFrame(client);
            byte[] ping = frame(0x89, new byte[100]);
            ByteArrayOutputStream flood = new ByteArrayOutputStream();
            for (int i = 0; i < 2_000; i++) {
                flood.write(ping);
            }
            Thread sender = new Thread(() -> {
                try {
                    client.send(flood.toByteArray());
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            sender.start();

            int pongs = 0;
            while (pongs < 2_000) {
                if (readFrame(client).startsWith("8a")) {
                    pongs++;
                }
            }
            client.send(frame(0x81, PING_MESSAGE));
            String answer = readFrame(client);
            while (answer.startsWith("89")) {
                answer = readFrame(client);
            }
            assertThat(answer).contains("\"pong\"");
        }
    }

    @Test
    void whoAnswersNoPingIsCutOff() throws IOException {
        server.close();
        start(Duration.ofMillis(100));
        try (RawClient client = connect()) {
            assertThat(client.isEnded()).isTrue();
        }
    }

    @Test
    void unfinishedMessagesOfAllTogetherAreLimited() throws IOException {
        server.close();
        start(Duration.ofHours(1), "server.max-bodies-bytes", "15000");
        byte[] most = new byte[9_000];
        byte[] frame = ByteBuffer.allocate(8 + most.length)
                .put(new byte[] {0x01, (byte) 0xFE})
                .putShort((short) 9_500)
                .put(new byte[4])
                .put(most)
                .array();
        try (RawClient first = connect();
                RawClient third = connect()) {
            // a fragment, and a ping whose answer tells that it was taken
            first.send(frame.clone());
            first.send(new byte[500]);
            first.send(frame(0x89, "p".getBytes(StandardCharsets.UTF_8)));
            readFrame(first); // hello
            assertThat(readFrame(first)).isEqualTo("8a p");
            frame[0] = (byte) 0x81; // and one frame without its end
            try (RawClient second = connect()) {
                second.send(frame);
                assertThat(closeCode(second)).isEqualTo(1013);
            }
            // fragments of nothing, and pings between them
            third.send(frame(0x01, new byte[100]));
            for (int i = 0; i < 300; i++) {
                third.send(frame(0x89, new byte[0]));
                third.send(frame(0x00, new byte[0]));
            }
            assertThat(closeCode(third)).isEqualTo(1013);
        }
        await().untilAsserted(() -> {
            try (RawClient again = connect()) {
                readFrame(again);
                again.send(frame(0x81, PING_MESSAGE));
                assertThat(readFrame(again)).as("all was given back").contains("pong");
            }
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"81 8F", "01 81 00 00 00 00 41", "01 80 00 00 00 00 89 80 00 00 00 00"})
    void aMessageThatDoesNotEndInTimeEndsTheConnection(String beginning) throws IOException {
        server.close();
        start(Duration.ofHours(1), "server.body-timeout", "300ms");
        try (RawClient client = connect()) {
            client.send(bytes(beginning));
            assertThat(closeCode(client)).isEqualTo(4408);
        }
    }

    private RawClient connect() throws IOException {
        RawClient client = RawClient.connect(server.address());
        client.send(RawClient.request(
                "GET",
                "/ws/v2",
                "Authorization: Bearer secret",
                "Upgrade: websocket",
                "Connection: Upgrade",
                "Sec-WebSocket-Version: 13",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="));
        assertThat(client.readHead().status()).isEqualTo(101);
        return client;
    }

    /** Reads frames until the good-bye. */
    private static int closeCode(RawClient client) throws IOException {
        InputStream in = client.socket().getInputStream();
        while (true) {
            int first = in.read();
            if (first < 0) {
                throw new EOFException("closed without a good-bye");
            }
            byte[] payload = in.readNBytes(length(in));
            if (first == 0x88) {
                return (payload[0] & 0xFF) << 8 | payload[1] & 0xFF;
            }
        }
    }

    /** The next frame: opcode and payload. */
    private static String readFrame(RawClient client) throws IOException {
        InputStream in = client.socket().getInputStream();
        int first = in.read();
        if (first < 0) {
            throw new EOFException("the connection ended");
        }
        return Integer.toHexString(first) + " " + new String(in.readNBytes(length(in)), StandardCharsets.UTF_8);
    }

    private static int length(InputStream in) throws IOException {
        int length = in.read();
        return length < 126 ? length : in.read() << 8 | in.read();
    }

    private static byte[] slice(int from, int to) {
        return java.util.Arrays.copyOfRange(PING_MESSAGE, from, to);
    }

    /** A masked frame, its mask zero. */
    private static byte[] frame(int first, byte[] payload) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first);
        out.write(0x80 | payload.length);
        out.writeBytes(new byte[4]);
        out.writeBytes(payload);
        return out.toByteArray();
    }

    /** Bytes in hexadecimal; MASK is a mask of zeros and 15 bytes, or what follows it; PLAIN the bytes alone. */
    private static byte[] bytes(String frame) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String[] words = frame.strip().split(" ", -1);
        for (int i = 0; i < words.length; i++) {
            if (words[i].equals("PLAIN")) {
                out.writeBytes(PING_MESSAGE);
            } else if (words[i].equals("MASK")) {
                out.writeBytes(new byte[4]);
                String rest = i + 1 < words.length ? words[++i] : "";
                if (rest.equals("C328")) {
                    out.writeBytes(new byte[] {(byte) 0xC3, 0x28});
                } else if (!rest.isEmpty()) {
                    out.writeBytes(new byte[Integer.parseInt(rest)]);
                } else {
                    out.writeBytes(PING_MESSAGE);
                }
            } else {
                out.write(Integer.parseInt(words[i], 16));
            }
        }
        return out.toByteArray();
    }
}
