package io.hotplex.provider.claude;

import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.testkit.provider.AgentPeer;
import io.hotplex.testkit.provider.AgentProviderContract;
import java.nio.file.Path;

class ClaudeContractTest extends AgentProviderContract {
    @Override
    protected AgentProviderFactory factory() {
        return new ClaudeProviderFactory();
    }

    @Override
    protected ProviderConfig config() {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        return ProviderConfig.of("claude").with("command", java.toString());
    }

    @Override
    protected ProviderConfig configWithoutProgram() {
        return ProviderConfig.of("claude").with("command", "no-such-program-anywhere");
    }

    @Override
    protected ProviderConfig configWithSecret(String secret) {
        return config().with("environment.CONTRACT_KEY", secret);
    }

    @Override
    protected String questionPrompt() {
        return FakeClaude.QUESTION;
    }

    @Override
    protected AgentPeer peer() {
        return new FakeClaude();
    }
}
