package io.hotplex.testkit.agent;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The agent that answers when no real one is installed. It has no model: it says so, tells how to install an agent,
 * repeats what it was asked, and can show thinking, a tool call with its permission, and the memory of a session.
 *
 * <p>It is a program of its own that speaks the stream-json dialect of Claude Code on its standard streams, so the
 * {@code claude} provider drives it with the same arguments; flags that it does not know are ignored. Conversations are
 * kept in {@code $HOTPLEX_DEMO_HOME}, else in {@code ~/.hotplex/demo-agent}, readable by their owner alone.
 *
 * <p>Beyond the dialect: {@code --demo-pace-ms=N} sets the pause between two words (default 8),
 * {@code --state-dir=PATH} where conversations are kept, {@code --version} prints the version.
 */
public final class DemoAgent {
    /** Slow enough to be seen as a stream, quick enough not to be waited for. */
    private static final int DEFAULT_PACE_MILLIS = 8;

    private DemoAgent() {}

    /**
     * The command line that starts the agent with this JVM's {@code java}; the arguments of the dialect go behind it.
     * Works from a jar as well as from a directory of classes, on the class path and on the module path.
     *
     * @throws IllegalStateException when the agent's classes were loaded from anything else
     */
    public static List<String> command() {
        return List.copyOf(JavaCommand.of(DemoAgent.class, "64m"));
    }

    /** Run the agent on the standard streams until its input ends. */
    public static void main(String[] args) {
        AgentArguments arguments = AgentArguments.parse(args);
        if (arguments.has("version")) {
            System.out.println(Wire.DIALECT_VERSION + " (HotPlex demo agent)");
            return;
        }
        Path home = Path.of(System.getProperty("user.home"), ".hotplex", "demo-agent");
        Behaviour behaviour =
                new DemoBehaviour(Duration.ofMillis(arguments.number("demo-pace-ms", DEFAULT_PACE_MILLIS)));
        System.exit(AgentProgram.run(arguments, arguments.stateDirectory(home), behaviour));
    }
}
