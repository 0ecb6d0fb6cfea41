package io.hotplex.os;

import io.hotplex.api.spi.ProcessLauncher;
import java.util.List;

/** As on macOS, which has no setsid program. */
class PerlLauncherTest extends LauncherContract {
    @Override
    ProcessLauncher open(ChildEnvironment environment) {
        PortableGroup perl = new PortableGroup(List.of("/usr/bin/perl", "-e", PortableGroup.PERL_GROUP));
        return PortableLauncher.open(CONFIG, perl, List.of(), environment);
    }
}
