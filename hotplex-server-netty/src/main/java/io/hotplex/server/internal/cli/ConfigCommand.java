package io.hotplex.server.internal.cli;

import io.hotplex.server.internal.auth.Keys;
import io.hotplex.server.internal.config.Description;
import io.hotplex.server.internal.config.Settings;
import java.util.Map;
import java.util.Set;

/** {@code hotplex config}: what can be configured, and whether a file is right. */
final class ConfigCommand {
    static final Set<String> FLAGS = Set.of("--describe", "--markdown", "--check", "--debug", "--help");
    static final Set<String> VALUED = Set.of("--config", "--set");

    private final Surroundings surroundings;
    private final Arguments arguments;
    private final Lane out;

    ConfigCommand(Surroundings surroundings, Arguments arguments, Lane out) {
        this.surroundings = surroundings;
        this.arguments = arguments;
        this.out = out;
    }

    /** Tells. The result is the exit code. */
    int run() {
        if (arguments.has("--describe") == arguments.has("--check")) {
            throw new UsageException("config takes one of --describe and --check [FILE]");
        }
        if (arguments.has("--describe")) {
            out.write(arguments.has("--markdown") ? Description.markdown() : Description.text());
            return ExitCode.OK;
        }
        if (arguments.operands().size() > 1) {
            throw new UsageException("config --check takes one file");
        }
        String file = arguments.operands().isEmpty()
                ? arguments.one("--config")
                : arguments.operands().get(0);
        check(Settings.load(Configured.forServer(file, arguments, surroundings)), surroundings.environment(), out);
        return ExitCode.OK;
    }

    /** Checks what {@code serve} would, but for the machine; tells what was found. */
    static void check(Settings settings, Map<String, String> environment, Lane out) {
        int keys = Keys.of(settings.server().clientKeys(), environment).size();
        out.line((settings.file() == null ? "no file" : settings.file().toString()) + ": the configuration is right; "
                + settings.providers().size() + " providers and " + keys + " keys are configured");
        settings.notices().forEach(out::line);
    }
}
