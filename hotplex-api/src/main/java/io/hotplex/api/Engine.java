package io.hotplex.api;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Holds sessions and the agent processes that serve them. Thread-safe. */
public interface Engine extends AutoCloseable {
    /**
     * Opens a session. The same specification again returns the same session. No process starts before the first
     * prompt.
     *
     * @throws HotPlexException PROVIDER_UNKNOWN, PROVIDER_UNAVAILABLE, WORK_DIR_*, SESSION_CONFLICT, SESSION_LIMIT,
     *     OPTIONS_CONFLICT, NOT_SUPPORTED or ENGINE_CLOSED
     */
    Session open(SessionSpec spec);

    /**
     * The open session with this id. One that an earlier engine left in a durable journal is woken, which reads from
     * the journal and thus may block for a moment.
     *
     * @throws HotPlexException for a session that cannot be served any more, as {@link #open} throws
     */
    Optional<Session> session(String id);

    /**
     * What is known of the open session with this id, as {@link #sessions()} tells it: one that sleeps in a durable
     * journal is not woken. For who has to know whose a session is before it is touched. Never blocks.
     */
    Optional<SessionInfo> info(String id);

    /**
     * Closes a session if it is open, and deletes everything that the journal keeps of it.
     *
     * @return completes when it is gone; fails with SESSION_NOT_FOUND or JOURNAL_UNAVAILABLE
     */
    CompletionStage<Void> delete(String id);

    /** All open sessions at this moment, those that sleep in a durable journal included. */
    List<SessionInfo> sessions();

    /** The names of the configured providers. */
    List<String> providers();

    /**
     * Looks whether a provider's agent is there, which may run its program for a few seconds.
     *
     * @param provider its name, or {@code null} for the default provider
     * @throws HotPlexException PROVIDER_UNKNOWN
     */
    CompletionStage<ProviderStatus> probe(@Nullable String provider);

    /**
     * Whether what happens in sessions can be written down now; a durable journal is tried out, which blocks for some
     * seconds at most.
     *
     * @throws HotPlexException JOURNAL_UNAVAILABLE when it cannot, with the reason; STATE_IN_USE when another engine
     *     took the journal over, and this one has ended its agents
     */
    void checkJournal();

    /** The tool calls that were allowed for good for an owner's sessions, oldest first. Reads a file. */
    default List<RememberedApproval> rememberedApprovals(String owner) {
        return List.of();
    }

    /** Forgets one of them, so that people are asked again; tells whether there was one. Writes a file. */
    default boolean forgetApproval(String owner, String id) {
        return false;
    }

    /** The pool at this moment. */
    PoolSnapshot pool();

    /** Those who follow sessions, at this moment. */
    SubscriberStats subscribers();

    /** The journal at this moment. Never blocks. */
    JournalStats journal();

    /**
     * Ends all processes and closes all sessions; a durable journal keeps the sessions, and the prompts that wait, for
     * the next engine. Running turns are cancelled. Blocks at most for the configured shutdown limit, then kills.
     * Idempotent.
     */
    @Override
    void close();
}
