package io.hotplex.server.internal.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A command line, taken apart: {@code --name}, {@code --name value} or {@code --name=value}; {@code --} ends the
 * options; {@code -} alone is an operand. Immutable.
 *
 * @param options the values of each option in order; a flag has the value {@code true}
 * @param operands what is not an option
 */
record Arguments(Map<String, List<String>> options, List<String> operands) {
    Arguments {
        options = Map.copyOf(options);
        operands = List.copyOf(operands);
    }

    /**
     * @param flags names of options without a value
     * @param valued names of options with a value
     * @throws UsageException when an option is unknown, or its value is missing or there though it takes none
     */
    static Arguments parse(List<String> arguments, Set<String> flags, Set<String> valued) {
        Map<String, List<String>> options = new LinkedHashMap<>();
        List<String> operands = new ArrayList<>();
        int i = 0;
        while (i < arguments.size()) {
            String argument = arguments.get(i++);
            if (argument.equals("--")) {
                operands.addAll(arguments.subList(i, arguments.size()));
                break;
            }
            if (!argument.startsWith("-") || argument.equals("-")) {
                operands.add(argument);
                continue;
            }
            int equals = argument.indexOf('=');
            String name = equals < 0 ? argument : argument.substring(0, equals);
            String value = equals < 0 ? null : argument.substring(equals + 1);
            if (valued.contains(name) && value == null) {
                if (i == arguments.size()) {
                    throw new UsageException(name + " needs a value");
                }
                value = arguments.get(i++);
            } else if (flags.contains(name) && value == null) {
                value = "true";
            } else if (flags.contains(name)) {
                throw new UsageException(name + " takes no value");
            } else if (!valued.contains(name)) {
                throw new UsageException(name + " is not an option here");
            }
            options.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
        }
        return new Arguments(options, operands);
    }

    boolean has(String option) {
        return options.containsKey(option);
    }

    List<String> all(String option) {
        return options.getOrDefault(option, List.of());
    }

    /**
     * The value of an option that may be given once.
     *
     * @throws UsageException when it was given more often
     */
    @Nullable
    String one(String option) {
        List<String> values = all(option);
        if (values.size() > 1) {
            throw new UsageException(option + " was given " + values.size() + " times: give it once");
        }
        return values.isEmpty() ? null : values.get(0);
    }
}
