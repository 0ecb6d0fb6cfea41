package io.hotplex.testkit.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a host may change while the agent runs: model, permission mode, permission rules. Guarded by {@code lock}, since
 * the reading thread changes it under the running turn.
 */
final class AgentSettings {
    static final String DEFAULT_MODEL = "demo";

    private static final Set<String> MODES =
            Set.of("default", "manual", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions");

    private final Set<String> denied;
    private final boolean asksHost;
    private final boolean mayBypass;
    private final ReentrantLock lock = new ReentrantLock();

    @GuardedBy("lock")
    private final Set<String> allowed;

    @GuardedBy("lock")
    private String model;

    @GuardedBy("lock")
    private String permissionMode;

    @GuardedBy("lock")
    private @Nullable String hook;

    AgentSettings(AgentArguments arguments) {
        boolean skips = arguments.has("dangerously-skip-permissions");
        model = arguments.value("model").orElse(DEFAULT_MODEL);
        permissionMode = arguments.value("permission-mode").orElse(skips ? "bypassPermissions" : "default");
        allowed = new HashSet<>(arguments.names("allowedTools", "allowed-tools"));
        denied = arguments.names("disallowedTools", "disallowed-tools");
        asksHost = arguments
                .value("permission-prompt-tool")
                .filter("stdio"::equals)
                .isPresent();
        mayBypass = skips
                || permissionMode.equals("bypassPermissions")
                || arguments.has("allow-dangerously-skip-permissions");
    }

    /** Whether a tool may run. */
    enum Permission {
        ALLOW,
        ASK,
        DENY
    }

    Permission permissionFor(String tool) {
        lock.lock();
        try {
            if (denied.contains(tool)) {
                return Permission.DENY;
            }
            if (permissionMode.equals("bypassPermissions") || allowed.contains(tool)) {
                return Permission.ALLOW;
            }
            return asksHost && !permissionMode.equals("dontAsk") ? Permission.ASK : Permission.DENY;
        } finally {
            lock.unlock();
        }
    }

    String model() {
        lock.lock();
        try {
            return model;
        } finally {
            lock.unlock();
        }
    }

    void model(@Nullable String name) {
        lock.lock();
        try {
            model = name == null ? DEFAULT_MODEL : name;
        } finally {
            lock.unlock();
        }
    }

    /** The callback that hears of tool calls before they run. */
    @Nullable
    String hook() {
        lock.lock();
        try {
            return hook;
        } finally {
            lock.unlock();
        }
    }

    void hook(@Nullable String callbackId) {
        lock.lock();
        try {
            hook = callbackId;
        } finally {
            lock.unlock();
        }
    }

    String permissionMode() {
        lock.lock();
        try {
            return permissionMode;
        } finally {
            lock.unlock();
        }
    }

    /** Change the mode; the answer is why not, or null. */
    @Nullable
    String permissionMode(@Nullable String mode) {
        if (mode == null || !MODES.contains(mode)) {
            return "Unknown permission mode: " + mode;
        }
        if (mode.equals("bypassPermissions") && !mayBypass) {
            return "The mode bypassPermissions has to be allowed when the agent is started";
        }
        lock.lock();
        try {
            permissionMode = mode;
            return null;
        } finally {
            lock.unlock();
        }
    }

    /** Take over what came with a person's answer, so that the same is not asked again. */
    void update(List<?> permissionUpdates) {
        for (Object item : permissionUpdates) {
            Map<String, @Nullable Object> update = Json.asObject(item);
            if ("setMode".equals(update.get("type"))) {
                var refused = permissionMode(Json.text(update, "mode"));
                if (refused != null) {
                    System.err.println(refused);
                }
            } else if ("addRules".equals(update.get("type")) && "allow".equals(update.get("behavior"))) {
                allow(Json.list(update, "rules"));
            }
        }
    }

    private void allow(List<?> rules) {
        lock.lock();
        try {
            for (Object rule : rules) {
                String tool = Json.text(Json.asObject(rule), "toolName");
                if (tool != null) {
                    allowed.add(tool);
                }
            }
        } finally {
            lock.unlock();
        }
    }
}
