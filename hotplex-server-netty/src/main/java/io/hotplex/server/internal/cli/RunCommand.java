package io.hotplex.server.internal.cli;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.Turn;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.HotPlex;
import io.hotplex.server.internal.cli.TerminationSignals.Signal;
import io.hotplex.server.internal.config.Settings;
import io.hotplex.server.internal.providers.ProviderTypes;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** {@code hotplex run}: one prompt, shown as it is answered. */
final class RunCommand {
    private final Surroundings surroundings;
    private final RunOptions options;
    private final View view;
    private @Nullable TerminationSignals signals;

    RunCommand(Surroundings surroundings, RunOptions options) {
        this.surroundings = surroundings;
        this.options = options;
        Lane out = new Lane(surroundings.out());
        Lane err = new Lane(surroundings.err());
        this.view = options.json() ? new JsonView(out, err) : new TextView(out, err, surroundings.terminal());
    }

    /** Runs it. The result is the exit code. */
    int run() {
        Arguments arguments = options.arguments();
        Settings settings = Configured.settings(arguments, surroundings);
        ProviderTypes types = ProviderTypes.find(settings.providerDirectories());
        types.broken().forEach(broken -> view.notice(broken.describe()));
        Agents agents = Agents.choose(settings, types, arguments.one("--provider"), surroundings.environment());
        SessionSpec spec = options.spec(agents.chosen(), surroundings.directory());
        ProcessLauncher launcher = Launchers.open(settings.engine());
        // A termination signal must not leave agents behind; after a proper end this does nothing.
        Runtime.getRuntime().addShutdownHook(new Thread(launcher::close, "hotplex-cli-exit"));
        try (launcher;
                Engine engine = engine(settings, types, agents, launcher)) {
            Session session = engine.open(spec);
            Duration grace = settings.engine().get(EngineConfig.SHUTDOWN_TIMEOUT);
            return converse(session, launcher, agents.stopgap(), grace);
        } catch (OutputClosedException e) {
            return ExitCode.OK; // whoever read our output has seen enough
        }
    }

    private Engine engine(Settings settings, ProviderTypes types, Agents agents, ProcessLauncher launcher) {
        HotPlex builder =
                HotPlex.builder().config(settings.engine()).launcher(launcher).logRedaction(surroundings.logs());
        types.droppedIn().forEach(builder::factory);
        agents.providers().forEach(builder::provider);
        return builder.build();
    }

    private int converse(Session session, ProcessLauncher launcher, boolean stopgap, Duration grace) {
        AgentEvent.Terminal end = answer(session, launcher, stopgap, grace);
        view.end();
        if (view instanceof TextView && end instanceof AgentEvent.TurnCompleted completed) {
            view.notice(TextView.summary(completed, session.id()));
        }
        return report(end);
    }

    @SuppressWarnings("try") // both are there to be closed
    private AgentEvent.Terminal answer(Session session, ProcessLauncher launcher, boolean stopgap, Duration grace) {
        boolean canAsk = surroundings.terminal().canAsk() && !options.promptFromInput();
        Watch watch = new Watch(view, new Asker(session, view, canAsk ? surroundings.in() : null));
        try (var subscription = session.subscribe(session.info().newestOffset(), watch);
                var progress = progress()) {
            Turn turn = session.submit(Prompt.of(options.prompt()));
            if (stopgap) {
                view.notice(Agents.STOPGAP);
            }
            signals = TerminationSignals.handle(grace, signal -> told(signal, turn), launcher::close);
            return watch.await(turn.id());
        }
    }

    private Progress progress() {
        Terminal terminal = surroundings.terminal();
        return view instanceof TextView text && terminal.err() && terminal.colours()
                ? Progress.on(text)
                : Progress.NONE;
    }

    /** The turn is cancelled, and ends as it should. */
    private void told(Signal signal, Turn turn) {
        turn.cancel();
        if (signal == Signal.INT) {
            view.notice("interrupting; once more to leave at once");
        }
    }

    private int report(AgentEvent.Terminal end) {
        if (end instanceof AgentEvent.TurnCompleted) {
            return ExitCode.OK;
        }
        Signal signal = signals == null ? null : signals.first();
        if (end instanceof AgentEvent.TurnFailed failed) {
            view.notice(CommandLine.problem(failed.code(), failed.message()));
        } else if (end instanceof AgentEvent.TurnTimedOut timedOut) {
            view.notice(
                    CommandLine.problem(timedOut.code(), "the turn was stopped after " + Style.time(timedOut.limit())));
        } else if (end instanceof AgentEvent.TurnBlocked blocked) {
            view.notice(CommandLine.problem(ErrorCode.PROMPT_BLOCKED, blocked.message()));
        } else if (end instanceof AgentEvent.TurnCancelled cancelled) {
            view.notice(signal == Signal.INT ? "interrupted" : "the turn was cancelled: " + cancelled.reason());
        }
        return signal == null ? ExitCode.FAILED : signal.exitCode();
    }
}
