package io.hotplex.testkit.agent;

import io.hotplex.testkit.agent.Conversation.Remark;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** What the demo agent answers. Immutable. */
final class DemoBehaviour implements Behaviour {
    private static final String TOOL = "ListFiles";
    private static final int MAX_NAMES = 50;
    private static final int MAX_ECHO_CHARS = 2_000;
    private static final int MAX_REMARKS = 10;

    private static final String INTRODUCTION = """
            Hello! I am the HotPlex demo agent. There is no model behind me: I am here so that you can see sessions, \
            streaming, tools and permissions work before a real agent is installed.

            """;

    private static final String NEXT_STEPS = """


            To talk to a real agent, install one on the machine that runs HotPlex, log in once, and start HotPlex \
            again. For Claude Code:

                npm install -g @anthropic-ai/claude-code
                claude

            Until then, try one of these:
            - "use a tool": I list the files of the work directory, after you allowed it
            - "think about it": I show my thoughts before I answer
            - "remember that my cat is called Ada", and later "what did I say?"
            - a long text, and interrupt me while I repeat it""";

    private final Duration pace;

    DemoBehaviour(Duration pace) {
        this.pace = pace;
    }

    @Override
    public List<String> tools() {
        return List.of(TOOL);
    }

    @Override
    public void answer(Turn turn) throws TurnAborted {
        String prompt = turn.prompt().strip();
        String wish = prompt.toLowerCase(Locale.ROOT);
        if (wish.contains("think")) {
            turn.think(
                    words("They asked me to think. I have no model to think with, so I count: one, two, three."), pace);
        }
        if (wish.contains("use a tool") || wish.contains("list files") || wish.contains("list the files")) {
            listFiles(turn);
        } else if (wish.contains("what did i say") || wish.contains("what do you remember")) {
            turn.say(words(recall(turn)), pace);
        } else if (wish.startsWith("remember ")) {
            turn.say(words("I will. Ask me \"what did I say?\" whenever you like, even after a restart."), pace);
        } else {
            turn.say(words(echo(turn, prompt)), pace);
        }
    }

    private static String echo(Turn turn, String prompt) {
        String shown = prompt.length() <= MAX_ECHO_CHARS
                ? prompt
                : prompt.substring(0, MAX_ECHO_CHARS) + "… (" + prompt.length() + " characters)";
        String echo = "You said: " + shown;
        boolean first = turn.agent().conversation().remarks().size() <= 1;
        return first
                ? INTRODUCTION + echo + NEXT_STEPS
                : echo + "\n\n(I am the demo agent, without a model. Say \"use a tool\", \"think about it\" or"
                        + " \"what did I say?\", or install a real agent: npm install -g @anthropic-ai/claude-code)";
    }

    private static String recall(Turn turn) {
        List<Remark> remarks = turn.agent().conversation().remarks();
        List<String> said = remarks.subList(0, Math.max(0, remarks.size() - 1)).stream()
                .filter(remark -> remark.role().equals("user"))
                .map(Remark::text)
                .toList();
        if (said.isEmpty()) {
            return "Nothing yet: this is the first thing you say in this session.";
        }
        StringBuilder text = new StringBuilder("In this session you said:");
        for (String remark : said.subList(Math.max(0, said.size() - MAX_REMARKS), said.size())) {
            text.append("\n- ").append(remark);
        }
        return text.toString();
    }

    private void listFiles(Turn turn) throws TurnAborted {
        turn.say(words("I would like to list the names in the work directory."), pace);
        ToolOutput output = turn.call(TOOL, Json.object("path", "."), false, input -> {
            try {
                return new ToolOutput(String.join("\n", namesIn(Path.of(""))), false);
            } catch (IOException e) {
                return new ToolOutput("cannot list the directory: " + e.getMessage(), true);
            }
        });
        String conclusion;
        if (output.isError()) {
            conclusion = "I could not use the tool. The answer was: " + output.text();
        } else if (output.text().isEmpty()) {
            conclusion = "The work directory is empty.";
        } else {
            conclusion = "The work directory contains:\n" + output.text();
        }
        turn.say(words(conclusion), pace);
    }

    private static List<String> namesIn(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory.toAbsolutePath())) {
            for (Path entry : entries) {
                names.add(entry.getFileName() + (Files.isDirectory(entry) ? "/" : ""));
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(names);
        if (names.size() > MAX_NAMES) {
            int more = names.size() - MAX_NAMES;
            names = new ArrayList<>(names.subList(0, MAX_NAMES));
            names.add("… and " + more + " more");
        }
        return names;
    }

    /** Words with the white space behind them, so that put together they are the text again. */
    static List<String> words(String text) {
        return List.of(text.split("(?<=\\s)(?=\\S)", -1));
    }
}
