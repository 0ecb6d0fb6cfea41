import io.hotplex.api.AgentEvent;
import io.hotplex.api.Engine;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.TurnResult;
import io.hotplex.core.HotPlex;
import java.nio.file.Path;
import java.util.Set;

/** A policy instead of a person: tools of a list may run, others are denied, and the agent is told why. */
public class Approvals {
    private static final Set<String> HARMLESS = Set.of("Read", "Grep", "Glob", "ListFiles");

    public static void main(String[] args) {
        try (Engine engine = HotPlex.builder().build()) {
            Session session = engine.open(SessionSpec.builder("approvals", Path.of("").toAbsolutePath()).build());
            session.subscribe(0, record -> {
                if (record.event() instanceof AgentEvent.PermissionRequested request) {
                    PermissionAnswer answer = HARMLESS.contains(request.toolName())
                            ? PermissionAnswer.allow()
                            : PermissionAnswer.deny("Only reading is allowed here.");
                    session.answer(request.requestId(), answer, "policy");
                    System.out.println("permission for " + request.toolName() + ": " + answer);
                }
            });
            TurnResult result = session.submit(Prompt.of("Please use a tool to list the files here."))
                    .result()
                    .toCompletableFuture()
                    .join();
            System.out.println(result.completed() ? result.text() : "failed: " + result.code());
        }
    }
}
