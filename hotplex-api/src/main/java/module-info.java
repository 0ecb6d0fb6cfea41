import org.jspecify.annotations.NullMarked;

/** Sessions, events, errors and the contracts that providers, launchers and journals implement. */
@NullMarked
module io.hotplex.api {
    requires static transitive org.jspecify;

    exports io.hotplex.api;
    exports io.hotplex.api.spi;
}
