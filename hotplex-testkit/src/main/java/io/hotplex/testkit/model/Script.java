package io.hotplex.testkit.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What one reply is to be, read from the directives in a prompt; see {@link FakeModelServer}.
 *
 * @param text the prompt without its tool lines, in which the directives are looked up
 * @param tools the tools to call, in order
 */
record Script(String text, List<ToolCall> tools) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Pattern TOOL = Pattern.compile("\\bTOOL\\s+([A-Za-z_][\\w-]*)[ \\t]*([^\\n]*)");
    private static final Pattern ERROR = Pattern.compile("\\bERROR\\s+(\\d{3})(?:\\s+(\\d{1,9}))?\\b");
    private static final int DEFAULT_THOUGHTS = 3;
    private static final int MAX_PIECES = 100_000;
    private static final int MAX_PIECE_BYTES = 32 << 20;

    /** A tool to call. */
    record ToolCall(String name, JsonNode input) {}

    /**
     * An HTTP error.
     *
     * @param times how many attempts fail
     */
    record HttpError(int status, int times) {}

    /** How the stream of a reply breaks. */
    enum Break {
        /** It does not. */
        NONE,
        /** An error event ends it. */
        ERROR_EVENT,
        /** The connection is cut. */
        CUT,
        /** Silence. */
        STALL
    }

    static Script parse(String prompt) {
        List<ToolCall> tools = TOOL.matcher(prompt)
                .results()
                .map(match -> new ToolCall(
                        match.group(1), input(match.group(1), match.group(2).strip())))
                .toList();
        return new Script(TOOL.matcher(prompt).replaceAll(" "), tools);
    }

    /** Pieces of text; a script cannot make the server hold more than {@value #MAX_PIECES}. */
    OptionalInt say() {
        return atMost(MAX_PIECES, number("SAY"));
    }

    /** The size of one piece, at most {@value #MAX_PIECE_BYTES}. */
    OptionalInt big() {
        return atMost(MAX_PIECE_BYTES, number("BIG"));
    }

    OptionalInt thoughts() {
        return has("THINK")
                ? OptionalInt.of(Math.min(MAX_PIECES, number("THINK").orElse(DEFAULT_THOUGHTS)))
                : OptionalInt.empty();
    }

    Duration slow() {
        return Duration.ofMillis(number("SLOW").orElse(0));
    }

    Duration pace() {
        return Duration.ofMillis(number("PACE").orElse(0));
    }

    Optional<String> stopReason() {
        return word("STOP");
    }

    Optional<HttpError> error() {
        Matcher matcher = ERROR.matcher(text);
        if (!matcher.find()) {
            return Optional.empty();
        }
        int times = matcher.group(2) == null ? Integer.MAX_VALUE : Integer.parseInt(matcher.group(2));
        return Optional.of(new HttpError(Integer.parseInt(matcher.group(1)), times));
    }

    OptionalInt retryAfterSeconds() {
        return number("RETRYAFTER");
    }

    Break breaks() {
        if (has("SSEERROR")) {
            return Break.ERROR_EVENT;
        }
        if (has("CUT")) {
            return Break.CUT;
        }
        return has("STALL") ? Break.STALL : Break.NONE;
    }

    String errorEvent() {
        return word("SSEERROR").orElse("overloaded_error");
    }

    /** Whether the reply is a conversation's title, and nothing else. */
    boolean titles() {
        return text.equals(ChatDialect.TITLE_SCRIPT);
    }

    boolean hangs() {
        return has("HANG");
    }

    boolean parallel() {
        return has("PARALLEL");
    }

    /** Whether tools are called although the request does not offer them. */
    boolean forced() {
        return has("FORCE");
    }

    private boolean has(String word) {
        return Pattern.compile("\\b" + word + "\\b").matcher(text).find();
    }

    private OptionalInt number(String word) {
        return first("\\b" + word + "\\s+(\\d{1,9})\\b")
                .map(match -> OptionalInt.of(Integer.parseInt(match.group(1))))
                .orElseGet(OptionalInt::empty);
    }

    private static OptionalInt atMost(int limit, OptionalInt number) {
        return number.isPresent() ? OptionalInt.of(Math.min(limit, number.getAsInt())) : number;
    }

    private Optional<String> word(String word) {
        return first("\\b" + word + "\\s+([a-z_]+)\\b").map(match -> match.group(1));
    }

    private Optional<MatchResult> first(String pattern) {
        return Pattern.compile(pattern).matcher(text).results().findFirst();
    }

    private static JsonNode input(String tool, String rest) {
        if (rest.startsWith("{")) {
            try {
                return MAPPER.readTree(rest);
            } catch (JsonProcessingException e) {
                return object("input", rest); // not JSON after all
            }
        }
        if (tool.equalsIgnoreCase("bash")) {
            return JsonNodeFactory.instance
                    .objectNode()
                    .put("command", rest.isEmpty() ? "true" : rest)
                    .put("description", "scripted command");
        }
        return rest.isEmpty() ? JsonNodeFactory.instance.objectNode() : object("input", rest);
    }

    private static JsonNode object(String key, String value) {
        return JsonNodeFactory.instance.objectNode().put(key, value);
    }
}
