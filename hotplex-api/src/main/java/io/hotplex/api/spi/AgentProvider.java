package io.hotplex.api.spi;

import io.hotplex.api.SessionSpec;
import java.time.Duration;
import java.util.Set;

/**
 * Our adapter for one agent, as one configured instance. Thread-safe; holds no state of sessions, but may hold
 * processes that serve several. Belongs to one engine, which closes it.
 */
public interface AgentProvider extends AutoCloseable {
    /** The instance's name, as configured. */
    String name();

    /** What the agent can do. What is missing is refused, or done in the next best way, by the engine. */
    Set<Capability> capabilities();

    /**
     * Checks that this agent can serve a session; called once when it is opened, on the caller's thread. Must not start
     * processes.
     *
     * @throws io.hotplex.api.HotPlexException NOT_SUPPORTED, OPTIONS_CONFLICT or INVALID_ARGUMENT, naming the option;
     *     PROVIDER_UNAVAILABLE when the agent is not installed
     */
    void check(SessionSpec spec);

    /**
     * How to start the agent for a session, with a fresh protocol for that process. Called for every process, on a
     * worker thread; calls may overlap for different sessions.
     */
    Launch launch(LaunchRequest request);

    /**
     * Looks the agent up on this machine and asks for its version; for {@code doctor}. May start a short process with
     * the launcher, and blocks at most for {@code limit}.
     */
    ProviderProbe probe(ProcessLauncher launcher, Duration limit);

    /**
     * Ends what the provider holds beyond sessions, politely. Called when the engine closes, after its sessions ended
     * and before the launcher kills what is left; blocks for a few seconds at most. Idempotent.
     */
    @Override
    default void close() {}

    /** What agents may or may not be able to do. */
    enum Capability {
        /** Takes the session's id from us. */
        CHOSEN_SESSION_ID,
        /** Continues a conversation in a new process. */
        RESUME,
        /** Branches a conversation. */
        FORK,
        /** Ends a turn without ending the process. */
        INTERRUPT,
        /** Takes a prompt into a running turn. */
        STEER,
        /** Asks before tools run. */
        PERMISSIONS,
        /** Can be made to tell of every tool call before it runs, whatever its permission mode. */
        TOOL_GUARD,
        /** Asks its user questions. */
        QUESTIONS,
        /** Changes the model of a living process. */
        SET_MODEL,
        /** Changes the permission mode of a living process. */
        SET_PERMISSION_MODE,
        /** Takes images. */
        IMAGES,
        /** Takes MCP servers. */
        MCP
    }
}
