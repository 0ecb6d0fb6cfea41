package io.hotplex.provider.opencode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.testkit.provider.RecordingSink;
import io.hotplex.testkit.provider.Transcript;
import io.hotplex.testkit.provider.TranscriptPlayer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every recorded conversation gives the events of its golden file. After a change that is meant, write the files anew
 * with {@code mvn -pl hotplex-provider-opencode test -Dtest=TranscriptsTest -Dhotplex.golden.write=true} and read the
 * difference.
 */
class TranscriptsTest {
    private static final boolean WRITE = Boolean.getBoolean("hotplex.golden.write");
    private static final int MUTATIONS = 200;

    static List<Transcript> conversations() {
        return Transcript.resources("opencode/v1.18.33");
    }

    @ParameterizedTest
    @MethodSource("conversations")
    void givesTheEventsOfItsGoldenFile(Transcript transcript) throws IOException {
        String lines = String.join("\n", Replay.of(run(transcript)).described()) + "\n";
        String file = "/golden/v1.18.33/" + transcript.name().replace(".ndjson", ".txt");
        if (WRITE) {
            Path target = Path.of("src/test/resources" + file);
            Files.createDirectories(Objects.requireNonNull(target.getParent()));
            Files.writeString(target, lines);
            return;
        }
        try (InputStream golden = Objects.requireNonNull(getClass().getResourceAsStream(file), file)) {
            assertThat(lines).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @ParameterizedTest
    @MethodSource("conversations")
    void endsEveryPromptExactlyOnce(Transcript transcript) {
        TranscriptPlayer replay = Replay.of(run(transcript));

        assertThat(replay.prompts()).isNotEmpty();
        assertThat(replay.open()).isZero();
        assertThat(replay.sink().ends()).hasSameSizeAs(replay.prompts());
        assertThat(replay.sink().events(io.hotplex.api.AgentEvent.Raw.class)).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("conversations")
    void survivesMutationsOfRealLines(Transcript transcript) {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        List<AgentLine> lines = run(transcript).output();
        LaunchRequest.Start start = new LaunchRequest.Start(LaunchRequest.Mode.NEW, "chosen", null);
        OpenCodeProtocol protocol = new OpenCodeProtocol(
                new SessionPlan(start, "t", "/work", null, null, null, "ask", null), () -> 1_800_000_000_000L);
        RecordingSink sink = new RecordingSink();
        protocol.started(sink);
        assertThatCode(() -> {
                    for (AgentLine line : lines) {
                        protocol.receive(line, sink);
                    }
                    for (int i = 0; i < MUTATIONS; i++) {
                        String line = lines.get(random.nextInt(lines.size())).text();
                        int at = random.nextInt(line.length());
                        int end = Math.min(line.length(), at + random.nextInt(40));
                        protocol.receive(AgentLine.of(line.substring(0, at) + line.substring(end)), sink);
                    }
                })
                .as("seed %d", seed)
                .doesNotThrowAnyException();
    }

    private static Transcript.Run run(Transcript transcript) {
        return transcript.processes().get(0);
    }
}
