package io.hotplex.server.internal.cli;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/**
 * What {@code hotplex run} was asked.
 *
 * @param json whether events are written instead of text
 */
record RunOptions(Arguments arguments, String prompt, boolean promptFromInput, boolean json) {
    private static final Set<String> FLAGS = Set.of("--json", "--debug", "--help");
    private static final Set<String> VALUED = Set.of(
            "--provider",
            "--session",
            "--work-dir",
            "--model",
            "--permission-mode",
            "--allowed-tools",
            "--config",
            "--set");
    private static final String FROM_INPUT = "-";
    private static final int RANDOM_ID_LENGTH = 8;

    /** Takes the options apart; reads the prompt from standard input when it is {@code -}. */
    static RunOptions parse(List<String> line, Surroundings surroundings) {
        Arguments arguments = Arguments.parse(line, FLAGS, VALUED);
        boolean json = arguments.has("--json");
        if (arguments.has("--help")) {
            return new RunOptions(arguments, "", false, json);
        }
        if (arguments.operands().isEmpty()) {
            throw new UsageException(
                    "the prompt is missing: hotplex run \"say hello\", or - to read it from standard input");
        }
        boolean fromInput = arguments.operands().equals(List.of(FROM_INPUT));
        String prompt = fromInput ? readPrompt(surroundings) : String.join(" ", arguments.operands());
        return new RunOptions(arguments, prompt, fromInput, json);
    }

    private static String readPrompt(Surroundings surroundings) {
        try {
            byte[] bytes = surroundings.in().readAllBytes();
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new HotPlexException(ErrorCode.INVALID_ARGUMENT, "the prompt on standard input is not UTF-8", e);
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.INVALID_ARGUMENT, "standard input cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * The session that is asked for, served by a provider.
     *
     * @throws HotPlexException SESSION_ID_INVALID and the like
     */
    SessionSpec spec(String provider, Path directory) {
        String session = arguments.one("--session");
        String workDir = arguments.one("--work-dir");
        Path where = workDir == null ? directory : Paths.resolve(directory, workDir, "--work-dir");
        return SessionSpec.builder(session == null ? randomId() : session, where)
                .provider(provider)
                .model(arguments.one("--model"))
                .permissionMode(arguments.one("--permission-mode"))
                .tools(new ToolRules(null, allowedTools(), List.of()))
                .build();
    }

    private static String randomId() {
        return "run-" + UUID.randomUUID().toString().substring(0, RANDOM_ID_LENGTH);
    }

    private List<String> allowedTools() {
        List<String> tools = new ArrayList<>();
        arguments.all("--allowed-tools").forEach(list -> split(list, tools));
        return tools;
    }

    /** Splits at commas that are not inside of parentheses: {@code Read,Bash(git log:*, git diff:*)} has two items. */
    private static void split(String list, List<String> items) {
        int depth = 0;
        int start = 0;
        for (int i = 0; i <= list.length(); i++) {
            char c = i == list.length() ? ',' : list.charAt(i);
            depth += c == '(' ? 1 : c == ')' ? -1 : 0;
            if (c == ',' && (depth <= 0 || i == list.length())) {
                String item = list.substring(start, i).strip();
                if (!item.isEmpty()) {
                    items.add(item);
                }
                start = i + 1;
            }
        }
        if (depth > 0) {
            throw new UsageException("--allowed-tools " + list + ": a parenthesis is not closed");
        }
    }
}
