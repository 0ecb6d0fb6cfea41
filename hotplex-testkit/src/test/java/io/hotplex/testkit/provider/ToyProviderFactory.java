package io.hotplex.testkit.provider;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.Launch;
import io.hotplex.api.spi.LaunchRequest;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ProviderProbe;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A provider for {@link ToyProtocol}. It may claim more than that can do. */
public final class ToyProviderFactory implements AgentProviderFactory {
    private final Set<AgentProvider.Capability> claims =
            EnumSet.of(AgentProvider.Capability.INTERRUPT, AgentProvider.Capability.PERMISSIONS);

    /** Claims what is true. */
    public ToyProviderFactory() {}

    ToyProviderFactory(AgentProvider.Capability untrue) {
        claims.add(untrue);
    }

    @Override
    public String type() {
        return "toy";
    }

    @Override
    public AgentProvider create(ProviderConfig config) {
        config.allowOnly(Set.of("command"));
        return new ToyProvider(config, Set.copyOf(claims));
    }

    private record ToyProvider(ProviderConfig config, Set<AgentProvider.Capability> capabilities)
            implements AgentProvider {
        @Override
        public String name() {
            return config.name();
        }

        @Override
        public void check(SessionSpec spec) {
            if (!"toy".equals(config.text("command"))) {
                throw new HotPlexException(ErrorCode.PROVIDER_UNAVAILABLE, "no toy");
            }
        }

        @Override
        public Launch launch(LaunchRequest request) {
            return new Launch(List.of("toy"), request.spec().environment(), List.of(), new ToyProtocol());
        }

        @Override
        public ProviderProbe probe(ProcessLauncher launcher, Duration limit) {
            return new ProviderProbe(true, "toy", null, "a toy");
        }
    }
}
