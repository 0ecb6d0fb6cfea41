package io.hotplex.testkit.agent;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An agent for tests: does what the prompt says, and breaks where it was told to. It is a program of its own that
 * speaks the stream-json dialect of Claude Code, so the {@code claude} provider drives it unchanged.
 *
 * <p>The prompt is a script. Words in capitals may stand anywhere in it; without any the agent repeats the prompt.
 *
 * <table>
 * <caption>Directives</caption>
 * <tr><td>{@code SAY n}</td><td>n pieces of text: {@code w1 w2 …}</td></tr>
 * <tr><td>{@code BIG bytes}</td><td>one piece of that many bytes</td></tr>
 * <tr><td>{@code THINK [n]}</td><td>n pieces of thinking come first</td></tr>
 * <tr><td>{@code PACE ms}</td><td>the pause before each piece</td></tr>
 * <tr><td>{@code SLEEP ms}</td><td>wait before the text, or inside each tool</td></tr>
 * <tr><td>{@code TOOL name [input]}</td><td>call a tool, which does nothing; the input is the rest of the line, JSON or
 * a command; may be repeated</td></tr>
 * <tr><td>{@code ASK}</td><td>ask for permission even when a rule allows the tool</td></tr>
 * <tr><td>{@code QUESTION text}</td><td>ask the person a question with the options Yes and No</td></tr>
 * <tr><td>{@code PID}, {@code CWD}, {@code ARGS}, {@code ENV name}</td><td>answer with the agent's pid, work directory,
 * arguments, or one variable of its environment</td></tr>
 * <tr><td>{@code HISTORY}, {@code CLEAR}</td><td>recite or forget what was said in the session</td></tr>
 * <tr><td>{@code ERROR status}</td><td>end the turn as a model call that failed with this HTTP status</td></tr>
 * <tr><td>{@code FAULT name [argument]}</td><td>let a {@link Fault} strike after the first piece of text</td></tr>
 * </table>
 *
 * <p>A fault can also be planned on the command line, see {@link Builder}. Conversations are kept in the state
 * directory that was given, else in {@code $HOTPLEX_DEMO_HOME}, else below the directory for temporary files.
 */
public final class ScriptedAgent {
    private ScriptedAgent() {}

    /** Begin a command line that starts the agent with this JVM's {@code java}. */
    public static Builder command() {
        return new Builder();
    }

    /** Run the agent on the standard streams until its input ends, or its fault ends it. */
    public static void main(String[] args) {
        AgentArguments arguments = AgentArguments.parse(args);
        if (arguments.has("version")) {
            System.out.println(Wire.DIALECT_VERSION + " (HotPlex scripted agent)");
            return;
        }
        Path fallback = Path.of(System.getProperty("java.io.tmpdir"), "hotplex-scripted-agent");
        Path stateDirectory = arguments.stateDirectory(fallback);
        Behaviour behaviour = new ScriptedBehaviour(FaultPlan.from(arguments), stateDirectory, arguments.all());
        System.exit(AgentProgram.run(arguments, stateDirectory, behaviour));
    }

    /** Builds the command line of a scripted agent. Not thread-safe. */
    public static final class Builder {
        private Fault fault = Fault.NONE;
        private FaultPoint point = FaultPoint.STARTING;
        private @Nullable String argument;
        private int times;
        private @Nullable Path stateDirectory;

        private Builder() {}

        /** What goes wrong; nothing unless set. */
        public Builder fault(Fault fault, FaultPoint point) {
            this.fault = fault;
            this.point = point;
            return this;
        }

        /** The argument of the fault, see {@link Fault}. */
        public Builder argument(String argument) {
            this.argument = argument;
            return this;
        }

        /**
         * Let the fault strike in the first processes only, so that a restarted agent works. They are counted in the
         * {@linkplain #stateDirectory state directory}.
         *
         * @param times 1 or more
         */
        public Builder times(int times) {
            if (times < 1) {
                throw new IllegalArgumentException("times: " + times + " (expected: 1 or more)");
            }
            this.times = times;
            return this;
        }

        /** Where conversations are kept; give each test its own. */
        public Builder stateDirectory(Path stateDirectory) {
            this.stateDirectory = stateDirectory;
            return this;
        }

        /**
         * The command line; the arguments of the dialect go behind it.
         *
         * @throws IllegalStateException when the agent's classes were loaded neither from a directory nor from a jar
         */
        public List<String> build() {
            List<String> command = new ArrayList<>(JavaCommand.of(ScriptedAgent.class, "256m"));
            if (fault != Fault.NONE) {
                command.add("--fault=" + fault.flag());
                command.add("--at=" + point.flag());
            }
            if (argument != null) {
                command.add("--fault-arg=" + argument);
            }
            if (times > 0) {
                command.add("--fault-times=" + times);
            }
            if (stateDirectory != null) {
                command.add("--state-dir=" + stateDirectory.toAbsolutePath());
            }
            return List.copyOf(command);
        }
    }
}
