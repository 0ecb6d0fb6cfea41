package io.hotplex.server.internal.cli;

import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProvider;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.api.spi.ProviderProbe;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.ProviderType;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Looks at the process launcher, and with it at the agents. */
final class AgentChecks {
    /** A cold agent on a slow disk answers {@code --version} in a few seconds. */
    private static final Duration LIMIT = Duration.ofSeconds(15);

    private AgentChecks() {}

    static List<Check> look(Settings settings, Map<String, String> environment) {
        ProviderTypes types = ProviderTypes.find(settings.providerDirectories());
        List<Check> checks = new ArrayList<>();
        for (ProviderType type : types.types()) {
            checks.add(Check.ok("provider " + type.name(), type.describe()));
        }
        for (ProviderTypes.Broken broken : types.broken()) {
            checks.add(Check.warn("provider " + broken.origin(), broken.reason()));
        }
        try (ProcessLauncher launcher = Launchers.open(settings.engine())) {
            checks.add(Check.ok("launcher", launcher.info().name()));
            for (ProcessLauncher.Probe probe : launcher.info().probes()) {
                Check.Status status = probe.ok() ? Check.Status.OK : Check.Status.WARN;
                checks.add(new Check(status, "launcher " + probe.name(), probe.detail()));
            }
            checks.addAll(confinements(settings.engine(), launcher));
            checks.addAll(agents(Agents.choose(settings, types, null, environment), types, launcher));
        } catch (HotPlexException e) {
            checks.add(Check.fail("launcher", e.code() + ": " + e.getMessage()));
        }
        return checks;
    }

    private static List<Check> confinements(EngineConfig config, ProcessLauncher launcher) {
        List<Check> checks = new ArrayList<>();
        List<ProcessLauncher.Probe> found = launcher.confinements();
        String wanted = config.get(EngineConfig.CONFINEMENT);
        for (ProcessLauncher.Probe probe : found) {
            boolean missed = !probe.ok() && probe.name().equals(wanted);
            String detail = (probe.ok() ? "" : "not here: ") + probe.detail();
            checks.add(new Check(missed ? Check.Status.WARN : Check.Status.OK, "confinement " + probe.name(), detail));
        }
        checks.add(Guarantee.of(
                wanted,
                config.get(EngineConfig.CONFINEMENT_STRICT),
                launcher.info().probes(),
                found));
        return checks;
    }

    private static List<Check> agents(Agents agents, ProviderTypes types, ProcessLauncher launcher) {
        List<Check> checks = new ArrayList<>();
        boolean real = false;
        boolean any = false;
        for (ProviderConfig config : agents.providers()) {
            Check check = agent(config, types, launcher);
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

    private static Check agent(ProviderConfig config, ProviderTypes types, ProcessLauncher launcher) {
        String name = "agent " + config.name();
        if (!config.flag("enabled", true)) {
            return Check.warn(name, "is switched off");
        }
        try {
            AgentProvider provider = types.factory(config.type()).create(config);
            ProviderProbe probe = provider.probe(launcher, LIMIT);
            String version = probe.version() == null ? "" : probe.version() + ", ";
            String program = probe.program() == null ? "" : probe.program() + ", ";
            return new Check(
                    probe.available() ? Check.Status.OK : Check.Status.WARN, name, version + program + probe.detail());
        } catch (HotPlexException e) {
            return Check.fail(name, e.code() + ": " + e.getMessage());
        }
    }
}
