package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ProviderProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;

/** Looks at the process launcher, and with it at the agents. */
final class AgentChecks {
    /** A cold agent on a slow disk answers {@code --version} in a few seconds. */
    private static final Duration LIMIT = Duration.ofSeconds(15);

    private AgentChecks() {}

    static List<Check> look(Settings settings, Map<String, String> environment) {
        List<Check> checks = new ArrayList<>();
        try (ProcessLauncher launcher = Launchers.open(settings.engine())) {
            checks.add(Check.ok("launcher", launcher.info().name()));
            for (ProcessLauncher.Probe probe : launcher.info().probes()) {
                Check.Status status = probe.ok() ? Check.Status.OK : Check.Status.WARN;
                checks.add(new Check(status, "launcher " + probe.name(), probe.detail()));
            }
            checks.addAll(agents(settings, environment, launcher));
        } catch (HotPlexException e) {
            checks.add(Check.fail("launcher", e.code() + ": " + e.getMessage()));
        }
        return checks;
    }

    private static List<Check> agents(Settings settings, Map<String, String> environment, ProcessLauncher launcher) {
        List<Check> checks = new ArrayList<>();
        boolean real = false;
        boolean any = false;
        for (ProviderConfig config : Agents.choose(settings, null, environment).providers()) {
            Check check = agent(config, launcher);
            checks.add(check);
            any |= check.status() == Check.Status.OK;
            real |= check.status() == Check.Status.OK && !config.name().equals(Agents.DEMO);
        }
        if (!any) {
            checks.add(Check.fail("agents", "none can be started"));
        } else if (!real) {
            checks.add(Check.warn("agents", "the demo agent is the only one: install another to get real answers"));
        }
        return checks;
    }

    private static Check agent(ProviderConfig config, ProcessLauncher launcher) {
        String name = "agent " + config.name();
        if (!config.flag("enabled", true)) {
            return Check.warn(name, "is switched off");
        }
        try {
            AgentProvider provider = factory(config).create(config);
            ProviderProbe probe = provider.probe(launcher, LIMIT);
            String version = probe.version() == null ? "" : probe.version() + ", ";
            String program = probe.program() == null ? "" : probe.program() + ", ";
            return new Check(
                    probe.available() ? Check.Status.OK : Check.Status.WARN, name, version + program + probe.detail());
        } catch (HotPlexException e) {
            return Check.fail(name, e.code() + ": " + e.getMessage());
        }
    }

    private static AgentProviderFactory factory(ProviderConfig config) {
        List<String> known = new ArrayList<>();
        for (AgentProviderFactory factory : ServiceLoader.load(AgentProviderFactory.class)) {
            if (factory.type().equals(config.type())) {
                return factory;
            }
            known.add(factory.type());
        }
        throw new HotPlexException(
                ErrorCode.PROVIDER_UNKNOWN,
                "no provider of type '" + config.type() + "' is on the class path; there are: " + known);
    }
}
