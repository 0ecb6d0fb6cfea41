package io.hotplex.core.internal.guard;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.Guard;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.GuardProvider;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.api.spi.ToolGuard.Verdict;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All guards of an engine as one: those of the application, and those that {@link ServiceLoader} finds. The strictest
 * counts, and one that fails denies. Immutable and thread-safe.
 */
public final class Guards implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Guards.class);

    private static final GuardFinding FAILED = new GuardFinding(
            "guard-failed", "guard", "critical", "a guard could not decide, so the answer is no: see the engine's log");

    private final List<PromptGuard> prompts = new ArrayList<>();
    private final List<ToolGuard> tools = new ArrayList<>();
    private final List<Guard> opened = new ArrayList<>();

    /**
     * @param mode {@code off} leaves out what is on the class path, {@code required} wants some
     * @throws HotPlexException CONFIG_INVALID when a guard cannot be made, or none is there and one is required
     */
    public Guards(String mode, GuardConfig config, PromptGuard ownPrompts, List<ToolGuard> ownTools) {
        if (ownPrompts != PromptGuard.NONE) {
            prompts.add(ownPrompts);
        }
        tools.addAll(ownTools);
        try {
            if (!mode.equals("off")) {
                open(config);
            }
            if (mode.equals("required") && tools.isEmpty()) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID,
                        "guard: required, but no guard is on the class path: add hotplex-guard, or give one to the"
                                + " builder");
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    /** A guard that cannot be loaded must not be missed in silence. */
    private void open(GuardConfig config) {
        try {
            for (GuardProvider provider : ServiceLoader.load(GuardProvider.class)) {
                Guard guard = provider.open(config);
                opened.add(guard);
                if (guard.prompts() != PromptGuard.NONE) {
                    prompts.add(guard.prompts());
                }
                if (guard.tools() != ToolGuard.NONE) {
                    tools.add(guard.tools());
                }
            }
        } catch (ServiceConfigurationError e) {
            throw new HotPlexException(
                    ErrorCode.CONFIG_INVALID,
                    "a guard on the class path cannot be loaded: mend it, or set guard=off (" + e.getMessage() + ")",
                    e);
        }
    }

    /** Whether anything looks at tool calls. */
    public boolean guardTools() {
        return !tools.isEmpty();
    }

    /** What is wrong with a prompt, or {@code null}. Never throws. */
    @SuppressWarnings("IllegalCatch") // a guard is foreign code, and fails closed whatever it throws
    public PromptGuard.Decision.@Nullable Block check(SessionSpec spec, Prompt prompt) {
        for (PromptGuard guard : prompts) {
            PromptGuard.@Nullable Decision decision;
            try {
                decision = guard.check(spec, prompt);
            } catch (Throwable e) {
                log.error("a prompt guard failed, the prompt is blocked", e);
                decision = null;
            }
            if (decision instanceof PromptGuard.Decision.Block block) {
                return block;
            }
            if (!(decision instanceof PromptGuard.Decision.Allow)) {
                return undecided();
            }
        }
        return null;
    }

    /** What becomes of a prompt when nobody could decide. */
    public static PromptGuard.Decision.Block undecided() {
        return new PromptGuard.Decision.Block(
                FAILED.ruleId(), FAILED.category(), FAILED.level(), "the guard could not decide", List.of());
    }

    /** What becomes of a tool call. May look at files; never throws. */
    @SuppressWarnings("IllegalCatch") // a guard is foreign code, and fails closed whatever it throws
    public Verdict check(SessionSpec spec, ToolCall call) {
        Verdict strictest = Verdict.NONE;
        for (ToolGuard guard : tools) {
            @Nullable Verdict verdict;
            try {
                verdict = guard.check(spec, call);
            } catch (Throwable e) {
                log.error("a tool guard failed, the call is denied", e);
                verdict = null;
            }
            strictest = strictest.or(verdict == null ? failed() : verdict);
        }
        return strictest;
    }

    /** What counts when nobody could decide. */
    public static Verdict failed() {
        return new Verdict(Action.DENY, FAILED, null);
    }

    @Override
    @SuppressWarnings("IllegalCatch") // foreign code; the others are to be closed as well
    public void close() {
        for (Guard guard : opened) {
            try {
                guard.close();
            } catch (RuntimeException e) {
                log.warn("a guard failed to close", e);
            }
        }
    }
}
