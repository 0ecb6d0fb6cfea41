package io.hotplex.server.internal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.core.LogRedaction;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RedactedOutputTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final LogRedaction logs = new LogRedaction();

    private String shown() {
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void aLineThatIsWrittenInPiecesHasNoSecret() {
        logs.learn(List.of("open-sesame"));
        PrintStream lines = RedactedOutput.ofLines(out, logs);

        lines.print("the word is open-");
        assertThat(shown()).isEmpty();
        lines.println("sesame, grüß dich");

        assertThat(shown()).isEqualTo("the word is [redacted], grüß dich" + System.lineSeparator());
    }

    @Test
    void aTraceHasNoSecretEither() {
        logs.learn(List.of("open-sesame"));

        new IllegalStateException("failed\nwith open-sesame").printStackTrace(RedactedOutput.ofLines(out, logs));

        assertThat(shown())
                .contains("with [redacted]", "RedactedOutputTest.aTrace")
                .doesNotContain("sesame");
    }

    @Test
    void aPrivateKeyIsTakenOutAsAWhole() {
        PrintStream lines = RedactedOutput.ofLines(out, logs);

        lines.println("it is -----BEGIN PRIVATE KEY-----\nMIIEvQ\nIBADAN\n-----END PRIVATE KEY-----");
        lines.println("next");

        assertThat(shown()).contains("it is [redacted]", "next").doesNotContain("MIIEvQ", "IBADAN");
    }

    @Test
    void whatIsFlushedIsShownAtOnceWhereTextsAreComplete() throws IOException {
        OutputStream texts = RedactedOutput.of(out, logs);

        texts.write("allow? ".getBytes(StandardCharsets.UTF_8));
        texts.flush();
        assertThat(shown()).isEqualTo("allow? ");

        texts.write(new byte[] {(byte) 0xff, '\n'});
        texts.close();
        assertThat(out.toByteArray()).endsWith((byte) 0xff, (byte) '\n');
    }

    @Test
    void noMoreWaitsThanALimit() throws IOException {
        OutputStream texts = RedactedOutput.of(out, logs);

        texts.write(new byte[1 << 20]);

        assertThat(out.size()).isEqualTo(1 << 20);
    }

    @Test
    void theLimitCutsNoLineAndThatNoSecret() throws IOException {
        logs.learn(List.of("open-sesame"));
        OutputStream texts = RedactedOutput.of(out, logs);
        String before = "x".repeat((1 << 20) - 9) + "\n";

        texts.write((before + "grüß open-se").getBytes(StandardCharsets.UTF_8));
        assertThat(out.size()).isEqualTo(before.length());
        texts.write("same\n".getBytes(StandardCharsets.UTF_8));
        texts.close();

        assertThat(shown()).isEqualTo(before + "grüß [redacted]\n");
    }
}
