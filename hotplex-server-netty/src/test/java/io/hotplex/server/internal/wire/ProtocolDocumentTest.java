package io.hotplex.server.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The examples of {@code docs/protocol.md} are valid, and there is one of each kind of message. */
class ProtocolDocumentTest {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    @ParameterizedTest
    @ValueSource(strings = {"client", "server"})
    void everyMessageHasAValidExample(String side) throws IOException {
        List<String> examples = examples(side);
        Set<String> shown = new TreeSet<>();
        for (String example : examples) {
            assertThat(ProtocolSchemas.faults(side + "-message", example)).isEmpty();
            shown.add(MAPPER.readTree(example).path("type").asText());
        }

        JsonNode schema = MAPPER.readTree(
                ProtocolSchemas.DIRECTORY.resolve(side + "-message.schema.json").toFile());
        Set<String> known = new TreeSet<>();
        schema.path("$defs").forEach(definition -> {
            JsonNode constant = definition.path("properties").path("type").path("const");
            if (constant.isTextual()) {
                known.add(constant.asText());
            }
        });
        assertThat(shown).isEqualTo(known);
    }

    /** The lines of the code blocks that are marked as one side's. */
    private static List<String> examples(String side) throws IOException {
        List<String> lines = new ArrayList<>();
        Matcher blocks = Pattern.compile("```json " + side + "\\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Path.of("../docs/protocol.md")));
        while (blocks.find()) {
            blocks.group(1).lines().filter(line -> !line.isBlank()).forEach(lines::add);
        }
        return lines;
    }
}
