package io.hotplex.journal.jdbc;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Attachment;
import io.hotplex.api.Confinement;
import io.hotplex.api.Delivery;
import io.hotplex.api.EventSchema;
import io.hotplex.api.Prompt;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.SessionStats;
import io.hotplex.api.TokenUsage;
import io.hotplex.api.ToolRules;
import io.hotplex.api.spi.SessionState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The JSON forms of what is kept besides events. Fields that are not there have their defaults. */
final class Forms {
    private Forms() {}

    // ---- prompts

    static byte[] prompt(Prompt prompt) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("text", prompt.text());
        map.put("instructions", prompt.instructions());
        map.put(
                "attachments",
                prompt.attachments().stream().map(Forms::attachment).toList());
        map.put("delivery", prompt.delivery().name().toLowerCase(Locale.ROOT));
        map.put("client_id", prompt.clientId());
        Duration timeout = prompt.timeout();
        map.put("timeout_ms", timeout == null ? null : timeout.toMillis());
        map.put("traceparent", prompt.traceparent());
        map.put("inlined", prompt.inlined().stream().map(Forms::attached).toList());
        return Json.write(map);
    }

    private static Map<String, String> attachment(Attachment attachment) {
        return Map.of(
                "name", attachment.name(),
                "media_type", attachment.mediaType(),
                "data", Base64.getEncoder().encodeToString(attachment.data()));
    }

    private static Map<String, Object> attached(AgentEvent.Attached file) {
        return Map.of("name", file.name(), "media_type", file.mediaType(), "bytes", file.bytes());
    }

    static Prompt prompt(byte[] json) throws IOException {
        Map<String, @Nullable Object> map = Json.read(json);
        List<Attachment> attachments = new ArrayList<>();
        for (Map<String, @Nullable Object> item : objects(map.get("attachments"))) {
            attachments.add(new Attachment(
                    required(item, "name"),
                    required(item, "media_type"),
                    Base64.getDecoder().decode(required(item, "data"))));
        }
        List<AgentEvent.Attached> inlined = new ArrayList<>();
        for (Map<String, @Nullable Object> item : objects(map.get("inlined"))) {
            inlined.add(new AgentEvent.Attached(
                    required(item, "name"), required(item, "media_type"), number(item, "bytes")));
        }
        Object timeout = map.get("timeout_ms");
        return new Prompt(
                required(map, "text"),
                text(map, "instructions"),
                attachments,
                Delivery.valueOf(required(map, "delivery").toUpperCase(Locale.ROOT)),
                text(map, "client_id"),
                timeout == null ? null : Duration.ofMillis(((Number) timeout).longValue()),
                text(map, "traceparent"),
                inlined);
    }

    // ---- sessions

    static byte[] state(SessionState state) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("spec", spec(state.spec()));
        map.put("model", state.current().model());
        map.put("permission_mode", state.current().permissionMode());
        map.put("agent_session_id", state.agentSessionId());
        map.put("established", state.established());
        map.put("generation", state.generation());
        map.put("pid", state.pid());
        map.put("process", state.process());
        map.put(
                "pending",
                state.pendingRequests().stream()
                        .map(event -> Map.of("type", event.type(), "data", EventSchema.dataOf(event)))
                        .toList());
        map.put("stats", stats(state.stats()));
        map.put("offset", state.offset());
        map.put("last_activity", state.lastActivity().toString());
        map.put("closed", state.closed());
        return Json.write(map);
    }

    static SessionState state(byte[] json) throws IOException {
        Map<String, @Nullable Object> map = Json.read(json);
        SessionSpec spec = spec(object(map.get("spec")));
        List<AgentEvent> pending = new ArrayList<>();
        for (Map<String, @Nullable Object> item : objects(map.get("pending"))) {
            pending.add(EventSchema.eventOf(required(item, "type"), object(item.get("data"))));
        }
        Object pid = map.get("pid");
        return new SessionState(
                spec,
                spec.toBuilder()
                        .model(text(map, "model"))
                        .permissionMode(text(map, "permission_mode"))
                        .build(),
                required(map, "agent_session_id"),
                flag(map, "established"),
                (int) number(map, "generation"),
                pid == null ? null : (Long) ((Number) pid).longValue(),
                pending,
                stats(spec.id(), object(map.get("stats"))),
                number(map, "offset"),
                Instant.parse(required(map, "last_activity")),
                flag(map, "closed"),
                text(map, "process"));
    }

    private static Map<String, @Nullable Object> spec(SessionSpec spec) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("id", spec.id());
        map.put("owner", spec.owner());
        map.put("provider", spec.provider());
        map.put("work_dir", spec.workDir().toString());
        map.put("model", spec.model());
        map.put("permission_mode", spec.permissionMode());
        map.put("tools_available", spec.tools().available());
        map.put("tools_allowed", spec.tools().allowed());
        map.put("tools_denied", spec.tools().denied());
        map.put("system_prompt", spec.systemPrompt());
        map.put("append_system_prompt", spec.appendSystemPrompt());
        map.put("mcp_config", spec.mcpConfig());
        map.put("strict_mcp_config", spec.strictMcpConfig());
        map.put("environment", spec.environment());
        map.put("resume_agent_session", spec.resumeAgentSession());
        map.put("fork_agent_session", spec.forkAgentSession());
        Confinement confinement = spec.confinement();
        map.put("confinement", confinement == null ? null : confinement(confinement));
        ResourceLimits limits = spec.limits();
        map.put("limits", limits == null ? null : limits(limits));
        return map;
    }

    private static Map<String, Object> confinement(Confinement confinement) {
        return Map.of(
                "kind", confinement.kind().name(),
                "strict", confinement.strict(),
                "network", confinement.network(),
                "writable", confinement.writable().stream().map(Path::toString).toList(),
                "read_only", confinement.readOnly().stream().map(Path::toString).toList());
    }

    private static Confinement confinement(Map<String, @Nullable Object> map) {
        return new Confinement(
                Confinement.Kind.valueOf(required(map, "kind")),
                flag(map, "strict"),
                flag(map, "network"),
                texts(map.get("writable")).stream().map(Path::of).toList(),
                texts(map.get("read_only")).stream().map(Path::of).toList());
    }

    private static Map<String, @Nullable Object> limits(ResourceLimits limits) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("memory_bytes", limits.memoryBytes());
        map.put("processes", limits.processes());
        map.put("cpus", limits.cpus());
        map.put("open_files", limits.openFiles());
        map.put("core_bytes", limits.coreBytes());
        map.put("user_processes", limits.userProcesses());
        return map;
    }

    private static ResourceLimits limits(Map<String, @Nullable Object> map) {
        Object cpus = map.get("cpus");
        return ResourceLimits.builder()
                .memoryBytes(map.get("memory_bytes") == null ? null : (Long) number(map, "memory_bytes"))
                .processes(map.get("processes") == null ? null : (Integer) (int) number(map, "processes"))
                .cpus(cpus == null ? null : (Double) ((Number) cpus).doubleValue())
                .openFiles(map.get("open_files") == null ? null : (Integer) (int) number(map, "open_files"))
                .coreBytes(map.get("core_bytes") == null ? null : (Long) number(map, "core_bytes"))
                .userProcesses(map.get("user_processes") == null ? null : (Integer) (int) number(map, "user_processes"))
                .build();
    }

    private static SessionSpec spec(Map<String, @Nullable Object> map) {
        SessionSpec.Builder builder = SessionSpec.builder(required(map, "id"), Path.of(required(map, "work_dir")))
                .owner(required(map, "owner"))
                .provider(text(map, "provider"))
                .model(text(map, "model"))
                .permissionMode(text(map, "permission_mode"))
                .tools(new ToolRules(
                        map.get("tools_available") == null ? null : texts(map.get("tools_available")),
                        texts(map.get("tools_allowed")),
                        texts(map.get("tools_denied"))))
                .systemPrompt(text(map, "system_prompt"))
                .appendSystemPrompt(text(map, "append_system_prompt"))
                .mcpConfig(text(map, "mcp_config"))
                .strictMcpConfig(flag(map, "strict_mcp_config"))
                .resumeAgentSession(text(map, "resume_agent_session"))
                .forkAgentSession(text(map, "fork_agent_session"));
        if (map.get("confinement") != null) {
            builder.confinement(confinement(object(map.get("confinement"))));
        }
        if (map.get("limits") != null) {
            builder.limits(limits(object(map.get("limits"))));
        }
        object(map.get("environment")).forEach((name, value) -> builder.environment(name, String.valueOf(value)));
        return builder.build();
    }

    private static Map<String, @Nullable Object> stats(SessionStats stats) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        map.put("turns", stats.turns());
        map.put("failed_turns", stats.failedTurns());
        map.put("total_ms", stats.totalDuration().toMillis());
        map.put("thinking_ms", stats.thinkingDuration().toMillis());
        map.put("tool_ms", stats.toolDuration().toMillis());
        map.put("generation_ms", stats.generationDuration().toMillis());
        map.put("input_tokens", stats.usage().inputTokens());
        map.put("output_tokens", stats.usage().outputTokens());
        map.put("cache_write_tokens", stats.usage().cacheWriteTokens());
        map.put("cache_read_tokens", stats.usage().cacheReadTokens());
        map.put("cost_usd", stats.costUsd());
        map.put("tool_calls", stats.toolCalls());
        map.put("tools_used", stats.toolsUsed());
        map.put("file_paths", stats.filePaths());
        map.put("title", stats.title());
        return map;
    }

    private static SessionStats stats(String sessionId, Map<String, @Nullable Object> map) {
        Object cost = map.get("cost_usd");
        return new SessionStats(
                sessionId,
                number(map, "turns"),
                number(map, "failed_turns"),
                Duration.ofMillis(number(map, "total_ms")),
                Duration.ofMillis(number(map, "thinking_ms")),
                Duration.ofMillis(number(map, "tool_ms")),
                Duration.ofMillis(number(map, "generation_ms")),
                new TokenUsage(
                        number(map, "input_tokens"),
                        number(map, "output_tokens"),
                        number(map, "cache_write_tokens"),
                        number(map, "cache_read_tokens")),
                cost == null ? 0 : ((Number) cost).doubleValue(),
                number(map, "tool_calls"),
                texts(map.get("tools_used")),
                texts(map.get("file_paths")),
                text(map, "title"));
    }

    // ---- small things

    private static String required(Map<String, @Nullable Object> map, String key) {
        return Objects.requireNonNull(text(map, key), key);
    }

    private static @Nullable String text(Map<String, @Nullable Object> map, String key) {
        return (String) map.get(key);
    }

    private static boolean flag(Map<String, @Nullable Object> map, String key) {
        return Boolean.TRUE.equals(map.get(key));
    }

    private static long number(Map<String, @Nullable Object> map, String key) {
        Object value = map.get(key);
        return value == null ? 0 : ((Number) value).longValue();
    }

    private static List<String> texts(@Nullable Object list) {
        return list == null
                ? List.of()
                : ((List<?>) list).stream().map(String::valueOf).toList();
    }

    @SuppressWarnings("unchecked")
    private static Map<String, @Nullable Object> object(@Nullable Object value) {
        return value == null ? Map.of() : (Map<String, @Nullable Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, @Nullable Object>> objects(@Nullable Object value) {
        return value == null ? List.of() : (List<Map<String, @Nullable Object>>) value;
    }
}
