package io.hotplex.core;

import io.hotplex.api.spi.Journal;
import io.hotplex.testkit.journal.JournalContract;

class MemoryJournalContractTest extends JournalContract {
    @Override
    protected Journal open() {
        return new MemoryJournal(64 << 20, 64 << 20);
    }
}
