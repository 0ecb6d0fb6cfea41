package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.hotplex.core.EngineConfig;
import io.hotplex.server.internal.config.Settings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code hotplex doctor}: what was found on this machine, and whether sessions can run. */
final class DoctorCommand {
    private final Surroundings surroundings;
    private final Arguments arguments;
    private final Lane out;

    DoctorCommand(Surroundings surroundings, Arguments arguments, Lane out) {
        this.surroundings = surroundings;
        this.arguments = arguments;
        this.out = out;
    }

    /** Looks and tells. The result is the exit code. */
    int run() {
        if (!arguments.operands().isEmpty()) {
            throw new UsageException("doctor takes no operands");
        }
        Settings settings = Configured.settings(arguments, surroundings);
        List<Check> checks = new ArrayList<>();
        checks.add(MachineChecks.java());
        checks.add(MachineChecks.archive());
        checks.add(MachineChecks.stateDirectory(settings.engine().get(EngineConfig.STATE_DIRECTORY)));
        checks.addAll(AgentChecks.look(settings, surroundings.environment()));
        checks.addAll(MachineChecks.limits());
        checks.add(configuration(settings));
        boolean able = checks.stream().noneMatch(check -> check.status() == Check.Status.FAIL);
        if (arguments.has("--json")) {
            out.line(json(checks, able));
        } else {
            Style style = new Style(
                    surroundings.terminal().colours() && surroundings.terminal().out());
            checks.forEach(check -> out.line(check.line(style)));
            out.line(able ? "Sessions can run." : "Sessions cannot run: see ✗ above.");
        }
        return able ? ExitCode.OK : ExitCode.NOT_ABLE;
    }

    private static Check configuration(Settings settings) {
        Map<String, String> defaults = EngineConfig.builder().build().toProperties();
        List<String> changed = new ArrayList<>();
        settings.engine().toProperties().forEach((key, value) -> {
            if (!value.equals(defaults.get(key))) {
                changed.add(key + "=" + value);
            }
        });
        // Values of providers may be secret.
        settings.providers().forEach(provider -> changed.add(provider.toString()));
        String source = settings.file() == null ? "no file" : settings.file().toString();
        return Check.ok(
                "configuration",
                source + (changed.isEmpty() ? ", all defaults" : "; not default: " + String.join(", ", changed)));
    }

    private static String json(List<Check> checks, boolean able) {
        List<Map<String, String>> list = new ArrayList<>();
        for (Check check : checks) {
            Map<String, String> map = new LinkedHashMap<>();
            map.put("check", check.name());
            map.put("status", check.status().name().toLowerCase(Locale.ROOT));
            map.put("detail", check.detail());
            list.add(map);
        }
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("able", able);
        report.put("checks", list);
        try {
            return new ObjectMapper().writeValueAsString(report);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("strings and booleans are always JSON", e);
        }
    }
}
