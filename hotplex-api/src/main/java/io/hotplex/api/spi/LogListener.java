package io.hotplex.api.spi;

/**
 * Hears what becomes of the records of one log. Called by the thread that appends or by the journal's own, never two
 * calls at a time for one log; must be quick, must not block and must not throw.
 */
public interface LogListener {
    /** Hears nothing. */
    LogListener NONE = newest -> {};

    /** Readers see everything up to this offset, since it is as safe as the journal's acknowledgement promises. */
    void readable(long newest);

    /** After {@link SessionLog#backlogged()} said so: the journal takes more again. */
    default void relieved() {}

    /**
     * Another engine took the journal over, and goes on with the session: what readers do not see yet they never will,
     * and nothing more is kept. Whoever drives an agent for it has to stop.
     */
    default void lost() {}
}
