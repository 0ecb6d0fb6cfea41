package io.hotplex.core.internal.session;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ProcessState;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.core.EngineConfig;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The settings of a session that can change while it lives: sent to the living process, and remembered for the next
 * one. Confined to the session's owner, but for {@link #current}, which anybody may read.
 */
final class Settings {
    /** What can change. */
    enum Setting {
        MODEL(Capability.SET_MODEL),
        PERMISSION_MODE(Capability.SET_PERMISSION_MODE);

        final Capability capability;

        Setting(Capability capability) {
            this.capability = capability;
        }

        SessionSpec.Builder apply(SessionSpec.Builder builder, String value) {
            return this == MODEL ? builder.model(value) : builder.permissionMode(value);
        }

        private void send(AgentProtocol protocol, String commandId, String value, AgentConnection connection) {
            if (this == MODEL) {
                protocol.setModel(commandId, value, connection);
            } else {
                protocol.setPermissionMode(commandId, value, connection);
            }
        }
    }

    private record Command(Setting setting, String value, CompletableFuture<Void> done) {}

    private final SessionScope scope;
    private final Map<String, Command> sent = new LinkedHashMap<>();
    private final List<Command> whenReady = new ArrayList<>();
    private volatile SessionSpec current;

    Settings(SessionScope scope, SessionSpec current) {
        this.scope = scope;
        this.current = current;
    }

    /** The specification with what was changed since; the same object until something changes. */
    SessionSpec current() {
        return current;
    }

    private void hold(Command command) {
        current = command.setting.apply(current.toBuilder(), command.value).build();
    }

    void change(Setting setting, String value, CompletableFuture<Void> done, @Nullable AgentConnection connection) {
        change(new Command(setting, value, done), connection);
    }

    private void change(Command command, @Nullable AgentConnection connection) {
        if (connection == null || connection.state() == ProcessState.DEAD) {
            hold(command);
            scope.callBack(() -> command.done.complete(null));
        } else if (connection.state() == ProcessState.STARTING) {
            whenReady.add(command);
        } else {
            String id = UUID.randomUUID().toString();
            sent.put(id, command);
            Duration limit = scope.config(EngineConfig.SETTING_TIMEOUT);
            var unused = scope.timer(limit, () -> ended(id, "not confirmed within " + limit + " (setting-timeout)"));
            connection.call(p -> command.setting.send(p, id, command.value, connection));
        }
    }

    void ended(String commandId, @Nullable String error) {
        Command command = sent.remove(commandId);
        if (command != null && error == null) {
            hold(command);
            scope.callBack(() -> command.done.complete(null));
        } else if (command != null) {
            fail(command, ErrorCode.AGENT_ERROR, String.valueOf(error));
        }
    }

    /** The process got ready, or is gone: what waited is done now. */
    void retry(@Nullable AgentConnection connection) {
        List<Command> deferred = List.copyOf(whenReady);
        whenReady.clear();
        deferred.forEach(command -> change(command, connection));
    }

    /** The process will not answer any more. */
    void processGone(boolean expected) {
        List<Command> open = List.copyOf(sent.values());
        sent.clear();
        for (Command command : open) {
            if (expected) {
                change(command, null); // it holds for the next process
            } else {
                fail(command, ErrorCode.AGENT_CRASHED, "the agent ended before it answered");
            }
        }
        retry(null);
    }

    private void fail(Command command, ErrorCode code, String message) {
        scope.callBack(() -> command.done.completeExceptionally(new HotPlexException(code, message)));
    }
}
