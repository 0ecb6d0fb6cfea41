import org.jspecify.annotations.NullMarked;

/** Operating system processes: launch, pipes, groups, kill. */
@NullMarked
module io.hotplex.os {
    requires com.sun.jna;
    requires static com.google.errorprone.annotations;
    requires transitive io.hotplex.api;
    requires static org.jspecify;
    requires org.slf4j;

    exports io.hotplex.os;

    provides io.hotplex.api.spi.ProcessLauncherProvider with
            io.hotplex.os.OsLaunchers;
}
