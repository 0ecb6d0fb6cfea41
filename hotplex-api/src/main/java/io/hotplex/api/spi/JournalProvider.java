package io.hotplex.api.spi;

import java.util.Set;

/** Opens durable journals; found with {@link java.util.ServiceLoader}. Thread-safe. */
public interface JournalProvider {
    /** The kinds of journal that it opens, as the setting {@code journal} names them. */
    Set<String> types();

    /**
     * Opens a journal, repairs what an unclean end left, and brings its schema up to date. Blocks on I/O.
     *
     * @throws io.hotplex.api.HotPlexException STATE_IN_USE when another process has it, JOURNAL_INCOMPATIBLE when a
     *     newer version wrote it, JOURNAL_UNAVAILABLE when it cannot be opened, CONFIG_INVALID when a setting is wrong
     */
    Journal open(JournalConfig config);
}
