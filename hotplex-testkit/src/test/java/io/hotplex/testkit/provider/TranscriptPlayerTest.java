package io.hotplex.testkit.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.Prompt;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TranscriptPlayerTest {
    private static final List<String> DESCRIBED = List.of(
            "send hello",
            "Ready[]",
            "send prompt hi",
            "event text {\"block\":0,\"message_id\":\"m\",\"text\":\"Hi!\"}",
            "turn ended 00000000-0000-4000-8000-000000000001 COMPLETED {\"text\":\"\",\"usage\":\"TokenUsage"
                    + "[inputTokens=0, outputTokens=0, cacheWriteTokens=0, cacheReadTokens=0]\"}",
            "send prompt bye",
            "exit: ExitVerdict[kind=CRASH, code=AGENT_CRASHED, message=null]",
            "open prompts: 1");

    @TempDir
    Path folder;

    /** The recording host got its ready in another way, so it is not in the transcript. */
    private static final class ToyDialect implements TranscriptPlayer.Dialect {
        @Override
        public void call(String line, TranscriptPlayer player) {
            player.prompt(Prompt.of(line.substring("prompt ".length())), null);
        }

        @Override
        public String received(String line) {
            return line.replace("Ho", "Hi");
        }

        @Override
        public List<String> answers(String sent) {
            return sent.equals("hello") ? List.of("ready") : List.of();
        }
    }

    private Transcript.Run run() throws IOException {
        Path file = folder.resolve("toy.ndjson");
        Files.writeString(file, """
                {"dir":"in","raw":"prompt hi"}
                {"dir":"out","raw":"text Ho!"}
                {"dir":"out","raw":"done"}
                {"dir":"in","raw":"prompt bye"}
                {"dir":"exit","code":1}
                """);
        return Transcript.read(file).processes().get(0);
    }

    @Test
    void makesTheCallsOfTheRecordedHostAndKeepsWhatTheProtocolSays() throws IOException {
        TranscriptPlayer player = new TranscriptPlayer(run(), new ToyProtocol(), new ToyDialect()).play();

        assertThat(player.described()).isEqualTo(DESCRIBED);
    }

    @Test
    void leavesItToTheFeedHowLinesCome() throws IOException {
        TranscriptPlayer player = new TranscriptPlayer(run(), new ToyProtocol(), new ToyDialect())
                .play((lines, receiver) -> {
                    assertThat(lines).containsExactly("text Ho!", "done");
                    lines.forEach(line -> receiver.accept(AgentLine.of(line)));
                });

        assertThat(player.described()).isEqualTo(DESCRIBED);
    }
}
