package io.hotplex.server.internal.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** {@code hotplex approvals}: what agents of a gateway wait for people to allow, and answers to it. */
final class ApprovalsCommand {
    static final Set<String> FLAGS = Set.of("--json", "--interrupt", "--debug", "--help");
    static final Set<String> VALUED = Set.of("--url", "--for", "--input", "--message", "--config", "--set");

    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final String APPROVALS = "/v1/approvals";
    private static final String ACTIONS = "list, show ID, allow ID, deny ID, watch, remembered or forget ID";
    private static final int WIDTH = 100;

    private final Surroundings surroundings;
    private final Arguments arguments;
    private final Lane out;
    /** Nobody counts it down; a watch looks each second until its program is ended. */
    private final CountDownLatch end = new CountDownLatch(1);

    ApprovalsCommand(Surroundings surroundings, Arguments arguments, Lane out) {
        this.surroundings = surroundings;
        this.arguments = arguments;
        this.out = out;
    }

    /** Runs it. The result is the exit code. */
    int run() {
        List<String> operands = arguments.operands();
        String action = operands.isEmpty() ? "list" : operands.get(0);
        boolean alone = Set.of("list", "watch", "remembered").contains(action);
        if (!alone && !Set.of("show", "allow", "deny", "forget").contains(action)
                || operands.size() > (alone ? 1 : 2)) {
            throw new UsageException("approvals: expected " + ACTIONS);
        }
        if (!alone && operands.size() < 2) {
            throw new UsageException("approvals " + action + " needs an id");
        }
        GatewayCalls gateway = GatewayCalls.to(
                arguments.one("--url"), Configured.settings(arguments, surroundings), surroundings.environment());
        switch (action) {
            case "list" -> waiting(gateway).forEach(this::line);
            case "watch" -> watch(gateway);
            case "show" -> show(find(gateway, operands.get(1)));
            case "allow" -> answer(gateway, operands.get(1), allow());
            case "deny" -> answer(gateway, operands.get(1), deny());
            case "remembered" ->
                gateway.get(APPROVALS + "/remembered").path("remembered").forEach(this::remembered);
            default -> {
                gateway.delete(APPROVALS + "/remembered/" + GatewayCalls.part(operands.get(1)));
                out.line("forgotten");
            }
        }
        return ExitCode.OK;
    }

    private static List<JsonNode> waiting(GatewayCalls gateway) {
        List<JsonNode> waiting = new ArrayList<>();
        gateway.get(APPROVALS).path("approvals").forEach(waiting::add);
        return waiting;
    }

    /** Shows what comes, each once, for as long as the program runs. */
    private void watch(GatewayCalls gateway) {
        Set<String> shown = new HashSet<>();
        try {
            do {
                for (JsonNode request : waiting(gateway)) {
                    if (shown.add(request.path("session").asText() + " " + id(request))) {
                        line(request);
                    }
                }
            } while (!end.await(1, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The request with this id, or the only one whose id begins so. */
    private static JsonNode find(GatewayCalls gateway, String id) {
        List<JsonNode> found = waiting(gateway).stream()
                .filter(request -> id(request).startsWith(id))
                .toList();
        List<JsonNode> exact =
                found.stream().filter(request -> id(request).equals(id)).toList();
        List<JsonNode> meant = exact.isEmpty() ? found : exact;
        if (meant.size() != 1) {
            throw new HotPlexException(
                    ErrorCode.REQUEST_NOT_FOUND,
                    meant.isEmpty()
                            ? "nothing with this id waits for an answer: list what does"
                            : meant.size() + " ids begin so: give more of it");
        }
        return meant.get(0);
    }

    private void answer(GatewayCalls gateway, String id, ObjectNode answer) {
        JsonNode request = find(gateway, id);
        if (!request.path("type").asText().equals("permission_requested")) {
            throw new UsageException("that is a question, which needs words: answer it in its session");
        }
        gateway.post(
                "/v1/sessions/" + GatewayCalls.part(request.path("session").asText()) + "/requests/"
                        + GatewayCalls.part(id(request)),
                answer);
        out.line(answer.path("allow").asBoolean() ? "allowed" : "denied");
    }

    private ObjectNode allow() {
        if (arguments.has("--message") || arguments.has("--interrupt")) {
            throw new UsageException("--message and --interrupt are for deny");
        }
        String scope = Objects.requireNonNullElse(arguments.one("--for"), "once");
        ObjectNode answer = MAPPER.createObjectNode().put("allow", true).put("scope", scope);
        String input = arguments.one("--input");
        if (input != null) {
            answer.set("input", object(input));
        }
        return answer;
    }

    private static JsonNode object(String text) {
        try {
            JsonNode input = MAPPER.readTree(text);
            if (input.isObject()) {
                return input;
            }
        } catch (JsonProcessingException e) {
            // said below
        }
        throw new UsageException("--input: not a JSON object");
    }

    private ObjectNode deny() {
        if (arguments.has("--for") || arguments.has("--input")) {
            throw new UsageException("--for and --input are for allow");
        }
        ObjectNode answer = MAPPER.createObjectNode().put("allow", false);
        String message = arguments.one("--message");
        return (message == null ? answer : answer.put("message", message))
                .put("interrupt", arguments.has("--interrupt"));
    }

    // ---- what is shown

    private static String id(JsonNode request) {
        return request.path("data").path("request_id").asText();
    }

    private void line(JsonNode request) {
        if (arguments.has("--json")) {
            out.line(request.toString());
            return;
        }
        JsonNode data = request.path("data");
        String what = request.path("type").asText().equals("permission_requested")
                ? data.path("tool_name").asText() + " " + summary(data.path("input"))
                : "asks: " + data.path("questions").path(0).path("question").asText();
        out.line(String.format(
                Locale.ROOT,
                "%-36s %-20s %s",
                clean(id(request)),
                clean(request.path("session").asText()),
                Style.oneLine(clean(what), WIDTH)));
    }

    private void show(JsonNode request) {
        if (arguments.has("--json")) {
            out.line(request.toString());
            return;
        }
        JsonNode data = request.path("data");
        field("request", id(request));
        field("session", request.path("session").asText());
        field("tool", data.path("tool_name").asText(null));
        field("why", data.path("description").asText(null));
        field("expires", data.path("expires_at").asText(null));
        JsonNode finding = data.path("finding");
        if (finding.isObject()) {
            field(
                    "rule",
                    finding.path("rule_id").asText() + " ("
                            + finding.path("category").asText() + ", "
                            + finding.path("level").asText() + "): "
                            + finding.path("message").asText());
        }
        data.path("input").properties().forEach(entry -> field("  " + entry.getKey(), text(entry.getValue())));
        data.path("questions")
                .forEach(question -> field("question", question.path("question").asText()));
    }

    private void field(String name, @Nullable String value) {
        if (value != null && !value.isEmpty()) {
            out.line(String.format(Locale.ROOT, "%-10s %s", clean(name), Style.harmless(value)));
        }
    }

    private void remembered(JsonNode approval) {
        out.line(
                arguments.has("--json")
                        ? approval.toString()
                        : clean(approval.path("id").asText()) + " "
                                + clean(approval.path("tool").asText()) + " by "
                                + clean(approval.path("by").asText()) + ", "
                                + approval.path("at").asText());
    }

    private static String summary(JsonNode input) {
        for (String key : List.of("command", "file_path", "path", "url", "query")) {
            if (input.path(key).isTextual()) {
                return input.path(key).asText();
            }
        }
        return input.toString();
    }

    private static String text(JsonNode value) {
        return value.isTextual() ? value.asText() : value.toString();
    }

    private static String clean(String text) {
        return Style.harmless(text);
    }
}
