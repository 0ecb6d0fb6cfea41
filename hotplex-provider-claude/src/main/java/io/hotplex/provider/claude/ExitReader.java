package io.hotplex.provider.claude;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.spi.AgentProtocol.ExitKind;
import io.hotplex.api.spi.AgentProtocol.ExitVerdict;
import io.hotplex.api.spi.ExitStatus;
import io.hotplex.api.spi.LaunchRequest;
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

    private static final Pattern FRAME_IN_LINE = Pattern.compile("(?<!\\d)\\d+ \\| .*");
    private static final String MASKED = "<masked>";
    /**
     * What looks like a credential: by the name that it is given, or by its own form. Nothing is matched in front of
     * what gives it away, and names are bounded: a long line would else be read again from each of its characters.
     */
    private static final List<Pattern> SECRETS = List.of(
            Pattern.compile(
                    "(?i)((?:key|token|secret|password|passwd|credential|authorization)[\\w-]{0,64}[\"']?\\s{0,8}[=:]\\s{0,8})"
                            + "(?!bearer\\b|basic\\b)[\"']?[^\\s\"',;&]+[\"']?"),
            Pattern.compile("(?i)\\b((?:bearer|basic)\\s+)[\\w.~+/=-]{8,}"),
            Pattern.compile(
                    "()\\b(?:sk-[\\w-]{8,}|gh[pousr]_\\w{16,}|github_pat_\\w{16,}|xox[abp]-[\\w-]{8,}|AKIA\\w{12,}"
                            + "|eyJ[\\w-]{8,}\\.[\\w.-]+)"),
            Pattern.compile("(://[^\\s/:@]{0,256}:)[^\\s/@]{1,1024}(?=@)"));

    private static final String NOTHING_TO_RESUME = "No conversation found with session ID";
    private static final Pattern ID_TAKEN = Pattern.compile("(Error: )?Session ID \\S+ is already in use\\.?");
    private static final String AS_ROOT = "--dangerously-skip-permissions cannot be used with root";
    private static final String HINT = " (HotPlex asks for it because of allow-permission-bypass=true: run as another"
            + " user, set environment.IS_SANDBOX=1 if this machine is a sandbox, or drop the setting)";
    private static final Pattern REFUSAL = Pattern.compile(
            "^(Error: |error: |--dangerously-skip-permissions cannot|Invalid (settings|MCP|API)|Settings file ).*");

    private ExitReader() {}

    /**
     * What is known of the process beside its exit.
     *
     * @param mode what it was started for
     * @param wasReady whether it ever answered; one that did has accepted its arguments
     * @param conversed whether it opened its conversation; what it writes then, hooks and tools may have written
     * @param unknownSession whether a result said that there is nothing to resume
     */
    record Life(LaunchRequest.Mode mode, boolean wasReady, boolean conversed, boolean unknownSession) {}

    /** Whether these words, of a process that has not opened its conversation, say that there is none to continue. */
    static boolean nothingToResume(LaunchRequest.Mode mode, String words) {
        return mode != LaunchRequest.Mode.NEW && words.startsWith(NOTHING_TO_RESUME);
    }

    static ExitVerdict verdict(ExitStatus exit, List<String> stderrTail, Life life) {
        List<String> lines = readable(stderrTail);
        if (life.unknownSession()
                || !life.conversed() && lines.stream().anyMatch(line -> nothingToResume(life.mode(), line))) {
            return new ExitVerdict(ExitKind.SESSION_NOT_FOUND, ErrorCode.SESSION_NOT_FOUND, null);
        }
        if (life.mode() != LaunchRequest.Mode.RESUME
                && !life.conversed()
                && lines.stream().anyMatch(line -> ID_TAKEN.matcher(line).matches())) {
            return new ExitVerdict(ExitKind.SESSION_ID_TAKEN, ErrorCode.SESSION_IN_USE, null);
        }
        Integer code = exit.code();
        String refusal = refusal(lines);
        if (!life.wasReady() && code != null && code != 0 && refusal != null) {
            ErrorCode why = authentication(refusal) ? ErrorCode.AUTHENTICATION_FAILED : ErrorCode.AGENT_START_FAILED;
            return new ExitVerdict(ExitKind.REFUSED, why, refusal + (refusal.startsWith(AS_ROOT) ? HINT : ""));
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
                String masked = masked(line);
                lines.add(masked.length() <= MAX_LINE ? masked : masked.substring(0, MAX_LINE) + "…");
            }
        }
        return lines;
    }

    private static String masked(String line) {
        String masked = line;
        for (Pattern secret : SECRETS) {
            masked = secret.matcher(masked).replaceAll("$1" + MASKED);
        }
        return masked;
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
