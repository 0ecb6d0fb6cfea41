package io.hotplex.testkit.agent;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The command line of an agent. Flags that the agent does not know are ignored, as are positional arguments: what a
 * host asks of the real CLI must not stop a stand-in.
 *
 * @param values flags that carry a value, without the dashes; the last one wins
 * @param switches every flag that was given, without the dashes
 * @param all the arguments as given
 */
record AgentArguments(Map<String, String> values, Set<String> switches, List<String> all) {
    private static final Set<String> WITH_VALUE = Set.of(
            "session-id",
            "resume",
            "model",
            "permission-mode",
            "permission-prompt-tool",
            "allowedTools",
            "allowed-tools",
            "disallowedTools",
            "disallowed-tools",
            "append-system-prompt",
            "system-prompt",
            "input-format",
            "output-format",
            "setting-sources",
            "mcp-config",
            "max-turns",
            "demo-pace-ms",
            "state-dir",
            "fault",
            "at",
            "fault-arg",
            "fault-times");

    static AgentArguments parse(String... arguments) {
        Map<String, String> values = new HashMap<>();
        Set<String> switches = new HashSet<>();
        for (int i = 0; i < arguments.length; i++) {
            String argument = arguments[i];
            if (!argument.startsWith("--")) {
                continue;
            }
            int equals = argument.indexOf('=');
            String name = argument.substring(2, equals < 0 ? argument.length() : equals);
            switches.add(name);
            if (equals >= 0) {
                values.put(name, argument.substring(equals + 1));
            } else if (WITH_VALUE.contains(name) && i + 1 < arguments.length && !arguments[i + 1].startsWith("--")) {
                values.put(name, arguments[++i]);
            }
        }
        return new AgentArguments(Map.copyOf(values), Set.copyOf(switches), List.of(arguments));
    }

    boolean has(String name) {
        return switches.contains(name);
    }

    Optional<String> value(String name) {
        return Optional.ofNullable(values.get(name)).filter(value -> !value.isEmpty());
    }

    /**
     * A flag's value as a number that is not negative.
     *
     * @throws IllegalArgumentException when it is anything else
     */
    long number(String name, long fallback) {
        String text = values.get(name);
        if (text == null) {
            return fallback;
        }
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(notANumber(name, text), e);
        }
        throw new IllegalArgumentException(notANumber(name, text));
    }

    /** Names out of a list that is separated by commas or blanks. Patterns such as {@code Bash(ls:*)} stay whole. */
    Set<String> names(String... flags) {
        Set<String> names = new HashSet<>();
        for (String flag : flags) {
            for (String name : values.getOrDefault(flag, "").split("[,\\s]+(?![^(]*\\))", -1)) {
                if (!name.isEmpty()) {
                    names.add(name);
                }
            }
        }
        return names;
    }

    /** Where conversations are kept: the option, else the environment, else the home directory. */
    Path stateDirectory(Path fallback) {
        return value("state-dir")
                .or(() ->
                        Optional.ofNullable(System.getenv("HOTPLEX_DEMO_HOME")).filter(home -> !home.isEmpty()))
                .map(Path::of)
                .orElse(fallback);
    }

    private static String notANumber(String name, String text) {
        return "--" + name + ": " + text + " (expected: a whole number, 0 or more)";
    }
}
