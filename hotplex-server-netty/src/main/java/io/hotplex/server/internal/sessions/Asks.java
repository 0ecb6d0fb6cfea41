package io.hotplex.server.internal.sessions;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Attachment;
import io.hotplex.api.Delivery;
import io.hotplex.api.PermissionAnswer;
import io.hotplex.api.Prompt;
import io.hotplex.api.Session;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.wire.Fields;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads what clients say to a session: prompts, answers, changed settings. */
public final class Asks {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private Asks() {}

    /**
     * The prompt in the fields {@code id, text, instructions, attachments, delivery, timeout_ms, traceparent}.
     *
     * @param request what it came with, or what its connection began with; its trace counts where the fields have none
     */
    public static Prompt prompt(Fields fields, Request request) {
        Prompt.Builder prompt = Prompt.builder(Objects.requireNonNullElse(fields.text("text"), ""));
        String id = fields.text("id");
        if (id != null) {
            prompt.clientId(id);
        }
        String instructions = fields.text("instructions");
        if (instructions != null) {
            prompt.instructions(instructions);
        }
        for (ObjectNode attachment : fields.objects("attachments")) {
            prompt.attach(attachment(attachment));
        }
        String delivery = fields.text("delivery");
        if (delivery != null) {
            prompt.delivery(delivery(fields, delivery));
        }
        Long timeout = fields.number("timeout_ms");
        if (timeout != null) {
            prompt.timeout(Duration.ofMillis(timeout));
        }
        String trace = fields.text("traceparent");
        if (trace != null) {
            prompt.traceparent(trace);
        } else {
            trace(prompt, request);
        }
        return prompt.build();
    }

    /** Gives a prompt the trace of a request; one that is malformed is none, as W3C Trace Context asks. */
    public static void trace(Prompt.Builder prompt, Request request) {
        String header = request.headers().first("traceparent");
        if (header != null && Prompt.isTraceparent(header)) {
            prompt.traceparent(header);
        }
    }

    private static Delivery delivery(Fields fields, String text) {
        for (Delivery delivery : Delivery.values()) {
            if (delivery.name().toLowerCase(Locale.ROOT).equals(text)) {
                return delivery;
            }
        }
        throw fields.wrong("delivery is unknown (expected: queue, steer or interrupt)");
    }

    private static Attachment attachment(ObjectNode json) {
        Fields fields = new Fields(json, "attachment");
        String name = Objects.requireNonNullElse(fields.text("name"), "");
        String mediaType = fields.requiredText("media_type");
        byte[] data;
        try {
            data = Base64.getDecoder().decode(fields.requiredText("data"));
        } catch (IllegalArgumentException e) {
            throw fields.wrong("data is not Base64");
        }
        fields.end();
        return new Attachment(name, mediaType, data);
    }

    /** What somebody says to a request of the agent. */
    public sealed interface Answer {
        /** To a permission request. */
        record Permission(PermissionAnswer answer) implements Answer {}

        /** To a question; no answers decline. */
        record Question(Map<String, List<String>> answers) implements Answer {
            public Question {
                answers = Map.copyOf(answers);
            }
        }
    }

    /** The answer in the fields {@code allow, scope, input, message, interrupt}, or {@code answers}. */
    public static Answer answer(Fields fields) {
        boolean question = fields.any("answers") != null;
        boolean permission = fields.any("allow") != null;
        if (question == permission) {
            throw fields.wrong("either 'allow' (to a permission request) or 'answers' (to a question) is needed");
        }
        if (question) {
            return new Answer.Question(fields.textsMap("answers"));
        }
        String scope = fields.text("scope");
        ObjectNode input = fields.object("input");
        String message = fields.text("message");
        boolean interrupt = fields.flag("interrupt", false);
        if (!fields.flag("allow", false)) {
            return new Answer.Permission(new PermissionAnswer.Deny(message == null ? "denied" : message, interrupt));
        }
        return new Answer.Permission(
                new PermissionAnswer.Allow(scope(fields, scope), input == null ? null : map(input)));
    }

    /**
     * Gives an answer to the request that it is for.
     *
     * @param by who answers, for the record
     */
    static void give(Session session, String request, Answer answer, String by) {
        if (answer instanceof Answer.Permission permission) {
            session.answer(request, permission.answer(), by);
        } else {
            session.answerQuestion(request, ((Answer.Question) answer).answers(), by);
        }
    }

    private static PermissionAnswer.Scope scope(Fields fields, @Nullable String text) {
        if (text == null || text.equals("once")) {
            return PermissionAnswer.Scope.ONCE;
        }
        if (text.equals("session")) {
            return PermissionAnswer.Scope.SESSION;
        }
        if (text.equals("always")) {
            return PermissionAnswer.Scope.ALWAYS;
        }
        throw fields.wrong("scope is unknown (expected: once, session or always)");
    }

    @SuppressWarnings("unchecked") // an object becomes a map of text to JSON values
    private static Map<String, @Nullable Object> map(ObjectNode node) {
        return MAPPER.convertValue(node, HashMap.class);
    }
}
