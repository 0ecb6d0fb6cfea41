package io.hotplex.os;

import io.hotplex.api.Confinement;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.LauncherConfig;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A program that starts a confined process, says so by making a file, and lives until it is killed. */
final class ConfinedJvm {
    private ConfinedJvm() {}

    /** @param arguments confinement, work directory, script, file */
    public static void main(String[] arguments) throws Exception {
        Recorder recorder = new Recorder();
        try (ProcessLauncher launcher = new OsLaunchers().open(LauncherConfig.DEFAULT)) {
            Isolation isolation = new Isolation(
                    Confinement.of(Confinement.Kind.valueOf(arguments[0])).withStrict(true),
                    ResourceLimits.NONE,
                    List.of(),
                    List.of());
            launcher.launch(
                    new ProcessSpec(
                            "confined",
                            List.of("sh", "-c", arguments[2]),
                            Path.of(arguments[1]),
                            List.of(),
                            Map.of(),
                            isolation),
                    recorder);
            recorder.line(1);
            Files.createFile(Path.of(arguments[3]));
            recorder.exit();
        }
    }
}
