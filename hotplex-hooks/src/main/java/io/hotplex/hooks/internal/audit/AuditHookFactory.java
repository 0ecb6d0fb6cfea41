package io.hotplex.hooks.internal.audit;

import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHookFactory;
import io.hotplex.api.spi.HookConfig;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;

/** Makes hooks that write an audit trail. */
public final class AuditHookFactory implements EventHookFactory {
    /** Who asked, what ran, who allowed it, and how it ended. */
    private static final String EVENTS =
            "session_*,turn_*,tool_started,tool_completed,tool_denied,guard_*,permission_*,question_*,"
                    + "process_exited,isolation_reduced,model_changed,agent_session_changed";

    private final AuditHook.Disk disk;

    public AuditHookFactory() {
        this(file -> file.force(false));
    }

    AuditHookFactory(AuditHook.Disk disk) {
        this.disk = disk;
    }

    @Override
    public String type() {
        return "audit";
    }

    @Override
    public Map<String, String> defaults() {
        return Map.of("events", EVENTS, "batch-max-events", "100", "from", "oldest");
    }

    @Override
    public EventHook open(HookConfig config, Surroundings surroundings) {
        config.allowOnly(Set.of("directory", "fsync", "rotate-bytes", "keep-files"));
        if (config.number("concurrency", 1, 1, 64) != 1) {
            throw config.invalid("concurrency", "1: a trail has one end");
        }
        return new AuditHook(
                directory(config, surroundings.directory()),
                config.choice("fsync", "always", Set.of("always", "never")).equals("always")
                        ? disk
                        : AuditHook.Disk.LATER,
                config.number("rotate-bytes", 64 << 20, 4 << 10, 1 << 30),
                config.number("keep-files", 0, 0, 1_000_000));
    }

    private static Path directory(HookConfig config, Path own) {
        String text = config.text("directory");
        if (text == null) {
            return own.resolve("audit");
        }
        try {
            Path path = Path.of(text);
            if (path.isAbsolute()) {
                return path;
            }
        } catch (InvalidPathException e) {
            // reported below
        }
        throw config.invalid("directory", "an absolute path");
    }
}
