package io.hotplex.api;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something that happened in a session, in the same form for every agent. Immutable and thread-safe.
 *
 * <p>The type name of an event ({@link #type()}) is its class name in snake_case; {@link EventSchema} gives the JSON
 * form. Maps and lists inside of events hold strings, numbers, booleans, {@code null}, maps and lists only. More kinds
 * may appear in a minor version.
 *
 * <p>Text comes twice: {@link TextDelta} while it is written, and {@link Text} when a block is complete. A delta is
 * provisional: the {@code Text} with the same {@code messageId} and {@code block} replaces it, and deltas of a message
 * that gets no {@code Text} were abandoned by the agent. {@code parentToolId} names the tool call of a subagent that
 * speaks, {@code null} is the agent itself.
 */
public sealed interface AgentEvent {
    /** The event's name in JSON, for example {@code text_delta}. */
    default String type() {
        return EventSchema.typeOf(getClass());
    }

    /** About how many bytes the event holds in memory, all of its texts counted; for limits, never for billing. */
    long weight();

    /** Ends a turn. Every accepted prompt gets exactly one. */
    sealed interface Terminal extends AgentEvent {}

    // ---- session

    /**
     * An agent process serves the session, with a conversation that is new to the agent.
     *
     * @param generation 1 for the session's first process, then 2, 3 …
     * @param pid process id of the group's leader, as the host sees it
     * @param launcher how the process was started
     * @param confinement what it is kept in: {@code none}, {@code cgroup}, {@code pid-namespace} or {@code bubblewrap}
     */
    record SessionStarted(
            String provider,
            String agentSessionId,
            int generation,
            long pid,
            String workDir,
            String launcher,
            String confinement)
            implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(provider, agentSessionId, workDir, launcher, confinement);
        }
    }

    /** An agent process serves the session, and continues the agent's conversation. Fields as in SessionStarted. */
    record SessionResumed(
            String provider,
            String agentSessionId,
            int generation,
            long pid,
            String workDir,
            String launcher,
            String confinement)
            implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(provider, agentSessionId, workDir, launcher, confinement);
        }
    }

    /** The session is over; its journal stays readable as long as it is kept. */
    record SessionClosed(String reason) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(reason);
        }
    }

    /**
     * The session's agent process is gone.
     *
     * @param exitCode its exit status, or {@code null} if a signal ended it
     * @param signal the number of the signal, or {@code null}
     * @param expected whether the engine wanted it to end
     * @param reason why, for people; for a crash the last lines of its error output
     * @param survivorsFound how many descendants lived on although their group was killed; they were killed as well
     * @param survivorsLeft how many of them could not be killed
     * @param cleanup how long finding and killing them took, or {@code null} where nobody could look for them
     * @param outOfMemory whether the kernel killed it because its memory limit was reached
     */
    record ProcessExited(
            int generation,
            long pid,
            @Nullable Integer exitCode,
            @Nullable Integer signal,
            boolean expected,
            String reason,
            int survivorsFound,
            int survivorsLeft,
            @Nullable Duration cleanup,
            boolean outOfMemory)
            implements AgentEvent {
        @Override
        public long weight() {
            return 128 + Values.bytes(reason);
        }
    }

    /**
     * The session's agent process starts with less confinement, or fewer limits, than was asked for.
     *
     * @param wanted the confinement that was asked for
     * @param confinement what the process is kept in
     * @param missing what cannot be had here, one sentence each with what to do about it
     */
    record IsolationReduced(String wanted, String confinement, List<String> missing) implements AgentEvent {
        public IsolationReduced {
            missing = List.copyOf(missing);
        }

        @Override
        public long weight() {
            return 96 + Values.bytes(wanted, confinement) + Values.weight(missing);
        }
    }

    /**
     * The agent's conversation has another id from here on.
     *
     * @param reason {@code cleared}, {@code forked}, {@code resume_failed} or the agent's own word
     */
    record AgentSessionChanged(@Nullable String previous, String agentSessionId, String reason) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(previous, agentSessionId, reason);
        }
    }

    /**
     * What the agent says about itself; again when it changes.
     *
     * @param version the agent's version, or {@code null} if it does not tell
     * @param mcpServers name to status
     */
    record AgentInfo(
            @Nullable String version,
            @Nullable String model,
            @Nullable String permissionMode,
            List<String> tools,
            Map<String, String> mcpServers)
            implements AgentEvent {
        public AgentInfo {
            tools = List.copyOf(tools);
            mcpServers = Map.copyOf(mcpServers);
        }

        @Override
        public long weight() {
            return 128
                    + Values.bytes(version, model, permissionMode)
                    + Values.weight(tools)
                    + Values.weight(mcpServers);
        }
    }

    // ---- turn

    /** Who caused a turn. */
    enum Origin {
        /** A prompt of this session. */
        PROMPT,
        /** The agent itself, for example when a background task ended. */
        AGENT
    }

    /**
     * A turn runs.
     *
     * @param clientId the prompt's own id, or {@code null}
     * @param prompt the prompt's text, without instructions and attachments; {@code null} when the agent began by
     *     itself
     * @param traceparent the trace that the prompt came with, in the form of W3C Trace Context, or {@code null}
     * @param attachments what went with the prompt, in order
     */
    record TurnStarted(
            Origin origin,
            @Nullable String clientId,
            @Nullable String prompt,
            @Nullable String traceparent,
            List<Attached> attachments)
            implements AgentEvent {
        public TurnStarted {
            attachments = List.copyOf(attachments);
        }

        /** One that came with nothing attached. */
        public TurnStarted(
                Origin origin, @Nullable String clientId, @Nullable String prompt, @Nullable String traceparent) {
            this(origin, clientId, prompt, traceparent, List.of());
        }

        /** One that came without a trace, and with nothing attached. */
        public TurnStarted(Origin origin, @Nullable String clientId, @Nullable String prompt) {
            this(origin, clientId, prompt, null, List.of());
        }

        @Override
        public long weight() {
            return attachments.stream()
                    .mapToLong(Attached::weight)
                    .reduce(96 + Values.bytes(clientId, prompt, traceparent), Long::sum);
        }
    }

    /**
     * That something went with a prompt; what it was is not kept.
     *
     * @param name its file name; may be empty
     * @param mediaType what it is, for example {@code image/png}
     * @param bytes how long it is
     */
    record Attached(String name, String mediaType, long bytes) {
        long weight() {
            return 48 + Values.bytes(name, mediaType);
        }
    }

    /**
     * The agent answered.
     *
     * @param text the final answer; may be empty
     * @param usage tokens of this turn, each message counted once
     * @param costUsd cost of this turn in US dollars as the agent reports it, or {@code null}
     * @param duration from the turn's start to its end
     * @param stopReason the vendor's word, or {@code null}
     * @param mergedInto id of the turn that took this prompt in (steering), or {@code null}
     */
    record TurnCompleted(
            String text,
            TokenUsage usage,
            @Nullable Double costUsd,
            Duration duration,
            @Nullable String stopReason,
            @Nullable String mergedInto)
            implements Terminal {
        @Override
        public long weight() {
            return 192 + Values.bytes(text, stopReason, mergedInto);
        }
    }

    /** The turn failed. */
    record TurnFailed(
            ErrorCode code,
            String message,
            boolean retryable,
            TokenUsage usage,
            @Nullable Double costUsd,
            Duration duration)
            implements Terminal {
        @Override
        public long weight() {
            return 192 + Values.bytes(message);
        }
    }

    /** The turn was cancelled. */
    record TurnCancelled(
            String reason, TokenUsage usage, @Nullable Double costUsd, Duration duration) implements Terminal {
        @Override
        public long weight() {
            return 192 + Values.bytes(reason);
        }
    }

    /**
     * The turn took too long and was stopped.
     *
     * @param code {@code TURN_TIMEOUT} or {@code FIRST_OUTPUT_TIMEOUT}
     * @param limit the limit that was passed
     */
    record TurnTimedOut(
            ErrorCode code,
            Duration limit,
            TokenUsage usage,
            @Nullable Double costUsd,
            Duration duration) implements Terminal {
        @Override
        public long weight() {
            return 192;
        }
    }

    /** The guard blocked the prompt; the agent never saw it. */
    record TurnBlocked(String ruleId, String category, String level, String message, List<String> suggestions)
            implements Terminal {
        public TurnBlocked {
            suggestions = List.copyOf(suggestions);
        }

        @Override
        public long weight() {
            return 128 + Values.bytes(ruleId, category, level, message) + Values.weight(suggestions);
        }
    }

    // ---- content

    /** A piece of answer text as it is written; see the class comment. */
    record TextDelta(
            String messageId,
            int block,
            String text,
            @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(messageId) + Values.bytes(text) + Values.bytes(parentToolId);
        }
    }

    /** A complete block of answer text. */
    record Text(
            String messageId,
            int block,
            String text,
            @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(messageId) + Values.bytes(text) + Values.bytes(parentToolId);
        }
    }

    /** A piece of reasoning as it is written. */
    record ThinkingDelta(
            String messageId,
            int block,
            String text,
            @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(messageId) + Values.bytes(text) + Values.bytes(parentToolId);
        }
    }

    /** A complete block of reasoning. */
    record Thinking(
            String messageId,
            int block,
            String text,
            @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(messageId) + Values.bytes(text) + Values.bytes(parentToolId);
        }
    }

    // ---- tools

    /** What a tool does; the values are those of the Agent Client Protocol's tool kinds. */
    enum ToolKind {
        READ,
        EDIT,
        DELETE,
        MOVE,
        SEARCH,
        EXECUTE,
        THINK,
        FETCH,
        OTHER
    }

    /**
     * The agent calls a tool.
     *
     * @param title one line for people, for example the command
     * @param paths files that the call names
     */
    record ToolStarted(
            String toolId,
            String name,
            ToolKind kind,
            String title,
            Map<String, @Nullable Object> input,
            List<String> paths,
            @Nullable String parentToolId)
            implements AgentEvent {
        public ToolStarted {
            input = Values.immutable(input);
            paths = List.copyOf(paths);
        }

        @Override
        public long weight() {
            return 192 + Values.bytes(toolId, name, title, parentToolId) + Values.weight(input) + Values.weight(paths);
        }
    }

    /** Something a running tool said. */
    record ToolProgress(
            String toolId, String text, @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(toolId, text, parentToolId);
        }
    }

    /**
     * A tool call ended.
     *
     * @param name the tool's name, or {@code null} if the agent did not announce the call
     * @param output its text output
     * @param content blocks of the output that are not text, as the agent gave them
     */
    record ToolCompleted(
            String toolId,
            @Nullable String name,
            boolean isError,
            String output,
            List<Map<String, @Nullable Object>> content,
            @Nullable String parentToolId)
            implements AgentEvent {
        public ToolCompleted {
            content = content.stream().map(Values::immutable).toList();
        }

        @Override
        public long weight() {
            return 128 + Values.bytes(toolId, name, output, parentToolId) + Values.weight(content);
        }
    }

    // ---- people

    /**
     * The agent may go on only when somebody allows a tool call; answer with {@link Session#answer}.
     *
     * @param toolId the call that waits, or {@code null} if the agent does not tell
     * @param description why, for people; may be empty
     * @param suggestions rules that the agent would remember, as it gave them
     * @param kind what the tool does, or {@code null} if the agent does not tell
     * @param expiresAt ISO-8601 instant at which the call is denied when nobody has answered; {@code null} for an event
     *     that the engine has not taken yet
     * @param finding the guard's rule that wants this asked, or {@code null} when the agent asks by itself
     */
    record PermissionRequested(
            String requestId,
            @Nullable String toolId,
            String toolName,
            Map<String, @Nullable Object> input,
            String description,
            List<Map<String, @Nullable Object>> suggestions,
            @Nullable ToolKind kind,
            @Nullable String expiresAt,
            @Nullable GuardFinding finding)
            implements AgentEvent {
        public PermissionRequested {
            input = Values.immutable(input);
            suggestions = suggestions.stream().map(Values::immutable).toList();
        }

        /** A request as a provider makes it. */
        public PermissionRequested(
                String requestId,
                @Nullable String toolId,
                String toolName,
                Map<String, @Nullable Object> input,
                String description,
                List<Map<String, @Nullable Object>> suggestions) {
            this(requestId, toolId, toolName, input, description, suggestions, null, null, null);
        }

        @Override
        public long weight() {
            return 192
                    + Values.bytes(requestId, toolId, toolName, description, expiresAt)
                    + Values.weight(input)
                    + Values.weight(suggestions)
                    + (finding == null ? 0 : finding.weight());
        }
    }

    /** How a permission request ended. */
    enum Resolution {
        ALLOWED,
        DENIED,
        /** The agent, or the end of the turn or process, made the question moot. */
        WITHDRAWN,
        /** Nobody answered in time; the call was denied. */
        EXPIRED
    }

    /**
     * A permission request is answered or moot.
     *
     * @param by who answered; {@code agent} or {@code engine} for a withdrawal, {@code guard} for a rule
     * @param message why, or {@code null}
     * @param scope how long an allowed call stays allowed; {@code null} unless it was allowed
     * @param edited whether the call runs with another input than the agent's
     * @param ruleId the guard's rule that decided, or that wanted it asked; {@code null} when there was none
     */
    record PermissionResolved(
            String requestId,
            Resolution resolution,
            String by,
            @Nullable String message,
            PermissionAnswer.@Nullable Scope scope,
            boolean edited,
            @Nullable String ruleId)
            implements AgentEvent {
        /** An end that is not an answer. */
        public PermissionResolved(String requestId, Resolution resolution, String by, @Nullable String message) {
            this(requestId, resolution, by, message, null, false, null);
        }

        @Override
        public long weight() {
            return 96 + Values.bytes(requestId, by, message, ruleId);
        }
    }

    // ---- guard

    /**
     * A guard kept a tool call from running; the agent was told.
     *
     * @param toolId the call, or {@code null} if the agent does not tell
     * @param finding which rule, and why
     */
    record ToolDenied(@Nullable String toolId, String toolName, GuardFinding finding) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(toolId, toolName) + finding.weight();
        }
    }

    /**
     * Somebody switched the guards off for this session, for a while.
     *
     * @param by who did
     * @param reason why, as they put it
     * @param until ISO-8601 instant at which they are on again
     */
    record GuardBypassed(String by, String reason, String until) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(by, reason, until);
        }
    }

    /**
     * The guards are on again.
     *
     * @param by who switched them on; {@code engine} when the time was over
     */
    record GuardRestored(String by) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(by);
        }
    }

    // ---- questions

    /** One question of a {@link QuestionAsked}. */
    record Question(String question, String header, List<Option> options, boolean multiSelect) {
        public Question {
            options = List.copyOf(options);
        }

        private long weight() {
            long sum = 128 + Values.bytes(question, header);
            for (Option option : options) {
                sum += 128 + Values.bytes(option.label, option.description);
            }
            return sum;
        }
    }

    /** One proposed answer. */
    record Option(String label, String description) {}

    /** The agent asks its user something; answer with {@link Session#answerQuestion}. */
    record QuestionAsked(String requestId, @Nullable String toolId, List<Question> questions) implements AgentEvent {
        public QuestionAsked {
            questions = List.copyOf(questions);
        }

        @Override
        public long weight() {
            long sum = 128 + Values.bytes(requestId, toolId);
            for (Question question : questions) {
                sum += question.weight();
            }
            return sum;
        }
    }

    /**
     * A question is answered or moot.
     *
     * @param answers question text to answers; empty when it was declined or withdrawn
     * @param by who answered; {@code agent} or {@code engine} for a withdrawal
     */
    record QuestionAnswered(String requestId, Map<String, List<String>> answers, String by) implements AgentEvent {
        public QuestionAnswered {
            answers = Map.copyOf(answers);
        }

        @Override
        public long weight() {
            return 128 + Values.bytes(requestId, by) + Values.weight(answers);
        }
    }

    // ---- notices

    /**
     * The agent tries a request to its vendor again.
     *
     * @param attempt 1 for the first retry
     * @param maxAttempts how many it will make
     * @param delay how long it waits before this one
     * @param status HTTP status of the failure, or {@code null} when there was no answer
     */
    record Retrying(
            int attempt,
            int maxAttempts,
            Duration delay,
            @Nullable Integer status,
            String reason) implements AgentEvent {
        @Override
        public long weight() {
            return 128 + Values.bytes(reason);
        }
    }

    /**
     * The vendor told about a limit.
     *
     * @param resetsAt ISO-8601 instant, or {@code null}
     */
    record RateLimited(String status, @Nullable String resetsAt, String message) implements AgentEvent {
        @Override
        public long weight() {
            return 128 + Values.bytes(status, resetsAt, message);
        }
    }

    /**
     * The agent shortened its conversation.
     *
     * @param trigger {@code manual} or {@code auto}
     * @param tokensBefore size before, or {@code null}
     */
    record Compacted(String trigger, @Nullable Long tokensBefore) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(trigger);
        }
    }

    /**
     * The session is called something else from here on.
     *
     * @param by who gave it that name
     */
    record SessionRenamed(String title, String by) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(title, by);
        }
    }

    /** The model answers from here on. */
    record ModelChanged(@Nullable String previous, String model) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(previous, model);
        }
    }

    /** The permission mode holds from here on. */
    record PermissionModeChanged(@Nullable String previous, String mode) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(previous, mode);
        }
    }

    /** Tokens of one message of the agent; each message id is reported once. */
    record Usage(
            String messageId,
            @Nullable String model,
            TokenUsage tokens,
            @Nullable String parentToolId) implements AgentEvent {
        @Override
        public long weight() {
            return 128 + Values.bytes(messageId, model, parentToolId);
        }
    }

    /**
     * A line of the agent that this version does not know, kept as it came.
     *
     * @param kind the agent's own type name, or {@code invalid} for a line that is not of its protocol, or
     *     {@code oversize} for one that was cut
     * @param line the line, decoded as UTF-8, cut when it was too long
     * @param truncated whether it was cut
     */
    record Raw(String kind, String line, boolean truncated) implements AgentEvent {
        @Override
        public long weight() {
            return 96 + Values.bytes(kind, line);
        }
    }
}
