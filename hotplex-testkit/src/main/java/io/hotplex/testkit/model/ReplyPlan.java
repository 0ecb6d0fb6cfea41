package io.hotplex.testkit.model;

import com.fasterxml.jackson.databind.JsonNode;
import io.hotplex.testkit.model.Script.ToolCall;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The content of one reply.
 *
 * @param blocks in order
 * @param stopReason as the API names it
 */
record ReplyPlan(List<Block> blocks, String stopReason) {
    private static final int QUOTED_CHARS = 500;
    private static final int ECHOED_CHARS = 2_000;
    private static final int TOOL_OVERHEAD_TOKENS = 20;

    /** One block of the content. */
    sealed interface Block {}

    /** Text or thinking, in the pieces in which it is streamed. */
    record Pieces(boolean thinking, List<String> pieces) implements Block {}

    /** A tool call. */
    record ToolUse(String name, JsonNode input) implements Block {}

    static ReplyPlan of(Script script, AskedConversation asked, Set<String> offeredTools) {
        List<Block> blocks = new ArrayList<>();
        int done = asked.toolResults().size();
        if (script.thoughts().isPresent() && done == 0) {
            blocks.add(new Pieces(true, numbered("think", script.thoughts().getAsInt())));
        }
        List<ToolCall> usable = script.tools().stream()
                .filter(tool -> script.forced() || offeredTools.contains(tool.name()))
                .toList();
        if (done < usable.size()) {
            List<ToolCall> next = usable.subList(done, script.parallel() ? usable.size() : done + 1);
            String names = next.stream().map(ToolCall::name).collect(Collectors.joining(", "));
            blocks.add(new Pieces(false, List.of("Running ", names, ".")));
            next.forEach(tool -> blocks.add(new ToolUse(tool.name(), tool.input())));
            return new ReplyPlan(List.copyOf(blocks), "tool_use");
        }
        blocks.add(new Pieces(false, text(script, asked, !usable.isEmpty())));
        return new ReplyPlan(List.copyOf(blocks), script.stopReason().orElse("end_turn"));
    }

    int outputTokens() {
        int tokens = 0;
        for (Block block : blocks) {
            if (block instanceof ToolUse tool) {
                tokens += UsageMeter.tokens(tool.input().toString()) + TOOL_OVERHEAD_TOKENS;
            } else if (block instanceof Pieces text) {
                tokens += text.pieces().size();
            }
        }
        return Math.max(1, tokens);
    }

    private static List<String> text(Script script, AskedConversation asked, boolean toolsRan) {
        if (script.titles()) {
            return List.of("Fake title");
        }
        if (script.big().isPresent()) {
            return List.of("x".repeat(script.big().getAsInt()));
        }
        if (script.say().isPresent()) {
            return numbered("w", script.say().getAsInt());
        }
        if (toolsRan && !asked.toolResults().isEmpty()) {
            return quote(asked.toolResults().get(asked.toolResults().size() - 1));
        }
        String prompt = asked.prompt();
        List<String> echo = new ArrayList<>();
        echo.add("Echo: ");
        echo.add(
                prompt.length() <= ECHOED_CHARS
                        ? prompt
                        : prompt.substring(0, 200) + "... (" + prompt.length() + " chars)");
        if (asked.images() > 0) {
            echo.add(" [" + asked.images() + " image(s)]");
        }
        return echo;
    }

    private static List<String> quote(JsonNode toolResult) {
        String text = AskedConversation.blocks(toolResult).stream()
                .map(block -> block.path("text").asText("[" + block.path("type").asText() + "]"))
                .collect(Collectors.joining());
        return List.of(
                "Tool ",
                toolResult.path("is_error").asBoolean() ? "failed: " : "said: ",
                text.substring(0, Math.min(QUOTED_CHARS, text.length())));
    }

    private static List<String> numbered(String word, int count) {
        return IntStream.rangeClosed(1, count).mapToObj(i -> word + i + " ").toList();
    }
}
