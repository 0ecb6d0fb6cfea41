package io.hotplex.core.internal.guard;

import io.hotplex.api.AgentEvent.ToolKind;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.ToolCall;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether two tool calls are the same, without keeping what they say: a hash of the tool and its whole input.
 * Words about a command, which a model makes anew each time, do not count; in other tools a field of that name may be
 * what the tool writes somewhere.
 */
public final class CallPrint {
    private static final String WORDS = "description";

    private CallPrint() {}

    /** The print of a call: 64 hexadecimal digits. */
    public static String of(ToolCall call) {
        Map<String, @Nullable Object> input = new TreeMap<>(call.input());
        if (call.kind() == ToolKind.EXECUTE) {
            input.remove(WORDS);
        }
        StringBuilder text = new StringBuilder(256);
        append(text, call.tool());
        append(text, input);
        return hash(text.toString());
    }

    /**
     * The print of a call with where it runs: {@code ./deploy.sh} is something else in another directory, and a tool of
     * that name may be in another agent.
     */
    public static String in(SessionSpec spec, String print) {
        StringBuilder text = new StringBuilder(256);
        append(text, List.of(String.valueOf(spec.provider()), spec.workDir().toString(), print));
        return hash(text.toString());
    }

    private static String hash(String text) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** Lengths are written too, so that no text can look like another value. */
    private static void append(StringBuilder out, @Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            out.append('{').append(map.size());
            new TreeMap<>(map).forEach((key, item) -> {
                append(out, key);
                append(out, item);
            });
        } else if (value instanceof List<?> list) {
            out.append('[').append(list.size());
            list.forEach(item -> append(out, item));
        } else if (value instanceof String text) {
            out.append('"').append(text.length()).append(':').append(text);
        } else {
            out.append('=').append(value).append(';');
        }
    }
}
