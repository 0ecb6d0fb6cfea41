package io.hotplex.guard.internal.prompt;

import io.hotplex.api.Attachment;
import io.hotplex.api.Prompt;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.PromptGuard;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.guard.internal.match.TextPatterns;
import io.hotplex.guard.internal.places.Places;
import io.hotplex.guard.internal.rules.Rule;
import io.hotplex.guard.internal.rules.RuleSet;
import io.hotplex.guard.internal.shell.CommandLine;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks at prompts: at their text, their instructions, and the text and names of what is attached. It blocks characters
 * that nobody sees or that turn text around, what rules for prompts find, and a prompt that is nothing but a command
 * which no tool call may run. Prose about commands passes: what is dangerous is looked at where it would run.
 *
 * <p>Thread-safe. One pass over each text, and another where it has characters that are made plain first.
 */
public final class PromptScan implements PromptGuard {
    /** Longer ones are no command that somebody typed. */
    private static final int MAX_COMMAND = 400;
    /** What is looked at of one attached text; the agent is not given more of it at once either. */
    private static final int MAX_ATTACHED = 1 << 20;

    /** How far a flag's letters may be from it. */
    private static final int FLAG = 16;

    /** What people type around a command; short texts only are compared with it. */
    private static final Pattern AROUND =
            Pattern.compile("(?i)(?:please )?(?:(?:run|execute|exec|do)[: ]+)?(?:[$#>%] +)?`*([^`]+)`*");

    private static final Pattern PROSE = Pattern.compile("[A-Za-z,.'?!]{3,}");

    private final Supplier<RuleSet> rules;

    public PromptScan(Supplier<RuleSet> rules) {
        this.rules = rules;
    }

    @Override
    public Decision check(SessionSpec spec, Prompt prompt) {
        RuleSet now = rules.get();
        Decision.@Nullable Block block = text(now, prompt.text());
        if (block == null && prompt.instructions() != null) {
            block = text(now, prompt.instructions());
        }
        for (Attachment attachment : prompt.attachments()) {
            block = block == null ? text(now, attachment.name()) : block;
            if (block == null && attachment.mediaType().startsWith("text/")) {
                byte[] data = attachment.data();
                int length = Math.min(data.length, MAX_ATTACHED);
                block = text(now, new String(data, 0, length, StandardCharsets.UTF_8));
            }
        }
        block = block == null ? command(now, spec, prompt.text()) : block;
        return block == null ? Decision.ALLOW : block;
    }

    private static Decision.@Nullable Block text(RuleSet rules, String text) {
        TextPatterns patterns = rules.prompts();
        TextPatterns.Scan scan = patterns.new Scan(text);
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c < ' ' || c >= 0x7F) {
                Decision.Block hidden = hidden(text, c, i);
                if (hidden != null) {
                    return hidden;
                }
                if (Plain.changes(c)) {
                    return plain(rules, text, i);
                }
            }
            scan.take(c, i);
        }
        return found(rules, scan);
    }

    /** Some characters look like others, or like nothing: the text is looked at as people read it. */
    private static Decision.@Nullable Block plain(RuleSet rules, String text, int from) {
        StringBuilder plain = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            Decision.Block hidden = i < from || c >= ' ' && c < 0x7F ? null : hidden(text, c, i);
            if (hidden != null) {
                return hidden;
            }
            Plain.append(c, plain);
        }
        TextPatterns.Scan scan = rules.prompts().new Scan(plain);
        for (int i = 0; i < plain.length(); i++) {
            scan.take(plain.charAt(i), i);
        }
        return found(rules, scan);
    }

    private static Decision.@Nullable Block found(RuleSet rules, TextPatterns.Scan scan) {
        return scan.found() < 0 ? null : block(rules.prompt(scan.found()));
    }

    private static Decision.@Nullable Block block(Rule rule) {
        return rule.action() != Action.DENY // nobody can be asked about a prompt, and it needs no permission
                ? null
                : new Decision.Block(
                        rule.id(),
                        rule.finding().category(),
                        rule.finding().level(),
                        rule.finding().message(),
                        rule.suggestions());
    }

    private static Decision.@Nullable Block hidden(String text, char c, int at) {
        if (c == 0) {
            return hidden("null_byte", "critical", "the prompt has a NUL character: remove it");
        }
        if (c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && !(c == 0x1B && colour(text, at))
                || c >= 0x7F && c < 0xA0 && c != 0x85) {
            return hidden("control_char", "high", "the prompt has control characters: remove them");
        }
        if (c == '\u202D' || c == '\u202E') {
            return hidden("bidi_override", "high", "the prompt has characters that turn the text around: remove them");
        }
        if (c == '\uDB40' && tag(text, at)) {
            return hidden("invisible_text", "high", "the prompt has text that nobody can see: remove it");
        }
        return null;
    }

    private static Decision.Block hidden(String id, String level, String message) {
        return new Decision.Block(
                id, "injection", level, message, List.of("type the text again, or paste it as plain text"));
    }

    /** Colours of a terminal, as in a log that somebody pastes: ESC [ digits m. */
    private static boolean colour(String text, int at) {
        int i = at + 1;
        if (i >= text.length() || text.charAt(i) != '[') {
            return false;
        }
        for (i++; i < text.length() && i - at < 24; i++) {
            char c = text.charAt(i);
            if (c != ';' && !(c >= '0' && c <= '9')) {
                return c == 'm' || c == 'K';
            }
        }
        return false;
    }

    /** Letters of the plane of tags; behind a black flag they make the flag of a country. */
    private static boolean tag(String text, int at) {
        boolean isTag = at + 1 < text.length() && text.charAt(at + 1) >= '\uDC00' && text.charAt(at + 1) <= '\uDC7F';
        return isTag && text.substring(Math.max(0, at - FLAG), at).indexOf("\uD83C\uDFF4") < 0;
    }

    /** A prompt that is one line, with nothing in it but a command. */
    private static Decision.@Nullable Block command(RuleSet rules, SessionSpec spec, String text) {
        String line = text.strip();
        if (line.length() > MAX_COMMAND || line.isEmpty() || line.indexOf('\n') >= 0) {
            return null;
        }
        Matcher around = AROUND.matcher(line);
        String bare = around.matches() ? around.group(1) : line;
        int end = bare.indexOf(' ');
        if (!rules.knows(end < 0 ? bare : bare.substring(0, end))) {
            return null; // most prompts
        }
        CommandLine read = CommandLine.ofShell(bare);
        boolean prose = read.invocations().stream()
                .flatMap(i -> i.arguments().stream())
                .anyMatch(word -> PROSE.matcher(word.text()).matches());
        if (prose || bare.indexOf('`') >= 0 || bare.endsWith("?") || bare.endsWith("!")) {
            return null;
        }
        Optional<Rule> rule = rules.command("Bash", read, new Places(spec.workDir(), List.of()));
        return rule.filter(r -> r.action() == Action.DENY && r.finding().level().equals("critical"))
                .map(PromptScan::block)
                .orElse(null);
    }
}
