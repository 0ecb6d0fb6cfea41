package io.hotplex.os;

import io.hotplex.api.spi.ProcessLauncher;
import java.util.List;

class PortableLauncherTest extends LauncherContract {
    @Override
    ProcessLauncher open(ChildEnvironment environment) {
        return PortableLauncher.open(CONFIG, List.of(), environment);
    }
}
