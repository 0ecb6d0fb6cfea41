package io.hotplex.os;

import io.hotplex.api.spi.ProcessLauncher;
import java.util.List;

/** As on a kernel without pidfds, or below a filter that forbids them. */
class NoPidfdLauncherTest extends LauncherContract {
    @Override
    ProcessLauncher open(ChildEnvironment environment) {
        PosixLauncher.Capabilities capabilities = new PosixLauncher.Capabilities(List.of(), EpollSelector::new, false);
        return PosixLauncher.open(CONFIG, capabilities, environment);
    }
}
