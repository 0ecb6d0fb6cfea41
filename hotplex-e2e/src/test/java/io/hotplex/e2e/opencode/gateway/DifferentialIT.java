package io.hotplex.e2e.opencode.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.e2e.NodeModules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same conversation with OpenCode's own server and with HotPlex, event by event. What differs is in a file, with
 * the reason; what is in the file and does not differ fails as well.
 */
class DifferentialIT {
    /** Each turn: its name, what is said to OpenCode's agent and to Claude Code, and what is answered when it asks. */
    private static final List<Turn> TURNS = List.of(
            new Turn("text", "SAY 3", "SAY 3", ""),
            new Turn("allowed", "TOOL bash touch hi.txt", "TOOL Bash touch hi.txt", "{\"reply\":\"once\"}"),
            new Turn(
                    "refused",
                    "TOOL bash touch no.txt",
                    "TOOL Bash touch no.txt",
                    "{\"reply\":\"reject\",\"message\":\"not this\"}"),
            new Turn("error", "ERROR 400", "ERROR 400", ""));

    /** Everything that was told, in whatever turn. */
    private static final String ALL = "all";

    private record Turn(String name, String toOpenCode, String toClaude, String reply) {}

    private static final String ANSWER = "message.updated assistant";

    @TempDir
    Path directory;

    @Test
    void aConversationLooksTheSameButForWhatIsExplained() throws Exception {
        Map<String, List<JsonNode>> theirs;
        Map<String, List<JsonNode>> ours;
        try (OpenCodeServer server = new OpenCodeServer(directory.resolve("theirs"))) {
            theirs = conversation(new EventClient(server.uri(), GatewayRig.KEY), true);
        }
        try (GatewayRig rig = new GatewayRig(Backend.CLAUDE, directory.resolve("ours"))) {
            ours = conversation(new EventClient(rig.uri(), GatewayRig.KEY), false);
        }

        Differences differences = Differences.read(
                NodeModules.installed().module().resolve("src/test/resources/opencode/differences.txt"));
        of(theirs, ALL).forEach(event -> differences.ignores(event.path("type").asText()));
        Set<String> found = new LinkedHashSet<>();
        Map<String, Set<String>> theirFields = new LinkedHashMap<>();
        Map<String, Set<String>> ourFields = new LinkedHashMap<>();
        for (Turn turn : TURNS) {
            List<String> their = brief(of(theirs, turn.name()), differences, theirFields, true);
            List<String> our = brief(of(ours, turn.name()), differences, ourFields, false);
            found.addAll(compare(turn.name(), their, our));
        }
        found.addAll(compareFields(theirFields, ourFields));
        keep(theirs, ours, found);

        assertThat(differences.unexplained(found))
                .as("differences that nobody explained")
                .isEmpty();
        assertThat(differences.unused())
                .as("explained differences that there are not any more")
                .isEmpty();
    }

    private static Map<String, List<JsonNode>> conversation(EventClient client, boolean openCode) throws Exception {
        Map<String, List<JsonNode>> turns = new LinkedHashMap<>();
        try (client) {
            JsonNode session = client.post(
                    "/session",
                    "{\"title\":\"t\",\"permission\":[{\"permission\":\"bash\",\"pattern\":\"*\",\"action\":\"ask\"}]}");
            String id = session.path("id").asText();
            for (Turn turn : TURNS) {
                int before = client.seen().size();
                String text = openCode ? turn.toOpenCode() : turn.toClaude();
                client.post(
                        "/session/" + id + "/prompt_async",
                        "{\"parts\":[{\"type\":\"text\",\"text\":\"" + text + "\"}]}");
                if (!turn.reply().isEmpty()) {
                    JsonNode asked = client.await(before, "permission.asked", 1);
                    client.post(
                            "/permission/" + asked.path("properties").path("id").asText() + "/reply", turn.reply());
                }
                client.await(before, "session.idle", turn.name().equals("error") ? 2 : 1);
                turns.put(
                        turn.name(),
                        client.seen().subList(before, client.seen().size()).stream()
                                .toList());
            }
            turns.put(ALL, List.copyOf(client.seen()));
        }
        return turns;
    }

    private static List<JsonNode> of(Map<String, List<JsonNode>> turns, String turn) {
        return Objects.requireNonNull(turns.get(turn), turn);
    }

    // ---- what is compared

    /**
     * @param late whether a new message may be told with what became of it meanwhile: OpenCode writes an event when it
     *     gets to it, and has the message itself in it
     */
    private static List<String> brief(
            List<JsonNode> events, Differences differences, Map<String, Set<String>> fields, boolean late) {
        List<String> brief = new ArrayList<>();
        Set<String> messages = new HashSet<>();
        for (JsonNode event : events) {
            String type = event.path("type").asText();
            if (type.startsWith("server.") || differences.ignores(type)) { // of the connection, or not compared
                continue;
            }
            String line = brief(event);
            JsonNode message = event.path("properties").path("info").path("id");
            if (late && line.startsWith(ANSWER + " ") && messages.add(message.asText())) {
                line = ANSWER;
            } else {
                messages.add(message.asText());
                paths("", event.path("properties"), fields.computeIfAbsent(kind(line), k -> new TreeSet<>()));
            }
            boolean again = line.equals("busy") || line.equals("message.updated user");
            if (!(again && brief.contains(line))
                    && !(!brief.isEmpty() && brief.get(brief.size() - 1).equals(line))) {
                brief.add(line);
            }
        }
        return brief;
    }

    private static String brief(JsonNode event) {
        JsonNode properties = event.path("properties");
        String type = event.path("type").asText();
        JsonNode info = properties.path("info");
        JsonNode part = properties.path("part");
        return switch (type) {
            case "message.updated" ->
                type + " " + info.path("role").asText()
                        + (info.has("finish") ? " " + info.path("finish").asText() : "")
                        + (info.has("error") ? " error" : "")
                        + (info.path("time").has("completed") ? " completed" : "");
            case "message.part.updated" ->
                type + " " + part.path("type").asText()
                        + (part.has("state")
                                ? " " + part.path("state").path("status").asText()
                                : "")
                        + (part.path("time").has("end") ? " end" : "")
                        + (part.has("reason") ? " " + part.path("reason").asText() : "");
            case "session.status" -> properties.path("status").path("type").asText();
            case "permission.replied" -> type + " " + properties.path("reply").asText();
            default -> type;
        };
    }

    /** Without what differs from event to event of one kind. */
    private static String kind(String line) {
        return line.replace(" tool-calls", "")
                .replace(" stop", "")
                .replace(" once", "")
                .replace(" reject", "");
    }

    private static void paths(String at, JsonNode node, Set<String> found) {
        node.properties().forEach(field -> {
            String path = at + "." + field.getKey();
            boolean foreign = path.endsWith(".input") || path.endsWith(".metadata") || path.endsWith(".data");
            found.add(path);
            if (!foreign) { // what tools and vendors say is their own
                paths(path, field.getValue(), found);
            }
        });
    }

    private static List<String> compare(String turn, List<String> theirs, List<String> ours) {
        int[][] common = new int[theirs.size() + 1][ours.size() + 1];
        for (int i = theirs.size() - 1; i >= 0; i--) {
            for (int j = ours.size() - 1; j >= 0; j--) {
                common[i][j] = theirs.get(i).equals(ours.get(j))
                        ? common[i + 1][j + 1] + 1
                        : Math.max(common[i + 1][j], common[i][j + 1]);
            }
        }
        List<String> found = new ArrayList<>();
        int i = 0;
        int j = 0;
        while (i < theirs.size() || j < ours.size()) {
            if (i < theirs.size() && j < ours.size() && theirs.get(i).equals(ours.get(j))) {
                i++;
                j++;
            } else if (j == ours.size() || i < theirs.size() && common[i + 1][j] >= common[i][j + 1]) {
                found.add(turn + " - " + theirs.get(i++));
            } else {
                found.add(turn + " + " + ours.get(j++));
            }
        }
        return found;
    }

    private static List<String> compareFields(Map<String, Set<String>> theirs, Map<String, Set<String>> ours) {
        List<String> found = new ArrayList<>();
        theirs.forEach((kind, fields) -> {
            Set<String> other = ours.get(kind);
            if (other != null) {
                fields.stream()
                        .filter(field -> !other.contains(field))
                        .forEach(field -> found.add("field - " + kind + field));
                other.stream()
                        .filter(field -> !fields.contains(field))
                        .forEach(field -> found.add("field + " + kind + field));
            }
        });
        return found;
    }

    private static void keep(Map<String, List<JsonNode>> theirs, Map<String, List<JsonNode>> ours, Set<String> found)
            throws IOException {
        Path report = Files.createDirectories(NodeModules.installed().module().resolve("target/opencode-differences"));
        Files.writeString(report.resolve("theirs.txt"), lines(theirs));
        Files.writeString(report.resolve("ours.txt"), lines(ours));
        Files.write(report.resolve("found.txt"), found);
    }

    private static String lines(Map<String, List<JsonNode>> turns) {
        StringBuilder text = new StringBuilder();
        turns.forEach((turn, events) -> {
            text.append("== ").append(turn).append('\n');
            events.forEach(event -> text.append(event).append('\n'));
        });
        return text.toString();
    }
}
