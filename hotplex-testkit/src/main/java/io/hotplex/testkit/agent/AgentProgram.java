package io.hotplex.testkit.agent;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Start-up of an agent: which session, which conversation; and what the command line gets wrong. */
final class AgentProgram {
    private final AgentArguments arguments;
    private final Path stateDirectory;
    private final Behaviour behaviour;
    private final AgentOutput out = new AgentOutput(new FileOutputStream(FileDescriptor.out));

    private AgentProgram(AgentArguments arguments, Path stateDirectory, Behaviour behaviour) {
        this.arguments = arguments;
        this.stateDirectory = stateDirectory;
        this.behaviour = behaviour;
    }

    /** Run an agent on the standard streams. The result is the exit status. */
    static int run(AgentArguments arguments, Path stateDirectory, Behaviour behaviour) {
        try {
            return new AgentProgram(arguments, stateDirectory, behaviour).run();
        } catch (StartRefused refused) {
            System.err.println(refused.getMessage());
            return 1;
        } catch (IOException e) {
            System.err.println("Error: " + e);
            return 1;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return 1;
        }
    }

    private int run() throws IOException, InterruptedException, StartRefused {
        Optional<String> given = arguments.value("session-id");
        Optional<String> resumed = arguments.value("resume");
        boolean fork = arguments.has("fork-session");
        if (given.isPresent() && resumed.isPresent() && !fork) {
            throw new StartRefused("Error: --session-id can only be used with --continue or --resume if"
                    + " --fork-session is also specified.");
        }
        String sessionId = given.orElseGet(
                () -> fork || resumed.isEmpty() ? UUID.randomUUID().toString() : resumed.get());
        if (given.isPresent()) {
            requireUnused(sessionId);
        }
        Conversation conversation = open(sessionId, resumed.orElse(null), fork);
        return new StreamJsonAgent(arguments, sessionId, conversation, out, behaviour)
                .run(new FileInputStream(FileDescriptor.in));
    }

    private void requireUnused(String sessionId) throws StartRefused {
        if (!isUuid(sessionId)) {
            throw new StartRefused("Error: Invalid session ID. Must be a valid UUID.");
        }
        if (behaviour.claimsIdsTaken() || Conversation.exists(stateDirectory, sessionId)) {
            throw new StartRefused("Error: Session ID " + sessionId + " is already in use.");
        }
    }

    private Conversation open(String sessionId, @Nullable String resumed, boolean fork)
            throws IOException, StartRefused {
        if (resumed != null) {
            if (!behaviour.resumes() || !isUuid(resumed) || !Conversation.exists(stateDirectory, resumed)) {
                refuseToResume(resumed);
            }
            return fork
                    ? Conversation.fork(stateDirectory, resumed, sessionId)
                    : Conversation.resume(stateDirectory, resumed);
        }
        return arguments.has("no-session-persistence")
                ? Conversation.unkept()
                : Conversation.begin(stateDirectory, sessionId);
    }

    private void refuseToResume(String sessionId) throws StartRefused {
        String message = "No conversation found with session ID: " + sessionId;
        new Wire(out, sessionId, false)
                .result(Json.object(
                        "subtype",
                        "error_during_execution",
                        "is_error",
                        true,
                        "duration_ms",
                        0,
                        "duration_api_ms",
                        0,
                        "num_turns",
                        0,
                        "stop_reason",
                        null,
                        "total_cost_usd",
                        0,
                        "usage",
                        Usage.NONE.json(),
                        "modelUsage",
                        Json.object(),
                        "permission_denials",
                        List.of(),
                        "errors",
                        List.of(message)));
        throw new StartRefused(message);
    }

    private static boolean isUuid(String text) {
        try {
            return UUID.fromString(text).toString().equalsIgnoreCase(text);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The command line cannot be served; the message is for standard error. */
    private static final class StartRefused extends Exception {
        private static final long serialVersionUID = 1L;

        StartRefused(String message) {
            super(message);
        }
    }
}
