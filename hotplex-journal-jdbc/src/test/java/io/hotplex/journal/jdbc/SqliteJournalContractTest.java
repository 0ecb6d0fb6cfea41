package io.hotplex.journal.jdbc;

import io.hotplex.api.spi.Journal;
import io.hotplex.api.spi.JournalConfig.Acknowledgement;
import io.hotplex.testkit.journal.JournalContract;
import java.nio.file.Path;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** The journal in SQLite, with each promise. */
class SqliteJournalContractTest {
    abstract static class Contract extends JournalContract {
        @TempDir
        Path dir;

        private final Acknowledgement acknowledgement;

        Contract(Acknowledgement acknowledgement) {
            this.acknowledgement = acknowledgement;
        }

        @Override
        protected Journal open() {
            return Journals.open(Journals.sqlite(dir, acknowledgement));
        }
    }

    @Nested
    class Memory extends Contract {
        Memory() {
            super(Acknowledgement.MEMORY);
        }
    }

    @Nested
    class Written extends Contract {
        Written() {
            super(Acknowledgement.WRITTEN);
        }
    }

    @Nested
    class Synced extends Contract {
        Synced() {
            super(Acknowledgement.SYNCED);
        }
    }
}
