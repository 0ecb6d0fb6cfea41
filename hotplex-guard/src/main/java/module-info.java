import org.jspecify.annotations.NullMarked;

/** A guard that decides by rules on prompts and tool calls. */
@NullMarked
module io.hotplex.guard {
    requires transitive io.hotplex.api;
    requires re2j;
    requires org.snakeyaml.engine.v2;
    requires org.slf4j;
    requires static org.jspecify;
    requires static com.google.errorprone.annotations;

    exports io.hotplex.guard;

    provides io.hotplex.api.spi.GuardProvider with
            io.hotplex.guard.RuleGuardProvider;
}
