package io.hotplex.provider.opencode;

import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.testkit.provider.AgentPeer;
import io.hotplex.testkit.provider.AgentProviderContract;
import java.nio.file.Path;

class OpenCodeContractTest extends AgentProviderContract {
    @Override
    protected AgentProviderFactory factory() {
        return new OpenCodeProviderFactory();
    }

    @Override
    protected ProviderConfig config() {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return ProviderConfig.of("opencode").with("command", java.toString());
    }

    @Override
    protected ProviderConfig configWithoutProgram() {
        return ProviderConfig.of("opencode").with("command", "no-such-program-anywhere");
    }

    @Override
    protected ProviderConfig configWithSecret(String secret) {
        return config().with("environment.CONTRACT_KEY", secret);
    }

    @Override
    protected String questionPrompt() {
        return FakeOpenCode.QUESTION;
    }

    @Override
    protected AgentPeer peer() {
        return new FakeOpenCode();
    }
}
