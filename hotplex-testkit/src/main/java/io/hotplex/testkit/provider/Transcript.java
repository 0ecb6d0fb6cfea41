package io.hotplex.testkit.provider;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.api.spi.AgentLine;
import io.hotplex.api.spi.ExitStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A recorded conversation with an agent: for each process what went in, what came out, and how it ended. Immutable.
 *
 * <p>The form is one JSON object per line, {@code {"ms", "dir": "spawn|in|out|stderr|note|exit", "json"|"raw"|"text"}};
 * a note {@code ===== process: …} begins another process.
 *
 * @param name what was recorded
 * @param processes in the order of their start
 */
public record Transcript(String name, List<Run> processes) {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final Map<String, Integer> SIGNALS =
            Map.of("SIGHUP", 1, "SIGINT", 2, "SIGQUIT", 3, "SIGKILL", 9, "SIGTERM", 15);

    public Transcript {
        processes = List.copyOf(processes);
    }

    /** Which way an entry went. */
    public enum Direction {
        /** To the agent. */
        IN,
        /** From the agent. */
        OUT
    }

    /**
     * One line that went in or out.
     *
     * @param line the line without its end
     */
    public record Entry(Direction direction, String line) {
        /** The line as a launcher would hand it over. */
        public AgentLine agentLine() {
            return AgentLine.of(line);
        }
    }

    /**
     * One process.
     *
     * @param title from the note that began it; empty for the first
     * @param arguments its command line without the program
     * @param stderr its error output, by lines
     * @param exit how it ended; without code and signal when that was not recorded
     */
    public record Run(String title, List<String> arguments, List<Entry> entries, List<String> stderr, ExitStatus exit) {
        public Run {
            arguments = List.copyOf(arguments);
            entries = List.copyOf(entries);
            stderr = List.copyOf(stderr);
        }

        /** What the agent wrote. */
        public List<AgentLine> output() {
            return entries.stream()
                    .filter(entry -> entry.direction() == Direction.OUT)
                    .map(Entry::agentLine)
                    .toList();
        }
    }

    /** Reads a file. */
    public static Transcript read(Path file) {
        try (InputStream in = Files.newInputStream(file)) {
            return parse(file.getFileName().toString(), in);
        } catch (IOException e) {
            throw new UncheckedIOException("transcript " + file, e);
        }
    }

    /**
     * Reads a recorded conversation of this module.
     *
     * @param path below {@code io/hotplex/testkit}, for example {@code claude/v2.1.330/01-one-turn.ndjson}
     */
    public static Transcript resource(String path) {
        try (InputStream in = open(path)) {
            return parse(path.substring(path.lastIndexOf('/') + 1), in);
        } catch (IOException e) {
            throw new UncheckedIOException("transcript " + path, e);
        }
    }

    /**
     * All recorded conversations of a folder of this module, by name.
     *
     * @param folder for example {@code claude/v2.1.330}
     */
    public static List<Transcript> resources(String folder) {
        List<Transcript> transcripts = new ArrayList<>();
        try (BufferedReader index =
                new BufferedReader(new InputStreamReader(open(folder + "/index.txt"), StandardCharsets.UTF_8))) {
            String file;
            while ((file = index.readLine()) != null) {
                transcripts.add(resource(folder + "/" + file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("transcripts in " + folder, e);
        }
        return transcripts;
    }

    private static InputStream open(String path) {
        InputStream in = Transcript.class.getResourceAsStream("/io/hotplex/testkit/" + path);
        if (in == null) {
            throw new IllegalArgumentException("no transcript " + path);
        }
        return in;
    }

    private static Transcript parse(String name, InputStream in) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        List<Builder> builders = new ArrayList<>();
        String text;
        while ((text = lines.readLine()) != null) {
            JsonNode entry = JSON.readTree(text);
            String note = entry.path("text").asText();
            boolean begins = entry.path("dir").asText().equals("note") && note.startsWith("===== process:");
            if (begins || builders.isEmpty()) {
                builders.add(new Builder(
                        begins ? note.substring("===== process:".length()).strip() : ""));
            }
            if (!begins) {
                builders.get(builders.size() - 1).add(entry);
            }
        }
        return new Transcript(
                name,
                builders.stream().filter(Builder::used).map(Builder::build).toList());
    }

    private static final class Builder {
        private final String title;
        private final List<String> arguments = new ArrayList<>();
        private final List<Entry> entries = new ArrayList<>();
        private final List<String> stderr = new ArrayList<>();
        private ExitStatus exit = new ExitStatus(null, null);

        Builder(String title) {
            this.title = title;
        }

        void add(JsonNode entry) {
            switch (entry.path("dir").asText()) {
                case "spawn" -> entry.path("argv").forEach(argument -> arguments.add(argument.asText()));
                case "in" -> entries.add(line(Direction.IN, entry));
                case "out" -> entries.add(line(Direction.OUT, entry));
                case "stderr" -> entry.path("text").asText().lines().forEach(stderr::add);
                case "exit" -> exit = exit(entry);
                default -> {
                    // a note for people
                }
            }
        }

        boolean used() {
            return !arguments.isEmpty() || !entries.isEmpty();
        }

        Run build() {
            return new Run(
                    title,
                    arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size()),
                    entries,
                    stderr,
                    exit);
        }

        private static Entry line(Direction direction, JsonNode entry) {
            JsonNode json = entry.path("json");
            try {
                String line = json.isMissingNode() ? entry.path("raw").asText() : JSON.writeValueAsString(json);
                return new Entry(direction, line);
            } catch (JsonProcessingException e) {
                throw new IllegalStateException("a parsed line cannot be written", e);
            }
        }

        private static ExitStatus exit(JsonNode entry) {
            JsonNode code = entry.path("code");
            @Nullable Integer signal = SIGNALS.get(entry.path("signal").asText());
            return new ExitStatus(code.isNumber() ? (Integer) code.asInt() : null, signal);
        }
    }
}
