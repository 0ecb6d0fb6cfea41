package io.hotplex.guard.internal.rules;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The fields of a map in a file. Each is asked for once; what nobody asked for is unknown. Confined. */
final class Fields {
    private final String file;
    private final boolean proven;
    private final int line;
    private final Map<String, Node> rest = new LinkedHashMap<>();
    private final Map<String, Fields> maps = new LinkedHashMap<>();

    /** @param proven whether the file was read before without a complaint */
    Fields(String file, boolean proven, Node node) {
        this.file = file;
        this.proven = proven;
        this.line = line(node);
        if (!(node instanceof MappingNode map)) {
            throw wrong("not a map (expected: key: value)");
        }
        for (NodeTuple entry : map.getValue()) {
            rest.put(scalar(entry.getKeyNode()), entry.getValueNode());
        }
    }

    boolean proven() {
        return proven;
    }

    String where() {
        return file + ", line " + line;
    }

    RuleFileException wrong(String what) {
        return new RuleFileException(where() + ": " + what, null);
    }

    private RuleFileException wrong(Node node, String what) {
        return new RuleFileException(file + ", line " + line(node) + ": " + what, null);
    }

    @Nullable
    String text(String key) {
        Node node = rest.remove(key);
        return node == null ? null : scalar(node);
    }

    String required(String key) {
        String text = text(key);
        if (text == null || text.isBlank()) {
            throw wrong("'" + key + "' is missing");
        }
        return text;
    }

    String oneOf(String key, List<String> known) {
        String text = required(key);
        if (!known.contains(text)) {
            throw wrong(key + ": '" + text + "' (expected: one of " + known + ")");
        }
        return text;
    }

    @Nullable
    Duration duration(String key) {
        String text = text(key);
        Duration duration = RuleReader.duration(text);
        if (text != null && duration == null) {
            throw wrong(key + ": '" + text + "' (expected: a number and s, m or h)");
        }
        return duration;
    }

    /** A list of texts; one alone needs no brackets. */
    List<String> texts(String key) {
        Node node = rest.remove(key);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof SequenceNode list)) {
            return List.of(scalar(node));
        }
        List<String> texts = new ArrayList<>();
        list.getValue().forEach(item -> texts.add(scalar(item)));
        return texts;
    }

    /** A list of lists; one item alone needs no brackets. */
    List<List<String>> groups(String key) {
        List<List<String>> groups = new ArrayList<>();
        for (Node node : nodes(key)) {
            List<String> group = new ArrayList<>();
            if (node instanceof SequenceNode list) {
                list.getValue().forEach(item -> group.add(scalar(item)));
            } else {
                group.add(scalar(node));
            }
            groups.add(group);
        }
        return groups;
    }

    List<Node> nodes(String key) {
        Node node = rest.remove(key);
        if (node == null) {
            return List.of();
        }
        if (!(node instanceof SequenceNode list)) {
            throw wrong(node, key + ": not a list");
        }
        return list.getValue();
    }

    /** A map in this one; it has to be {@link #end ended} as well. */
    @Nullable
    Fields fields(String key) {
        Node node = rest.remove(key);
        if (node != null) {
            maps.put(key, new Fields(file, proven, node));
        }
        return maps.get(key);
    }

    /** Refuses what nobody asked for. */
    void end() {
        for (Map.Entry<String, Node> unknown : rest.entrySet()) {
            throw wrong(unknown.getValue(), "'" + unknown.getKey() + "' is not known here");
        }
        maps.values().forEach(Fields::end);
    }

    private String scalar(Node node) {
        if (node instanceof ScalarNode scalar && node.getAnchor().isEmpty()) {
            return scalar.getValue();
        }
        throw wrong(node, "a list, a map or an anchor where a single value is expected");
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }
}
