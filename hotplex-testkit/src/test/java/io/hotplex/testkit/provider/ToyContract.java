package io.hotplex.testkit.provider;

import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;

/** The contract for the toy, which is in no module. */
class ToyContract extends AgentProviderContract {
    private final ToyProviderFactory factory;

    ToyContract(ToyProviderFactory factory) {
        this.factory = factory;
    }

    @Override
    protected AgentProviderFactory factory() {
        return factory;
    }

    @Override
    protected ProviderConfig config() {
        return ProviderConfig.of("toy").with("command", "toy");
    }

    @Override
    protected ProviderConfig configWithoutProgram() {
        return ProviderConfig.of("toy").with("command", "none");
    }

    @Override
    protected AgentPeer peer() {
        return new ToyProtocol.Peer();
    }
}
