package io.hotplex.provider.opencode;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentLine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which variables a server gets. Immutable.
 *
 * <p>Taken over by name only. Not {@code OPENCODE}, {@code OPENCODE_PID} and the like, by which an engine that itself
 * runs inside of OpenCode would make its agents think they were nested. Not the keys of vendors either: OpenCode knows
 * dozens, and every command that a model runs can read them; what is needed is given by {@code environment.NAME} or
 * {@code inherit}, or is in OpenCode's own store of logins.
 */
final class OpenCodeEnvironment {
    private static final Logger log = LoggerFactory.getLogger(OpenCodeEnvironment.class);
    private static final String CONTENT = "OPENCODE_CONFIG_CONTENT";
    private static final List<String> INHERITED = List.of(
            "OPENCODE_CONFIG",
            "OPENCODE_CONFIG_DIR",
            "OPENCODE_DISABLE_*",
            "OPENCODE_ENABLE_*",
            "OPENCODE_EXPERIMENTAL*",
            "OPENCODE_MODELS_PATH",
            "OPENCODE_MODELS_URL",
            "XDG_CONFIG_HOME",
            "XDG_DATA_HOME",
            "XDG_CACHE_HOME",
            "XDG_STATE_HOME",
            "HTTP_PROXY",
            "HTTPS_PROXY",
            "NO_PROXY",
            "http_proxy",
            "https_proxy",
            "no_proxy",
            "NODE_EXTRA_CA_CERTS");

    /** Below OpenCode's configuration: what it loads as a program, or takes orders from. */
    private static final List<String> CONFIG_FILES =
            List.of("opencode.json", "opencode.jsonc", "config.json", "AGENTS.md", "plugin", "plugins");

    private final OpenCodeSettings settings;
    private final Function<String, @Nullable String> parent;

    /** @param parent the JVM's environment */
    OpenCodeEnvironment(OpenCodeSettings settings, Function<String, @Nullable String> parent) {
        this.settings = settings;
        this.parent = parent;
    }

    /** Names to take over from the JVM. */
    List<String> inherit() {
        List<String> names = new ArrayList<>(INHERITED);
        names.addAll(settings.inherit());
        return names;
    }

    /** The rules of a session. */
    Permissions permissions(SessionSpec spec) {
        return Permissions.of(
                Permissions.mode(spec.permissionMode() == null ? settings.permissionMode() : spec.permissionMode()),
                spec.tools().available() == null
                        ? settings.tools()
                        : spec.tools().available(),
                spec.tools().allowed().isEmpty()
                        ? settings.allowedTools()
                        : spec.tools().allowed(),
                denied(spec));
    }

    /**
     * Variables to set.
     *
     * @param guarded whether OpenCode is to ask about every call
     */
    Map<String, String> additions(SessionSpec spec, boolean guarded) {
        Map<String, String> added = defaults();
        spec.environment().forEach((name, value) -> {
            if (OpenCodeSettings.ours(name)) {
                throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "environment: " + name + " is set by HotPlex");
            }
            added.put(name, value);
        });
        Permissions permissions = permissions(spec);
        String rules = guarded ? permissions.guardedJson() : permissions.json();
        if (rules != null) {
            added.put("OPENCODE_PERMISSION", rules);
        }
        String content = content(value(CONTENT, added), guarded ? guardPlugin(added) : null);
        if (content != null) {
            added.put(CONTENT, content);
        }
        return added;
    }

    private List<String> denied(SessionSpec spec) {
        List<String> denied = new ArrayList<>(settings.disallowedTools());
        denied.addAll(spec.tools().denied());
        return denied;
    }

    /** Our settings of OpenCode; what somebody set in the same place counts more. */
    private @Nullable String content(@Nullable String given, @Nullable Path plugin) {
        Boolean snapshots = settings.snapshots();
        if (snapshots == null && plugin == null) {
            return given;
        }
        ObjectNode content = OpenCodeJson.object();
        if (snapshots != null) {
            content.put("snapshot", snapshots);
        }
        if (given != null) {
            ObjectNode theirs = OpenCodeJson.object(AgentLine.of(given));
            if (theirs == null) {
                return given; // OpenCode says what is wrong with it
            }
            content.setAll(theirs);
        }
        if (plugin != null) {
            content.withArray("/plugin").add(plugin.toUri().toString());
        }
        return content.toString();
    }

    /** Variables to set for a process that belongs to no session. */
    Map<String, String> defaults() {
        Map<String, String> added = new LinkedHashMap<>();
        added.put("OPENCODE_DISABLE_AUTOUPDATE", "1");
        // without it only OpenCode's own clients are asked
        added.put("OPENCODE_ENABLE_QUESTION_TOOL", "1");
        added.putAll(settings.environment());
        return added;
    }

    /** Where a server of several sessions runs: where nobody else can put a configuration for it. */
    Path home(SessionSpec spec, Map<String, String> added) {
        String home = value("HOME", added);
        return home != null && Files.isDirectory(Path.of(home)) ? Path.of(home).toAbsolutePath() : spec.workDir();
    }

    /**
     * Where OpenCode keeps its conversations, logins and settings. In a sandbox it cannot make what is not there, and
     * would forget it with its process; so it is made here.
     */
    List<Path> state(SessionSpec spec, Map<String, String> added) {
        List<Path> state = new ArrayList<>();
        directory("XDG_DATA_HOME", ".local/share", added, state);
        directory("XDG_CONFIG_HOME", ".config", added, state);
        directory("XDG_CACHE_HOME", ".cache", added, state);
        directory("XDG_STATE_HOME", ".local/state", added, state);
        if (spec.confinement() != null && spec.confinement().kind() == Confinement.Kind.BUBBLEWRAP) {
            for (Path path : state) {
                make(path);
            }
        }
        return state;
    }

    /**
     * Where the plugin is that guards need; among OpenCode's own files, so that it is there in a sandbox as well.
     *
     * @throws HotPlexException AGENT_START_FAILED when there is no such place
     */
    Path guardPlugin(Map<String, String> added) {
        List<Path> found = new ArrayList<>();
        directory("XDG_STATE_HOME", ".local/state", added, found);
        if (found.isEmpty()) {
            throw new HotPlexException(
                    ErrorCode.AGENT_START_FAILED,
                    "guard: OpenCode has no place for its plugin (expected: HOME or XDG_STATE_HOME in its environment)");
        }
        return GuardPlugin.in(found.get(0).toAbsolutePath());
    }

    private static void make(Path directory) {
        try {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (IOException | UnsupportedOperationException e) { // the latter where there are no such permissions
            log.warn("what OpenCode keeps cannot be made, conversations will not be resumed", e);
        }
    }

    /** What other sessions would run, or obey. */
    List<Path> settingsFiles(Map<String, String> added) {
        List<Path> config = new ArrayList<>();
        directory("XDG_CONFIG_HOME", ".config", added, config);
        List<Path> state = new ArrayList<>();
        directory("XDG_STATE_HOME", ".local/state", added, state);
        return Stream.concat(
                        config.stream()
                                .flatMap(directory -> CONFIG_FILES.stream().map(directory::resolve)),
                        state.stream().map(GuardPlugin::in))
                .toList();
    }

    private void directory(String variable, String usual, Map<String, String> added, List<Path> found) {
        String configured = value(variable, added);
        String home = value("HOME", added);
        if (configured != null) {
            found.add(Path.of(configured, "opencode"));
        } else if (home != null) {
            found.add(Path.of(home).resolve(usual).resolve("opencode"));
        }
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
}
