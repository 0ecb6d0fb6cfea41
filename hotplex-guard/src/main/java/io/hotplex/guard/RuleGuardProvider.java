package io.hotplex.guard;

import io.hotplex.api.spi.Guard;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.GuardProvider;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.guard.internal.prompt.PromptScan;
import io.hotplex.guard.internal.rules.RuleFiles;
import io.hotplex.guard.internal.tool.ToolInspector;

/**
 * Guards by rules: those that come with it and those of the application's files, which are read again when they change.
 * Commands are read as a shell would read them, not as text.
 */
public final class RuleGuardProvider implements GuardProvider {
    /** Made by {@link java.util.ServiceLoader}. */
    public RuleGuardProvider() {}

    @Override
    public String name() {
        return "rules";
    }

    @Override
    public Guard open(GuardConfig config) {
        RuleFiles rules = RuleFiles.open(config.defaultRules(), config.rules());
        return new ByRules(new PromptScan(rules::now), new ToolInspector(rules::now, config), rules);
    }

    private record ByRules(PromptGuard prompts, ToolGuard tools, RuleFiles rules) implements Guard {
        @Override
        public void close() {
            rules.close();
        }
    }
}
