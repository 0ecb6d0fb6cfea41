package io.hotplex.os;

import io.hotplex.api.spi.ProcessLauncher;
import java.util.List;

class PollLauncherTest extends LauncherContract {
    @Override
    ProcessLauncher open(ChildEnvironment environment) {
        PosixLauncher.Capabilities capabilities = new PosixLauncher.Capabilities(List.of(), PollSelector::new, true);
        return PosixLauncher.open(CONFIG, capabilities, environment);
    }
}
