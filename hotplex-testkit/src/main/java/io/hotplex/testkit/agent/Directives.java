package io.hotplex.testkit.agent;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The words of a prompt that tell the {@link ScriptedAgent} what to do.
 *
 * @param plain the prompt without its tool lines
 * @param tools the tools to call, in order
 */
record Directives(String plain, List<ToolCall> tools) {
    private static final Pattern TOOL = Pattern.compile("\\bTOOL\\s+([A-Za-z_][\\w-]*)[ \\t]*([^\\n]*)");

    /** A tool to call. */
    record ToolCall(String name, Map<String, @Nullable Object> input) {}

    static Directives parse(String prompt) {
        List<ToolCall> tools = TOOL.matcher(prompt)
                .results()
                .map(match -> new ToolCall(match.group(1), input(match.group(2).strip())))
                .toList();
        return new Directives(TOOL.matcher(prompt).replaceAll(" "), tools);
    }

    boolean has(String word) {
        return Pattern.compile("\\b" + word + "\\b").matcher(plain).find();
    }

    OptionalInt number(String word) {
        Matcher matcher = Pattern.compile("\\b" + word + "\\s+(\\d{1,9})\\b").matcher(plain);
        return matcher.find() ? OptionalInt.of(Integer.parseInt(matcher.group(1))) : OptionalInt.empty();
    }

    /** The word behind this one. */
    Optional<String> word(String word) {
        Matcher matcher = Pattern.compile("\\b" + word + "\\s+(\\S+)").matcher(plain);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    /** The rest of the line behind this word. */
    Optional<String> line(String word) {
        Matcher matcher = Pattern.compile("\\b" + word + "\\s+([^\\n]+)").matcher(plain);
        return matcher.find() ? Optional.of(matcher.group(1).strip()) : Optional.empty();
    }

    /** The fault that {@code FAULT name [argument]} asks for. */
    Optional<FaultPlan> fault() {
        return line("FAULT").map(line -> {
            String[] words = line.split("\\s+", -1);
            Optional<String> argument = words.length > 1 ? Optional.of(words[1]) : Optional.empty();
            return new FaultPlan(Fault.of(words[0]), FaultPoint.BUSY, argument, 0);
        });
    }

    private static Map<String, @Nullable Object> input(String text) {
        if (text.startsWith("{")) {
            try {
                return Json.parseObject(text);
            } catch (IOException e) {
                return Json.object("input", text); // not JSON after all
            }
        }
        return Json.object("command", text);
    }
}
