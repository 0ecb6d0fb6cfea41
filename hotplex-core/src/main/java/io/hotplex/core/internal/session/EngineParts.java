package io.hotplex.core.internal.session;

import io.hotplex.api.spi.EngineListener;
import io.hotplex.api.spi.JournalReader;
import io.hotplex.api.spi.ProcessLauncher;
import io.hotplex.core.EngineConfig;
import io.hotplex.core.LogRedaction;
import io.hotplex.core.internal.event.Followers;
import io.hotplex.core.internal.guard.Guards;
import io.hotplex.core.internal.guard.RememberedApprovals;
import io.hotplex.core.internal.redact.Secrets;
import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/**
 * What all sessions of an engine share.
 *
 * @param readers hear of every record; guarded, as the listener is
 * @param followers subscribers of all sessions
 * @param secrets what must not be written down
 * @param logs the same for the program's log
 * @param executor runs callbacks and blocking work
 * @param scans runs what looks long at large prompts, a few at a time
 * @param timer fires deadlines; its tasks bring work to mailboxes, and its thread runs that work where a mailbox is
 *     idle. So they are short and never block
 * @param clock time of day, for records
 * @param ticker elapsed time in nanoseconds
 */
public record EngineParts(
        EngineConfig config,
        ProcessLauncher launcher,
        Guards guards,
        RememberedApprovals approvals,
        Secrets secrets,
        LogRedaction logs,
        EngineListener listener,
        JournalReader readers,
        Followers followers,
        Executor executor,
        FewAtATime scans,
        ScheduledExecutorService timer,
        Clock clock,
        LongSupplier ticker) {}
