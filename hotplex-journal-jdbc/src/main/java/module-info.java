import org.jspecify.annotations.NullMarked;

/** Durable journal in SQLite or PostgreSQL. */
@NullMarked
module io.hotplex.journal.jdbc {
    requires transitive io.hotplex.api;
    requires com.fasterxml.jackson.core;
    requires com.zaxxer.hikari;
    requires java.sql;
    requires org.slf4j;
    requires static com.google.errorprone.annotations;
    requires static org.jspecify;

    exports io.hotplex.journal.jdbc;

    provides io.hotplex.api.spi.JournalProvider with
            io.hotplex.journal.jdbc.JdbcJournalProvider;
}
