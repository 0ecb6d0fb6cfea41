package io.hotplex.journal.jdbc;

import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderProbe;
import java.time.Duration;
import java.util.Set;

/** A provider under another name. */
record RenamedProvider(AgentProvider provider) implements AgentProvider {
    @Override
    public String name() {
        return "renamed";
    }

    @Override
    public Set<Capability> capabilities() {
        return provider.capabilities();
    }

    @Override
    public void check(SessionSpec spec) {
        provider.check(spec);
    }

    @Override
    public Launch launch(LaunchRequest request) {
        return provider.launch(request);
    }

    @Override
    public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
        return provider.probe(launcher, limit);
    }
}
