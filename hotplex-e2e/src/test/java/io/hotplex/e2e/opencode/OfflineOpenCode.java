package io.hotplex.e2e.opencode;

import io.hotplex.e2e.NodeModules;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * A home for OpenCode in which nothing is looked up in a network: its only connection goes to a model server of the
 * tests. Immutable once made.
 */
public final class OfflineOpenCode {
    /** The version that {@code package.json} pins. */
    public static final String VERSION = "1.18.33";

    /** The only model that it has, as {@code provider/model}. */
    public static final String MODEL = "fake/fake-1";

    /** The provider is compiled into the program, so that nothing is installed for it. */
    private static final String CONFIG = """
            {
              "autoupdate": false,
              "share": "disabled",
              "model": "fake/fake-1",
              "small_model": "fake/fake-1",
              "enabled_providers": ["fake"],
              "lsp": false,
              "formatter": false,
              "provider": {
                "fake": {
                  "name": "Fake",
                  "npm": "@ai-sdk/openai-compatible",
                  "options": { "baseURL": "{env:FAKE_URL}", "apiKey": "none" },
                  "models": {
                    "fake-1": {
                      "name": "Fake 1",
                      "tool_call": true,
                      "reasoning": true,
                      "temperature": false,
                      "attachment": true,
                      "modalities": { "input": ["text", "image"], "output": ["text"] },
                      "limit": { "context": 128000, "output": 8192 },
                      "cost": { "input": 1, "output": 2 }
                    }
                  }
                }
              }
            }
            """;

    private final Path root;
    private final URI model;

    private OfflineOpenCode(Path root, URI model) {
        this.root = root;
        this.model = model;
    }

    /**
     * @param root an empty directory, or one that was used before
     * @param model where the OpenAI API of the model server begins
     */
    public static OfflineOpenCode in(Path root, URI model) {
        try {
            for (String name : new String[] {"home", "data", "cache", "state", "tmp"}) {
                Files.createDirectories(root.resolve(name));
            }
            configuration(root.resolve("config/opencode"));
            Files.writeString(root.resolve("opencode.json"), CONFIG);
            Files.writeString(root.resolve("models.json"), "{}");
            return new OfflineOpenCode(root.toRealPath(), model);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Makes a directory for OpenCode's configuration. It installs its plugin package beside each, unless files say that
     * it is there.
     */
    static Path configuration(Path directory) throws IOException {
        Files.createDirectories(directory.resolve("node_modules"));
        String plugin = "{\"dependencies\":{\"@opencode-ai/plugin\":\"" + VERSION + "\"}}";
        Files.writeString(directory.resolve("package.json"), plugin);
        Files.writeString(
                directory.resolve("package-lock.json"), "{\"lockfileVersion\":3,\"packages\":{\"\":" + plugin + "}}");
        return directory;
    }

    /** Everything that its environment needs besides PATH. */
    public Map<String, String> environment() {
        Map<String, String> environment = new TreeMap<>();
        environment.put("HOME", root.resolve("home").toString());
        environment.put("TMPDIR", root.resolve("tmp").toString());
        environment.put("LANG", "C.UTF-8");
        environment.put("SHELL", "/bin/bash");
        environment.put("XDG_CONFIG_HOME", root.resolve("config").toString());
        environment.put("XDG_DATA_HOME", root.resolve("data").toString());
        environment.put("XDG_CACHE_HOME", root.resolve("cache").toString());
        environment.put("XDG_STATE_HOME", root.resolve("state").toString());
        environment.put("FAKE_URL", model.toString());
        environment.put("OPENCODE_CONFIG", root.resolve("opencode.json").toString());
        environment.put("OPENCODE_MODELS_PATH", root.resolve("models.json").toString());
        environment.put("NO_PROXY", "127.0.0.1");
        environment.put("no_proxy", "127.0.0.1");
        for (String name : new String[] {
            "MODELS_FETCH", "AUTOUPDATE", "SHARE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS", "PROJECT_CONFIG", "CLAUDE_CODE"
        }) {
            environment.put("OPENCODE_DISABLE_" + name, "1");
        }
        return Map.copyOf(environment);
    }

    /** The directory that everything is in. */
    public Path root() {
        return root;
    }

    /** The program; installed first when it has to be. */
    public static Path program() {
        NodeModules modules = NodeModules.installed();
        return modules.agents()
                .openCode()
                .orElseThrow(() -> new IllegalStateException(
                        "npm installed no OpenCode for this platform in " + modules.packages()));
    }
}
