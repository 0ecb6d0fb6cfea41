package io.hotplex.server.internal.cli;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.GuardFinding;
import io.hotplex.api.PermissionAnswer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;

/** Something the user is asked, with what a typed line means to it. Confined to the thread that gives lines. */
sealed interface Inquiry {
    String requestId();

    /** What to show, ending where the cursor stays. */
    String text();

    /**
     * Takes what the user typed.
     *
     * @return whether that settles it; else it has more to ask
     */
    boolean give(
            String line,
            BiConsumer<String, PermissionAnswer> permit,
            BiConsumer<String, Map<String, List<String>>> reply);

    /** Whether a tool may run. Anything but a clear yes is a no. */
    record Permission(AgentEvent.PermissionRequested request) implements Inquiry {
        private static final int MAX_VALUE = 2_000;

        @Override
        public String requestId() {
            return request.requestId();
        }

        @Override
        public String text() {
            StringBuilder text = new StringBuilder("? May the agent use " + request.toolName() + "?");
            if (!request.description().isBlank()) {
                text.append(' ').append(Style.oneLine(request.description(), MAX_VALUE));
            }
            GuardFinding finding = request.finding();
            if (finding != null) {
                text.append("\n    ")
                        .append(finding.level())
                        .append(" (")
                        .append(finding.ruleId())
                        .append("): ");
                text.append(finding.message());
            }
            request.input()
                    .forEach((key, value) ->
                            text.append("\n    ").append(key).append(": ").append(cut(String.valueOf(value))));
            return text.append("\n  [y]es, [N]o, [a]lways in this session: ").toString();
        }

        /** What is not shown is said to be there: nobody should allow what they cannot see. */
        private static String cut(String value) {
            return value.length() <= MAX_VALUE
                    ? value
                    : value.substring(0, MAX_VALUE) + "… and " + (value.length() - MAX_VALUE) + " more characters";
        }

        @Override
        public boolean give(
                String line,
                BiConsumer<String, PermissionAnswer> permit,
                BiConsumer<String, Map<String, List<String>>> reply) {
            PermissionAnswer answer = switch (line.toLowerCase(Locale.ROOT)) {
                case "y", "yes" -> PermissionAnswer.allow();
                case "a", "always" -> new PermissionAnswer.Allow(PermissionAnswer.Scope.SESSION, null);
                default -> PermissionAnswer.deny("The user said no.");
            };
            permit.accept(requestId(), answer);
            return true;
        }
    }

    /** Questions of the agent, one after the other. An empty line leaves one out. */
    final class Questions implements Inquiry {
        private final AgentEvent.QuestionAsked asked;
        private final Map<String, List<String>> answers = new LinkedHashMap<>();
        private int current;

        Questions(AgentEvent.QuestionAsked asked) {
            this.asked = asked;
        }

        @Override
        public String requestId() {
            return asked.requestId();
        }

        @Override
        public String text() {
            AgentEvent.Question question = asked.questions().get(current);
            StringBuilder text = new StringBuilder("? ").append(question.question());
            int number = 1;
            for (AgentEvent.Option option : question.options()) {
                text.append("\n    ").append(number++).append(") ").append(option.label());
                if (!option.description().isBlank()) {
                    text.append(": ").append(option.description());
                }
            }
            String how = question.options().isEmpty()
                    ? ""
                    : question.multiSelect() ? "numbers with commas, or your own words" : "a number, or your own words";
            return text.append("\n  ").append(how).append("> ").toString();
        }

        @Override
        public boolean give(
                String line,
                BiConsumer<String, PermissionAnswer> permit,
                BiConsumer<String, Map<String, List<String>>> reply) {
            if (!line.isEmpty() && current < asked.questions().size()) {
                AgentEvent.Question question = asked.questions().get(current);
                answers.put(question.question(), chosen(question, line));
            }
            current++;
            if (current < asked.questions().size()) {
                return false;
            }
            reply.accept(requestId(), Map.copyOf(answers));
            return true;
        }

        private static List<String> chosen(AgentEvent.Question question, String line) {
            List<String> labels = new ArrayList<>();
            for (String part : question.multiSelect() ? line.split(",", -1) : new String[] {line}) {
                String text = part.strip();
                if (!text.matches("\\d{1,3}")
                        || Integer.parseInt(text) < 1
                        || Integer.parseInt(text) > question.options().size()) {
                    return List.of(line);
                }
                labels.add(question.options().get(Integer.parseInt(text) - 1).label());
            }
            return labels;
        }
    }
}
