package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The program's commands. One object runs one command line. */
public final class CommandLine {
    private static final String LOG_LEVEL = "org.slf4j.simpleLogger.defaultLogLevel";

    private final Surroundings surroundings;
    private final Lane out;
    private final Lane err;

    public CommandLine(Surroundings surroundings) {
        this.surroundings = surroundings;
        this.out = new Lane(surroundings.out());
        this.err = new Lane(surroundings.err());
    }

    /** Runs a command line; never throws. The result is the exit code. */
    @SuppressWarnings("IllegalCatch") // the top of the program
    public int run(List<String> arguments) {
        boolean debug = arguments.contains("--debug");
        configureLogging(debug);
        try {
            return dispatch(arguments);
        } catch (OutputClosedException e) {
            return ExitCode.OK;
        } catch (UsageException e) {
            return complain("hotplex: " + e.getMessage() + "\nSee: hotplex --help", e, debug, ExitCode.USAGE);
        } catch (HotPlexException e) {
            return complain(problem(e.code(), e.getMessage()), e, debug, ExitCode.of(e.code()));
        } catch (RuntimeException | LinkageError e) {
            return complain(
                    problem(ErrorCode.INTERNAL, e + " (run it with --debug to see where)"), e, debug, ExitCode.FAILED);
        }
    }

    /** How errors are shown, everywhere. */
    static String problem(ErrorCode code, @Nullable String message) {
        return "hotplex: " + code + ": " + message;
    }

    private int complain(String text, Throwable cause, boolean debug, int exitCode) {
        try {
            err.line(text);
            if (debug) {
                StringWriter trace = new StringWriter();
                cause.printStackTrace(new PrintWriter(trace));
                err.write(trace.toString());
            }
        } catch (OutputClosedException e) {
            // the exit code has to do
        }
        return exitCode;
    }

    /** Before the first logger is made. Standard output is for answers. */
    private static void configureLogging(boolean debug) {
        if (System.getProperty(LOG_LEVEL) == null) {
            System.setProperty(LOG_LEVEL, debug ? "debug" : "warn");
            System.setProperty("org.slf4j.simpleLogger.showShortLogName", "true");
            System.setProperty("org.slf4j.simpleLogger.showDateTime", Boolean.toString(debug));
            System.setProperty("org.slf4j.simpleLogger.dateTimeFormat", "HH:mm:ss.SSS");
        }
    }

    private int dispatch(List<String> arguments) {
        String command = arguments.isEmpty() ? "" : arguments.get(0);
        List<String> rest = arguments.isEmpty() ? List.of() : arguments.subList(1, arguments.size());
        switch (command) {
            case "run" -> {
                RunOptions options = RunOptions.parse(rest, surroundings);
                return options.arguments().has("--help") ? help() : new RunCommand(surroundings, options).run();
            }
            case "doctor" -> {
                Arguments options =
                        Arguments.parse(rest, Set.of("--json", "--debug", "--help"), Set.of("--config", "--set"));
                return options.has("--help") ? help() : new DoctorCommand(surroundings, options, out).run();
            }
            case "sessions" -> {
                Arguments options = SessionsCommand.parse(rest);
                return options.has("--help") ? help() : new SessionsCommand(surroundings, out).run(options);
            }
            case "replay" -> {
                Arguments options = ReplayCommand.parse(rest);
                return options.has("--help") ? help() : new ReplayCommand(surroundings, out).run(options);
            }
            case "hooks" -> {
                Arguments options = Arguments.parse(rest, HooksCommand.FLAGS, HooksCommand.VALUED);
                return options.has("--help") ? help() : new HooksCommand(surroundings, out).run(options);
            }
            case "audit" -> {
                Arguments options = Arguments.parse(rest, AuditCommand.FLAGS, AuditCommand.VALUED);
                return options.has("--help") ? help() : new AuditCommand(surroundings, out).run(options);
            }
            case "approvals" -> {
                Arguments options = Arguments.parse(rest, ApprovalsCommand.FLAGS, ApprovalsCommand.VALUED);
                return options.has("--help") ? help() : new ApprovalsCommand(surroundings, options, out).run();
            }
            case "rehearse" -> {
                return new Rehearsal(surroundings).run();
            }
            case "archive" ->
                throw new UsageException("archive is a command of the start script, bin/hotplex: use that");
            case "serve" -> {
                Arguments options = Arguments.parse(rest, ServeCommand.FLAGS, ServeCommand.VALUED);
                return options.has("--help") ? help() : new ServeCommand(surroundings, options, out, err).run();
            }
            case "config" -> {
                Arguments options = Arguments.parse(rest, ConfigCommand.FLAGS, ConfigCommand.VALUED);
                return options.has("--help") ? help() : new ConfigCommand(surroundings, options, out).run();
            }
            case "key" -> {
                return Arguments.parse(rest, Set.of("--help"), Set.of()).has("--help")
                        ? help()
                        : new KeyCommand(out).run();
            }
            case "--version", "version" -> {
                out.line("hotplex " + version() + " (Java " + Runtime.version() + ", " + System.getProperty("os.name")
                        + " " + System.getProperty("os.arch") + ")");
                return ExitCode.OK;
            }
            case "--help", "-h", "help" -> {
                return help();
            }
            case "" ->
                throw new UsageException(
                        "a command is missing: run, serve, approvals, config, key, sessions, replay, hooks, audit, doctor, --version or --help");
            default ->
                throw new UsageException(
                        "'" + command
                                + "' is not a command (known: run, serve, approvals, config, key, sessions, replay, hooks, audit, doctor, --version, --help)");
        }
    }

    private int help() {
        out.write(Help.TEXT);
        return ExitCode.OK;
    }

    private static String version() {
        Properties properties = new Properties();
        try (InputStream file = CommandLine.class.getResourceAsStream("/io/hotplex/server/version.properties")) {
            if (file != null) {
                properties.load(file);
            }
        } catch (IOException e) {
            // an unknown version is no reason to fail
        }
        return properties.getProperty("version", "unknown");
    }
}
