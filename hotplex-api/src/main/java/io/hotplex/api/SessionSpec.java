package io.hotplex.api;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Everything needed to start a session's agent, now and again. Immutable.
 *
 * <p>Environment values are not part of {@link #toString()}.
 */
public final class SessionSpec {
    private final String id;
    private final String owner;
    private final @Nullable String provider;
    private final Path workDir;
    private final @Nullable String model;
    private final @Nullable String permissionMode;
    private final ToolRules tools;
    private final @Nullable String systemPrompt;
    private final @Nullable String appendSystemPrompt;
    private final @Nullable String mcpConfig;
    private final boolean strictMcpConfig;
    private final Map<String, String> environment;
    private final @Nullable String resumeAgentSession;
    private final @Nullable String forkAgentSession;
    private final @Nullable Confinement confinement;
    private final @Nullable ResourceLimits limits;

    private SessionSpec(Builder b) {
        id = b.id;
        owner = b.owner;
        provider = b.provider;
        workDir = b.workDir;
        model = b.model;
        permissionMode = b.permissionMode;
        tools = b.tools;
        systemPrompt = b.systemPrompt;
        appendSystemPrompt = b.appendSystemPrompt;
        mcpConfig = b.mcpConfig;
        strictMcpConfig = b.strictMcpConfig;
        environment = Map.copyOf(b.environment);
        resumeAgentSession = b.resumeAgentSession;
        forkAgentSession = b.forkAgentSession;
        confinement = b.confinement;
        limits = b.limits;
    }

    /**
     * @param id the session's id: 1 to 128 characters of {@code A-Z a-z 0-9 . _ : -}
     * @param workDir the agent's working directory; absolute
     */
    public static Builder builder(String id, Path workDir) {
        return new Builder(id, workDir);
    }

    /** A builder that holds this specification. */
    public Builder toBuilder() {
        Builder b = new Builder(id, workDir);
        b.owner = owner;
        b.provider = provider;
        b.model = model;
        b.permissionMode = permissionMode;
        b.tools = tools;
        b.systemPrompt = systemPrompt;
        b.appendSystemPrompt = appendSystemPrompt;
        b.mcpConfig = mcpConfig;
        b.strictMcpConfig = strictMcpConfig;
        b.environment.putAll(environment);
        b.resumeAgentSession = resumeAgentSession;
        b.forkAgentSession = forkAgentSession;
        b.confinement = confinement;
        b.limits = limits;
        return b;
    }

    /** The session's id. */
    public String id() {
        return id;
    }

    /** Who owns the session; {@code "local"} unless set. */
    public String owner() {
        return owner;
    }

    /** Name of the configured provider, or {@code null} for the engine's default. */
    public @Nullable String provider() {
        return provider;
    }

    /** The working directory. After the engine accepted the session: the real path. */
    public Path workDir() {
        return workDir;
    }

    /** The model, in the agent's own spelling, or {@code null} for its default. */
    public @Nullable String model() {
        return model;
    }

    /** The permission mode, in the agent's own spelling, or {@code null} for its default. */
    public @Nullable String permissionMode() {
        return permissionMode;
    }

    /** Which tools exist, which run unasked, which never run. */
    public ToolRules tools() {
        return tools;
    }

    /** Replaces the agent's system prompt; {@code null} keeps it. */
    public @Nullable String systemPrompt() {
        return systemPrompt;
    }

    /** Is added to the agent's system prompt; {@code null} for nothing. */
    public @Nullable String appendSystemPrompt() {
        return appendSystemPrompt;
    }

    /** MCP servers as a JSON object in the agent's own form, or {@code null}. */
    public @Nullable String mcpConfig() {
        return mcpConfig;
    }

    /** Whether the agent uses only the servers of {@link #mcpConfig()}. */
    public boolean strictMcpConfig() {
        return strictMcpConfig;
    }

    /** Variables added to the agent's environment. */
    public Map<String, String> environment() {
        return environment;
    }

    /** Id of an existing conversation of the agent that this session continues, or {@code null}. */
    public @Nullable String resumeAgentSession() {
        return resumeAgentSession;
    }

    /** Id of an existing conversation of the agent that this session branches from, or {@code null}. */
    public @Nullable String forkAgentSession() {
        return forkAgentSession;
    }

    /**
     * What the agent is kept in, or {@code null} for the engine's default. After the engine accepted the session: what
     * was asked for.
     */
    public @Nullable Confinement confinement() {
        return confinement;
    }

    /**
     * What the agent may use at most, or {@code null} for the engine's default. After the engine accepted the session:
     * what was asked for.
     */
    public @Nullable ResourceLimits limits() {
        return limits;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof SessionSpec s
                && id.equals(s.id)
                && owner.equals(s.owner)
                && workDir.equals(s.workDir)
                && tools.equals(s.tools)
                && environment.equals(s.environment)
                && strictMcpConfig == s.strictMcpConfig
                && Objects.equals(provider, s.provider)
                && Objects.equals(model, s.model)
                && Objects.equals(permissionMode, s.permissionMode)
                && Objects.equals(systemPrompt, s.systemPrompt)
                && Objects.equals(appendSystemPrompt, s.appendSystemPrompt)
                && Objects.equals(mcpConfig, s.mcpConfig)
                && Objects.equals(resumeAgentSession, s.resumeAgentSession)
                && Objects.equals(forkAgentSession, s.forkAgentSession)
                && Objects.equals(confinement, s.confinement)
                && Objects.equals(limits, s.limits);
    }

    @Override
    public int hashCode() {
        return Objects.hash(id, owner, workDir, provider, model, permissionMode);
    }

    @Override
    public String toString() {
        return "SessionSpec[" + id + ", owner=" + owner + ", provider=" + provider + ", workDir=" + workDir + ", model="
                + model + ", permissionMode=" + permissionMode + "]";
    }

    /** Collects the parts of a specification; {@link #build()} checks it once. Not thread-safe. */
    public static final class Builder {
        private static final int MAX_ID_LENGTH = 128;

        private final String id;
        private Path workDir;
        private String owner = "local";
        private @Nullable String provider;
        private @Nullable String model;
        private @Nullable String permissionMode;
        private ToolRules tools = ToolRules.DEFAULT;
        private @Nullable String systemPrompt;
        private @Nullable String appendSystemPrompt;
        private @Nullable String mcpConfig;
        private boolean strictMcpConfig;
        private final Map<String, String> environment = new LinkedHashMap<>();
        private @Nullable String resumeAgentSession;
        private @Nullable String forkAgentSession;
        private @Nullable Confinement confinement;
        private @Nullable ResourceLimits limits;

        private Builder(String id, Path workDir) {
            this.id = Objects.requireNonNull(id, "id");
            this.workDir = Objects.requireNonNull(workDir, "workDir");
        }

        public Builder owner(String value) {
            owner = Objects.requireNonNull(value, "owner");
            return this;
        }

        public Builder provider(@Nullable String value) {
            provider = value;
            return this;
        }

        public Builder workDir(Path value) {
            workDir = Objects.requireNonNull(value, "workDir");
            return this;
        }

        public Builder model(@Nullable String value) {
            model = value;
            return this;
        }

        public Builder permissionMode(@Nullable String value) {
            permissionMode = value;
            return this;
        }

        public Builder tools(ToolRules value) {
            tools = Objects.requireNonNull(value, "tools");
            return this;
        }

        public Builder systemPrompt(@Nullable String value) {
            systemPrompt = value;
            return this;
        }

        public Builder appendSystemPrompt(@Nullable String value) {
            appendSystemPrompt = value;
            return this;
        }

        public Builder mcpConfig(@Nullable String json) {
            mcpConfig = json;
            return this;
        }

        public Builder strictMcpConfig(boolean value) {
            strictMcpConfig = value;
            return this;
        }

        public Builder environment(String name, String value) {
            environment.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
            return this;
        }

        public Builder resumeAgentSession(@Nullable String value) {
            resumeAgentSession = value;
            return this;
        }

        public Builder forkAgentSession(@Nullable String value) {
            forkAgentSession = value;
            return this;
        }

        public Builder confinement(@Nullable Confinement value) {
            confinement = value;
            return this;
        }

        public Builder limits(@Nullable ResourceLimits value) {
            limits = value;
            return this;
        }

        /** @throws HotPlexException SESSION_ID_INVALID, INVALID_ARGUMENT or OPTIONS_CONFLICT, naming the option */
        public SessionSpec build() {
            checkId(id);
            if (owner.isBlank()) {
                throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "owner: must not be blank");
            }
            if (resumeAgentSession != null && forkAgentSession != null) {
                throw conflict("resumeAgentSession", "forkAgentSession");
            }
            if (strictMcpConfig && mcpConfig == null) {
                throw new HotPlexException(
                        ErrorCode.OPTIONS_CONFLICT, "strictMcpConfig needs mcpConfig: give the servers or drop it");
            }
            environment.forEach(Builder::checkVariable);
            return new SessionSpec(this);
        }

        private static void checkId(String id) {
            boolean valid = !id.isEmpty() && id.length() <= MAX_ID_LENGTH;
            for (int i = 0; valid && i < id.length(); i++) {
                char c = id.charAt(i);
                valid = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || "._:-".indexOf(c) >= 0;
            }
            if (!valid) {
                throw new HotPlexException(
                        ErrorCode.SESSION_ID_INVALID,
                        "session id of " + id.length() + " characters (expected: 1 to " + MAX_ID_LENGTH
                                + " characters of A-Z a-z 0-9 . _ : -)");
            }
        }

        private static void checkVariable(String name, String value) {
            if (name.isEmpty() || name.indexOf('=') >= 0 || name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
                throw new HotPlexException(
                        ErrorCode.INVALID_ARGUMENT, "environment: a name is empty or has '=', or a NUL byte occurs");
            }
        }

        private static HotPlexException conflict(String a, String b) {
            return new HotPlexException(ErrorCode.OPTIONS_CONFLICT, a + " and " + b + " exclude each other: give one");
        }
    }
}
