package io.hotplex.guard;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Guard;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.PromptGuard.Decision;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A guard and a session to ask it about. */
final class GuardRig implements AutoCloseable {
    /** Deep enough that there is something above it which is no root. */
    static final Path WORK = Path.of("/projects/team/one");

    final Guard guard;
    private final SessionSpec spec;

    GuardRig() {
        this(new GuardConfig(true, List.of(), List.of(), Action.ASK, Action.NONE, List.of()), WORK);
    }

    GuardRig(GuardConfig config, Path workDir) {
        guard = new RuleGuardProvider().open(config);
        spec = SessionSpec.builder("s", workDir).build();
    }

    Verdict command(String command) {
        return tool("Bash", ToolKind.EXECUTE, Map.of("command", command));
    }

    Verdict tool(String tool, ToolKind kind, Map<String, Object> input) {
        return guard.tools().check(spec, new ToolCall("c", tool, kind, new java.util.LinkedHashMap<>(input)));
    }

    String rule(String command) {
        Verdict verdict = command(command);
        return verdict.action()
                + (verdict.finding() == null ? "" : " " + verdict.why().ruleId());
    }

    Decision prompt(Prompt prompt) {
        return guard.prompts().check(spec, prompt);
    }

    @Override
    public void close() {
        guard.close();
    }
}
