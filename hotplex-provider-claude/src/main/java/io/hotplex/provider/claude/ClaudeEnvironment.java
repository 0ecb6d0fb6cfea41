package io.hotplex.provider.claude;

import io.hotplex.api.Confinement;
import io.hotplex.api.SessionSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which variables a process gets. Immutable.
 *
 * <p>Taken over by name only; above all not {@code CLAUDECODE} and the other {@code CLAUDE_CODE_*} variables, by which
 * an engine that itself runs inside of Claude Code would make its agents think they were nested. The keys of a cloud
 * are taken over only if Claude is to use that cloud: every command that the model runs can read them.
 */
final class ClaudeEnvironment {
    private static final Logger log = LoggerFactory.getLogger(ClaudeEnvironment.class);
    private static final List<String> INHERITED = List.of(
            "ANTHROPIC_*",
            "CLAUDE_CODE_OAUTH_TOKEN",
            "CLAUDE_CONFIG_DIR",
            "IS_SANDBOX",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "NODE_EXTRA_CA_CERTS");

    private static final String BEDROCK = "CLAUDE_CODE_USE_BEDROCK";
    private static final String VERTEX = "CLAUDE_CODE_USE_VERTEX";
    private static final List<String> BEDROCK_KEYS = List.of(BEDROCK, "CLAUDE_CODE_SKIP_BEDROCK_AUTH", "AWS_*");
    private static final List<String> VERTEX_KEYS = List.of(
            VERTEX,
            "CLAUDE_CODE_SKIP_VERTEX_AUTH",
            "GOOGLE_*",
            "GCLOUD_PROJECT",
            "CLOUDSDK_CONFIG",
            "CLOUD_ML_REGION",
            "VERTEX_REGION_*");

    private final ClaudeSettings settings;
    private final Function<String, @Nullable String> parent;

    /** @param parent the JVM's environment */
    ClaudeEnvironment(ClaudeSettings settings, Function<String, @Nullable String> parent) {
        this.settings = settings;
        this.parent = parent;
    }

    /** Names to take over from the JVM. */
    List<String> inherit() {
        // whoever opens a session is not asked: the keys are the operator's
        Map<String, String> added = settings.environment();
        List<String> names = new ArrayList<>(INHERITED);
        if (on(BEDROCK, added)) {
            names.addAll(BEDROCK_KEYS);
        }
        if (on(VERTEX, added)) {
            names.addAll(VERTEX_KEYS);
        }
        names.addAll(settings.inherit());
        return names;
    }

    /** Variables to set. */
    Map<String, String> additions(SessionSpec spec) {
        Map<String, String> added = defaults();
        Path directories = settings.configDirectories();
        if (directories != null) {
            added.put(
                    "CLAUDE_CONFIG_DIR",
                    OwnerDirectory.of(directories, spec.owner()).toString());
        }
        added.putAll(spec.environment());
        return added;
    }

    /** Variables to set for a process that belongs to no session. */
    Map<String, String> defaults() {
        Map<String, String> added = new LinkedHashMap<>();
        added.put("DISABLE_AUTOUPDATER", "1");
        added.put("DISABLE_TELEMETRY", "1");
        added.put("DISABLE_ERROR_REPORTING", "1");
        added.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        added.put("CLAUDE_CODE_SDK_READS_SESSION_STATE", "1");
        if (settings.maxRetries() >= 0) {
            added.put("CLAUDE_CODE_MAX_RETRIES", Integer.toString(settings.maxRetries()));
        }
        added.putAll(settings.environment());
        return added;
    }

    /**
     * Where Claude keeps its conversations and settings. In a sandbox it cannot make what is not there, and would
     * forget it with its process; so it is made here.
     */
    List<Path> state(SessionSpec spec, Map<String, String> added) {
        Path directory = directory(added);
        if (directory == null) {
            return List.of();
        }
        List<Path> state = new ArrayList<>(List.of(directory));
        String home = value("HOME", added);
        if (home != null && value("CLAUDE_CONFIG_DIR", added) == null) {
            state.add(Path.of(home, ".claude.json"));
        }
        if (spec.confinement() != null && spec.confinement().kind() == Confinement.Kind.BUBBLEWRAP) {
            try {
                SandboxState.make(directory);
                for (Path file : state.subList(1, state.size())) {
                    SandboxState.makeFile(file);
                }
                for (Path file : settingsFiles(added)) {
                    SandboxState.makeFile(file);
                }
            } catch (IOException | UnsupportedOperationException e) { // the latter where there are no such permissions
                log.warn("what Claude keeps cannot be made, conversations will not be resumed", e);
            }
        }
        return state;
    }

    /** The settings of the user. Hooks are in them: programs that other sessions run, and those that no sandbox has. */
    List<Path> settingsFiles(Map<String, String> added) {
        Path directory = directory(added);
        return directory == null
                ? List.of()
                : List.of(directory.resolve("settings.json"), directory.resolve("settings.local.json"));
    }

    private @Nullable Path directory(Map<String, String> added) {
        String home = value("HOME", added);
        String configured = value("CLAUDE_CONFIG_DIR", added);
        return configured != null ? Path.of(configured) : home == null ? null : Path.of(home, ".claude");
    }

    private @Nullable String value(String variable, Map<String, String> added) {
        String value = added.containsKey(variable) ? added.get(variable) : parent.apply(variable);
        return value == null || value.isBlank() ? null : value;
    }

    /** The PATH that the process will have. */
    @Nullable
    String path(Map<String, String> added) {
        String path = added.get("PATH");
        return path == null ? parent.apply("PATH") : path;
    }

    private boolean on(String variable, Map<String, String> added) {
        String value = value(variable, added);
        return value != null && !value.equals("0") && !value.equalsIgnoreCase("false");
    }
}
