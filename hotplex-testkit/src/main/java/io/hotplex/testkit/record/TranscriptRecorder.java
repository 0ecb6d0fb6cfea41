package io.hotplex.testkit.record;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Sits between a host and an agent and writes down what they say. Give it to the host in place of the agent:
 *
 * <pre>{@code java -cp … io.hotplex.testkit.record.TranscriptRecorder --out talk.ndjson -- claude -p …}</pre>
 *
 * <p>The three streams pass through unchanged, byte by byte, and the exit status is the agent's. The transcript has one
 * JSON object per line, in the order of events: {@code ms} since the start, {@code dir} ({@code spawn}, {@code in},
 * {@code out}, {@code stderr}, {@code note}, {@code exit}) and the content: {@code argv} and {@code cwd}; {@code json}
 * of a line that is JSON or {@code raw} of one that is not; {@code text}; or {@code code}.
 *
 * <p>The environment is not recorded, and what looks like a credential on the command line is masked. The conversation
 * itself is recorded as it is: read a transcript before you show it to anyone.
 */
public final class TranscriptRecorder {
    private static final int BUFFER_BYTES = 64 * 1024;

    /** A longer line passes through but is recorded in part. */
    private static final int MAX_LINE_BYTES = 16 << 20;

    /** How long the streams may outlive the agent, when something that it left behind holds them open. */
    private static final long DRAIN_MILLIS = 2_000;

    private final TranscriptWriter transcript;

    private TranscriptRecorder(TranscriptWriter transcript) {
        this.transcript = transcript;
    }

    /** Run the command behind {@code --} and record it into the file behind {@code --out}. */
    public static void main(String[] args) throws IOException, InterruptedException {
        List<String> arguments = List.of(args);
        int separator = arguments.indexOf("--");
        if (separator != 2 || !arguments.get(0).equals("--out") || arguments.size() < 4) {
            System.err.println("usage: TranscriptRecorder --out FILE -- COMMAND [ARGUMENT ...]");
            System.exit(2);
        }
        int status = record(Path.of(arguments.get(1)), arguments.subList(separator + 1, arguments.size()));
        // Someone may still be blocked in reading our standard input.
        Runtime.getRuntime().halt(status);
    }

    private static int record(Path file, List<String> command) throws IOException, InterruptedException {
        try (TranscriptWriter transcript = new TranscriptWriter(file)) {
            return new TranscriptRecorder(transcript).run(command);
        }
    }

    private int run(List<String> command) throws IOException, InterruptedException {
        transcript.spawned(CommandLineMask.mask(command), Path.of("").toAbsolutePath());
        Process agent = new ProcessBuilder(command).start();
        // An agent that is told to end by a signal to us must not outlive us.
        Runtime.getRuntime().addShutdownHook(new Thread(agent::destroy, "end-agent"));
        start("in", System.in, agent.getOutputStream(), true);
        Thread out = start("out", agent.getInputStream(), System.out, false);
        Thread err = start("stderr", agent.getErrorStream(), System.err, false);
        int status = agent.waitFor();
        join(out, DRAIN_MILLIS);
        join(err, DRAIN_MILLIS);
        transcript.exited(status);
        return status;
    }

    private Thread start(String direction, InputStream from, OutputStream to, boolean closes) {
        Thread thread = new Thread(() -> pump(direction, from, to, closes), "record-" + direction);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void pump(String direction, InputStream from, OutputStream to, boolean closes) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        byte[] buffer = new byte[BUFFER_BYTES];
        try {
            for (int read = from.read(buffer); read >= 0; read = from.read(buffer)) {
                int begin = 0;
                for (int i = 0; i < read; i++) {
                    if (buffer[i] == '\n') {
                        append(line, buffer, begin, i);
                        record(direction, line);
                        begin = i + 1;
                    }
                }
                append(line, buffer, begin, read);
                // Recorded first: an answer cannot come before what it answers.
                to.write(buffer, 0, read);
                to.flush();
            }
            if (line.size() > 0) {
                record(direction, line);
            }
            if (closes) {
                transcript.text("note", "stdin closed");
                to.close();
            }
        } catch (IOException e) {
            note(direction + " ended: " + e.getMessage());
        }
    }

    private void record(String direction, ByteArrayOutputStream line) throws IOException {
        String text = line.toString(StandardCharsets.UTF_8);
        line.reset();
        if (direction.equals("stderr")) {
            transcript.text(direction, text);
        } else {
            transcript.line(direction, text);
        }
    }

    private void note(String text) {
        try {
            transcript.text("note", text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void append(ByteArrayOutputStream line, byte[] buffer, int begin, int end) {
        int room = MAX_LINE_BYTES - line.size();
        line.write(buffer, begin, Math.min(end - begin, Math.max(0, room)));
    }

    private static void join(Thread thread, long millis) throws InterruptedException {
        TimeUnit.MILLISECONDS.timedJoin(thread, millis);
    }
}
