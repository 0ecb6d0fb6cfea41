package io.hotplex.core.internal.session;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProcess;
import io.hotplex.api.spi.AgentProtocol;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProvider.Capability;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessSpec;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.internal.lease.Lease;
import io.hotplex.core.internal.lease.SessionLeases;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts agent processes, which blocks for a moment, off the sessions' owners. Thread-safe. */
final class ProcessStarter {
    private static final Logger log = LoggerFactory.getLogger(ProcessStarter.class);

    private final EngineParts parts;
    private final AgentProvider provider;

    /** What a successful start gives. */
    record Started(AgentProcess process, AgentProtocol protocol, Lease lease) {}

    ProcessStarter(EngineParts parts, AgentProvider provider) {
        this.parts = parts;
        this.provider = provider;
    }

    /**
     * Starts a process for a connection; exactly one of the consumers is called, on any thread.
     *
     * @param leftBehind the session's last process, if nobody saw its end: it has to be gone before
     */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code, and may be out of threads
    void start(
            SessionSpec spec,
            AgentConnection connection,
            @Nullable String leftBehind,
            Consumer<Started> onStarted,
            Consumer<HotPlexException> onFailed) {
        try {
            parts.executor().execute(() -> startNow(spec, connection, leftBehind, onStarted, onFailed));
        } catch (Throwable e) {
            onFailed.accept(new HotPlexException(ErrorCode.AGENT_START_FAILED, "the executor takes no work", e));
        }
    }

    @SuppressWarnings("IllegalCatch") // providers and launchers are foreign code
    private void startNow(
            SessionSpec spec,
            AgentConnection connection,
            @Nullable String leftBehind,
            Consumer<Started> onStarted,
            Consumer<HotPlexException> onFailed) {
        Lease lease = null;
        try {
            lease = SessionLeases.acquire(
                    parts.config().get(EngineConfig.STATE_DIRECTORY), connection.start.agentSessionId());
            if (leftBehind != null && !parts.launcher().endLeftBehind(leftBehind)) {
                throw new HotPlexException(
                        ErrorCode.SESSION_IN_USE,
                        "the agent of an earlier engine still drives the conversation and cannot be killed: end its"
                                + " process, or wait until it has ended, and send the prompt again");
            }
            Launch launch = provider.launch(new LaunchRequest(spec, connection.start, guarded()));
            ProcessSpec process = new ProcessSpec(
                    spec.id() + "-" + connection.generation,
                    launch.command(),
                    spec.workDir(),
                    launch.inherit(),
                    launch.environment(),
                    isolation(spec, launch));
            AgentProcess launched = launch.starter().start(parts.launcher(), process, connection);
            connection.launched(
                    launched, parts.config().get(EngineConfig.REDACT_SECRETS) ? variables(launch) : Map.of());
            onStarted.accept(new Started(launched, launch.protocol(), lease));
        } catch (HotPlexException e) {
            release(lease);
            onFailed.accept(e);
        } catch (Throwable e) {
            release(lease);
            log.error("provider '{}' failed to start its agent", provider.name(), e);
            onFailed.accept(new HotPlexException(
                    ErrorCode.AGENT_START_FAILED,
                    "the provider failed: " + e.getClass().getName(),
                    e));
        }
    }

    /** What the process was given, of what may be secret. */
    private static Map<String, String> variables(Launch launch) {
        Map<String, String> variables = new HashMap<>(launch.environment());
        for (String name : launch.inherit()) {
            String value = name.endsWith("*") ? null : System.getenv(name);
            if (value != null) {
                variables.putIfAbsent(name, value);
            }
        }
        return variables;
    }

    /** Whether the agent can be, and is to be, made to tell of every tool call. */
    private boolean guarded() {
        return parts.guards().guardTools() && provider.capabilities().contains(Capability.TOOL_GUARD);
    }

    /** The state directory has what no agent is to see: keys, tokens, what other sessions said. */
    private Isolation isolation(SessionSpec spec, Launch launch) {
        List<Path> hidden = new ArrayList<>(parts.config().get(EngineConfig.CONFINEMENT_HIDDEN_PATHS));
        hidden.add(parts.config().get(EngineConfig.STATE_DIRECTORY));
        return new Isolation(
                Objects.requireNonNull(spec.confinement(), "filled in when the session was opened"),
                Objects.requireNonNull(spec.limits(), "filled in when the session was opened"),
                launch.writable(),
                hidden,
                launch.readOnly());
    }

    /**
     * Takes a lease on a further id of a living connection; without it nobody is harmed until somebody resumes that.
     */
    @SuppressWarnings("IllegalCatch") // an executor is foreign code
    void leaseAlso(String agentSessionId, Consumer<Lease> onLease) {
        try {
            parts.executor().execute(() -> {
                try {
                    onLease.accept(
                            SessionLeases.acquire(parts.config().get(EngineConfig.STATE_DIRECTORY), agentSessionId));
                } catch (HotPlexException e) {
                    log.warn("no lease on a conversation's new id: {}", e.code());
                }
            });
        } catch (Throwable e) {
            log.warn("no lease on a conversation's new id", e);
        }
    }

    private static void release(@Nullable Lease lease) {
        if (lease != null) {
            lease.close();
        }
    }
}
