package io.hotplex.provider.claude;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.jspecify.annotations.NullMarked;

/** Writes a JSON line with the keys of all protocol objects in another order; what tools say stays as it is. */
@NullMarked
final class KeyShuffle {
    private final Random random;

    KeyShuffle(Random random) {
        this.random = random;
    }

    String apply(String line) {
        JsonNode tree = Replay.tree(line);
        return tree.isObject() ? shuffled(tree).toString() : line;
    }

    private JsonNode shuffled(JsonNode node) {
        if (node instanceof ObjectNode object) {
            List<Map.Entry<String, JsonNode>> fields = new ArrayList<>(object.properties());
            Collections.shuffle(fields, random);
            ObjectNode copy = Replay.JSON.createObjectNode();
            for (Map.Entry<String, JsonNode> field : fields) {
                copy.set(field.getKey(), shuffled(field.getValue()));
            }
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = Replay.JSON.createArrayNode();
            array.forEach(item -> copy.add(shuffled(item)));
            return copy;
        }
        return node;
    }
}
