package io.hotplex.server.internal.sessions;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import io.hotplex.server.internal.wire.Fields;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Makes a session's specification of what a client asks for. Options that give a client power over the gateway's
 * machine, or over conversations that are not its own, are refused unless the configuration lets clients set them.
 * Immutable.
 */
final class SpecReader {
    private final Set<String> clientOptions;
    private final Path defaultWorkDir;

    /**
     * @param clientOptions of {@code environment}, {@code mcp-config}, {@code agent-session} and {@code confinement},
     *     what clients may set
     * @param defaultWorkDir where agents work when a client names no directory; made when it is first used
     */
    SpecReader(Set<String> clientOptions, Path defaultWorkDir) {
        this.clientOptions = Set.copyOf(clientOptions);
        this.defaultWorkDir = defaultWorkDir;
    }

    /** @throws HotPlexException INVALID_ARGUMENT, FORBIDDEN, SESSION_ID_INVALID, WORK_DIR_* or OPTIONS_CONFLICT */
    SessionSpec read(ObjectNode json, String owner) {
        Fields fields = new Fields(json, "session");
        String id = fields.text("id");
        SessionSpec.Builder spec = SessionSpec.builder(
                        id == null ? UUID.randomUUID().toString() : id, workDir(fields.text("work_dir")))
                .owner(owner)
                .provider(fields.text("provider"))
                .model(fields.text("model"))
                .permissionMode(fields.text("permission_mode"))
                .tools(tools(fields.object("tools")))
                .systemPrompt(fields.text("system_prompt"))
                .appendSystemPrompt(fields.text("append_system_prompt"))
                .strictMcpConfig(fields.flag("strict_mcp_config", false))
                .mcpConfig(allowed("mcp-config", "mcp_config", mcpConfig(fields)))
                .resumeAgentSession(
                        allowed("agent-session", "resume_agent_session", fields.text("resume_agent_session")))
                .forkAgentSession(allowed("agent-session", "fork_agent_session", fields.text("fork_agent_session")));
        Map<String, String> environment = fields.textMap("environment");
        if (!environment.isEmpty()) {
            allowed("environment", "environment", environment);
            environment.forEach(spec::environment);
        }
        spec.confinement(allowed("confinement", "confinement", confinement(fields.object("confinement"))));
        spec.limits(allowed("confinement", "limits", limits(fields.object("limits"))));
        fields.end();
        return spec.build();
    }

    private static @Nullable Confinement confinement(@Nullable ObjectNode json) {
        if (json == null) {
            return null;
        }
        Fields fields = new Fields(json, "session.confinement");
        Confinement confinement = new Confinement(
                kind(fields),
                fields.flag("strict", false),
                fields.flag("network", true),
                paths(fields, "writable"),
                paths(fields, "read_only"));
        fields.end();
        return confinement;
    }

    private static Confinement.Kind kind(Fields fields) {
        String name = fields.requiredText("kind");
        for (Confinement.Kind kind : Confinement.Kind.values()) {
            if (kind.key().equals(name)) {
                return kind;
            }
        }
        throw fields.wrong("kind is unknown (expected: none, cgroup, pid-namespace or bubblewrap)");
    }

    private static List<Path> paths(Fields fields, String name) {
        try {
            return Objects.requireNonNullElse(fields.texts(name), List.<String>of()).stream()
                    .map(Path::of)
                    .toList();
        } catch (InvalidPathException e) {
            throw fields.wrong(name + " has something that is not a path");
        }
    }

    private static @Nullable ResourceLimits limits(@Nullable ObjectNode json) {
        if (json == null) {
            return null;
        }
        Fields fields = new Fields(json, "session.limits");
        ResourceLimits limits = ResourceLimits.builder()
                .memoryBytes(fields.number("memory_bytes"))
                .processes(count(fields, "processes"))
                .cpus(fields.decimal("cpus"))
                .openFiles(count(fields, "open_files"))
                .coreBytes(fields.number("core_bytes"))
                .userProcesses(count(fields, "user_processes"))
                .build();
        fields.end();
        return limits;
    }

    private static @Nullable Integer count(Fields fields, String name) {
        Long value = fields.number(name);
        if (value != null && value > Integer.MAX_VALUE) {
            throw fields.wrong(name + " is too large");
        }
        return value == null ? null : (Integer) value.intValue();
    }

    private <T> @Nullable T allowed(String option, String field, @Nullable T value) {
        if (value != null && !clientOptions.contains(option)) {
            throw new HotPlexException(
                    ErrorCode.FORBIDDEN,
                    "session: " + field + " may not be set by clients (add '" + option
                            + "' to server.client-options to permit it)");
        }
        return value;
    }

    private static @Nullable String mcpConfig(Fields fields) {
        JsonNode value = fields.any("mcp_config");
        if (value == null) {
            return null;
        }
        if (!value.isObject() && !value.isTextual()) {
            throw fields.wrong("mcp_config is neither an object nor the text of one");
        }
        return value.isTextual() ? value.textValue() : value.toString();
    }

    private static ToolRules tools(@Nullable ObjectNode json) {
        if (json == null) {
            return ToolRules.DEFAULT;
        }
        Fields fields = new Fields(json, "session.tools");
        ToolRules rules = new ToolRules(
                fields.texts("available"),
                Objects.requireNonNullElse(fields.texts("allowed"), List.<String>of()),
                Objects.requireNonNullElse(fields.texts("denied"), List.<String>of()));
        fields.end();
        return rules;
    }

    private Path workDir(@Nullable String text) {
        try {
            return text == null || text.isEmpty() ? Files.createDirectories(defaultWorkDir) : Path.of(text);
        } catch (InvalidPathException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "session: work_dir is not a path", e);
        } catch (IOException e) {
            throw new UncheckedIOException("server.default-work-dir cannot be made", e);
        }
    }
}
