package io.hotplex.server.internal.config;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.AnchorNode;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A configuration file in YAML, as flat settings: maps in maps are dotted keys, lists are items with commas between
 * them. Nothing is made of it but text, so nothing in it can make objects.
 */
final class YamlFile {
    /** No configuration is so long; a log that was named by mistake is. */
    private static final int MAX_BYTES = 1 << 20;
    /** Enough for {@code server.keys.<name>.<setting>} and more; a bomb needs depth or aliases. */
    private static final int MAX_DEPTH = 8;

    private static final int MAX_SETTINGS = 10_000;

    private final Path file;
    private final Map<String, Setting> settings = new LinkedHashMap<>();

    private YamlFile(Path file) {
        this.file = file;
    }

    /** @param line where it is, from 1 */
    record Setting(String text, int line) {}

    /**
     * Reads a file; the settings are in its order.
     *
     * @throws HotPlexException CONFIG_INVALID, naming file and line
     */
    static Map<String, Setting> read(Path file) {
        YamlFile yaml = new YamlFile(file);
        yaml.parse(yaml.content());
        return yaml.settings;
    }

    private String content() {
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw invalid(null, "is too large (expected: at most " + MAX_BYTES + " bytes)", null);
            }
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw invalid(null, "is not UTF-8", e);
        } catch (IOException e) {
            String what = Files.isDirectory(file)
                    ? "is a directory"
                    : Files.exists(file) ? "cannot be read (" + e.getMessage() + ")" : "does not exist";
            throw invalid(null, what, e);
        }
    }

    private void parse(String content) {
        LoadSettings load = LoadSettings.builder()
                .setLabel(file.toString())
                .setAllowDuplicateKeys(false)
                .setAllowRecursiveKeys(false)
                .setMaxAliasesForCollections(1)
                .setCodePointLimit(MAX_BYTES)
                .build();
        try {
            Optional<Node> root = new Compose(load).composeString(content);
            if (root.isPresent()) {
                take("", root.get(), 0);
            }
        } catch (MarkedYamlEngineException e) {
            Integer line = e.getProblemMark().map(mark -> mark.getLine() + 1).orElse(null);
            throw invalid(line, "is not YAML: " + e.getProblem(), e);
        } catch (YamlEngineException e) {
            throw invalid(null, "is not YAML: " + e.getMessage(), e);
        }
    }

    private void take(String key, Node node, int depth) {
        if (node instanceof AnchorNode || node.getAnchor().isPresent()) {
            throw invalid(line(node), "has an anchor or an alias, which configuration has no use for", null);
        }
        if (node instanceof MappingNode map) {
            if (depth == MAX_DEPTH) {
                throw invalid(line(node), "is nested too deeply", null);
            }
            for (NodeTuple entry : map.getValue()) {
                String name = scalar(entry.getKeyNode());
                take(key.isEmpty() ? name : key + '.' + name, entry.getValueNode(), depth + 1);
            }
        } else if (key.isEmpty()) {
            throw invalid(line(node), "is not a map of settings (expected: key: value)", null);
        } else {
            put(key, node instanceof SequenceNode list ? list(list) : scalar(node), line(node));
        }
    }

    private String list(SequenceNode list) {
        List<String> items = new ArrayList<>();
        for (Node item : list.getValue()) {
            String text = scalar(item);
            if (text.indexOf(',') >= 0) {
                throw invalid(line(item), "has a list item with a comma, which separates items", null);
            }
            items.add(text);
        }
        return String.join(",", items);
    }

    private String scalar(Node node) {
        if (!(node instanceof ScalarNode scalar) || node.getAnchor().isPresent()) {
            throw invalid(line(node), "has a list or a map where a single value is expected", null);
        }
        return scalar.getTag().equals(Tag.NULL) ? "" : scalar.getValue();
    }

    private void put(String key, String text, int line) {
        Setting other = settings.putIfAbsent(key, new Setting(text, line));
        if (other != null) {
            throw invalid(line, "sets " + key + " again; it is in line " + other.line() + " already", null);
        }
        if (settings.size() > MAX_SETTINGS) {
            throw invalid(line, "has more than " + MAX_SETTINGS + " settings", null);
        }
    }

    private static int line(Node node) {
        return node.getStartMark().map(mark -> mark.getLine() + 1).orElse(0);
    }

    private HotPlexException invalid(@Nullable Integer line, String what, @Nullable Throwable cause) {
        String where = line == null ? "" : ", line " + line + ",";
        return new HotPlexException(ErrorCode.CONFIG_INVALID, "configuration file " + file + where + " " + what, cause);
    }
}
