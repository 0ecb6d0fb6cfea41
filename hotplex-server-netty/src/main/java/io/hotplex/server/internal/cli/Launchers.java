package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProcessLauncherProvider;
import io.hotplex.core.EngineConfig;
import java.util.ServiceLoader;

/** Opens the process launcher; the command line keeps hold of it, to kill at once what runs when the user leaves. */
final class Launchers {
    private Launchers() {}

    /** @throws HotPlexException CONFIG_INVALID or NOT_SUPPORTED when the configured kind cannot work here */
    static ProcessLauncher open(EngineConfig config) {
        return ServiceLoader.load(ProcessLauncherProvider.class)
                .findFirst()
                .orElseThrow(() -> new HotPlexException(
                        ErrorCode.NOT_SUPPORTED, "hotplex-os is not on the class path: the installation is broken"))
                .open(config.launcherConfig());
    }
}
