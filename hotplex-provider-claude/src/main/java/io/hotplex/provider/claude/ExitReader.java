package io.hotplex.provider.claude;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.ExitStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Why a process ended, read from its last words. Immutable. */
final class ExitReader {
    private static final int MAX_LINES = 5;
    private static final int MAX_LINE = 300;
    /** Claude prints frames of its own source, stack traces and diagnostics; they tell users nothing. */
    private static final Pattern SOURCE =
            Pattern.compile("^\\s*(\\d+ \\|.*|\\[claude-code:.*|\\|.*|\\^+|at .+|Bun v.*|Node\\.js v.*)");

    private static final Pattern FRAME_IN_LINE = Pattern.compile("\\d+ \\| .*");
    private static final Pattern SECRET = Pattern.compile("sk-[A-Za-z0-9_-]{8,}");
    private static final Pattern REFUSAL = Pattern.compile(
            "^(Error: |error: |--dangerously-skip-permissions cannot|Invalid (settings|MCP|API)|Settings file ).*");

    private ExitReader() {}

    /**
     * @param wasReady whether the process ever answered; one that did has accepted its arguments
     * @param unknownSession whether a result said that there is nothing to resume
     */
    static ExitVerdict verdict(ExitStatus exit, List<String> stderrTail, boolean wasReady, boolean unknownSession) {
        List<String> lines = readable(stderrTail);
        if (unknownSession || any(lines, "No conversation found with session ID")) {
            return new ExitVerdict(ExitKind.SESSION_NOT_FOUND, ErrorCode.SESSION_NOT_FOUND, null);
        }
        if (!wasReady && any(lines, "Session ID ") && any(lines, "is already in use")) {
            return new ExitVerdict(ExitKind.SESSION_ID_TAKEN, ErrorCode.SESSION_IN_USE, null);
        }
        Integer code = exit.code();
        String refusal = refusal(lines);
        if (!wasReady && code != null && code != 0 && refusal != null) {
            ErrorCode why = authentication(refusal) ? ErrorCode.AUTHENTICATION_FAILED : ErrorCode.AGENT_START_FAILED;
            return new ExitVerdict(ExitKind.REFUSED, why, refusal);
        }
        if (lines.isEmpty()) {
            return ExitVerdict.CRASHED;
        }
        List<String> last = lines.subList(Math.max(0, lines.size() - MAX_LINES), lines.size());
        String message = String.join("\n", last);
        ErrorCode why = authentication(message) ? ErrorCode.AUTHENTICATION_FAILED : ErrorCode.AGENT_CRASHED;
        return new ExitVerdict(ExitKind.CRASH, why, message);
    }

    /** The lines that are meant for people: no source, no empty ones, none too long, no keys. */
    private static List<String> readable(List<String> stderrTail) {
        List<String> lines = new ArrayList<>();
        for (String raw : stderrTail) {
            String line = FRAME_IN_LINE.matcher(raw.strip()).replaceFirst("…");
            if (!line.isEmpty() && !SOURCE.matcher(raw).matches()) {
                String masked = SECRET.matcher(line).replaceAll("sk-…");
                lines.add(masked.length() <= MAX_LINE ? masked : masked.substring(0, MAX_LINE) + "…");
            }
        }
        return lines;
    }

    private static boolean any(List<String> lines, String part) {
        return lines.stream().anyMatch(line -> line.contains(part));
    }

    private static @Nullable String refusal(List<String> lines) {
        return lines.stream()
                .filter(line -> REFUSAL.matcher(line).matches())
                .findFirst()
                .orElse(null);
    }

    private static boolean authentication(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return lower.contains("invalid api key")
                || lower.contains("not logged in")
                || lower.contains("please run /login");
    }
}
