package io.hotplex.guard.internal.tool;

import io.hotplex.api.GuardFinding;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.spi.GuardConfig;
import io.hotplex.api.spi.ToolCall;
import io.hotplex.api.spi.ToolGuard;
import io.hotplex.guard.internal.places.Place;
import io.hotplex.guard.internal.places.Places;
import io.hotplex.guard.internal.rules.RuleSet;
import io.hotplex.guard.internal.shell.CommandLine;
import io.hotplex.guard.internal.shell.Invocation;
import io.hotplex.guard.internal.shell.Redirect;
import io.hotplex.guard.internal.shell.Word;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Looks at tool calls: at the commands in them, at the files that they name, links resolved, and at the hosts. The
 * strictest of all that is found counts. Thread-safe.
 */
public final class ToolInspector implements ToolGuard {
    private static final Set<String> WRITERS = Set.of(
            "cp",
            "mv",
            "install",
            "ln",
            "rsync",
            "scp",
            "tee",
            "touch",
            "mkdir",
            "dd",
            "truncate",
            "rm",
            "rmdir",
            "unlink",
            "shred",
            "chmod",
            "chown",
            "chgrp",
            "patch",
            "mkfifo",
            "mknod",
            "remove-item",
            "set-content",
            "out-file",
            "new-item",
            "copy-item",
            "move-item",
            "add-content");

    /** Of these the last operand alone is written. */
    private static final Set<String> TO_LAST = Set.of("cp", "install", "ln", "rsync", "scp", "copy-item");

    private static final Set<String> NETWORK = Set.of(
            "curl",
            "wget",
            "ssh",
            "scp",
            "sftp",
            "rsync",
            "nc",
            "ncat",
            "netcat",
            "telnet",
            "ftp",
            "http",
            "https",
            "xh",
            "aria2c",
            "git",
            "invoke-webrequest",
            "invoke-restmethod",
            "socat",
            "ping");

    /** What may be a host among other operands: a name with dots, or an address. */
    private static final Pattern HOST =
            Pattern.compile("(?i)(?:[^@/\\s]+@)?(?:(?:[a-z0-9_-]+\\.)+[a-z0-9-]+|localhost)(?::[0-9]+)?(?:/.*)?");

    /** A repository as ssh names it: {@code user@host:path}. */
    private static final Pattern REMOTE =
            Pattern.compile("(?:[^@/\\s]+@)?[^@/:\\s]+\\.[^@/:\\s]+:[^:].*|[^@/\\s]+@[^:\\s]+:.*");

    /** A plain path that is longer leads nowhere on any system. */
    private static final int LONGEST_PATH = 4096;

    private final Supplier<RuleSet> rules;
    private final GuardConfig config;

    public ToolInspector(Supplier<RuleSet> rules, GuardConfig config) {
        this.rules = rules;
        this.config = config;
    }

    @Override
    public Verdict check(SessionSpec spec, ToolCall call) {
        RuleSet now = rules.get();
        CallParts parts = CallParts.of(call);
        Places places = new Places(spec.workDir(), config.roots());
        Verdict verdict = parts.complete()
                ? Verdict.NONE
                : ask("unreadable-call", "injection", "the call names more than can be looked at: make several of it");
        for (String command : parts.commands()) {
            verdict = verdict.or(command(now, call.tool(), command, parts.powerShell(), places));
        }
        for (String path : parts.paths()) {
            verdict = verdict.or(RuleSet.verdict(now.path(call.tool(), path, parts.writes(), places)))
                    .or(outside(path, parts.writes(), places));
        }
        for (String url : parts.urls()) {
            verdict = verdict.or(host(hostOf(url)));
            if (url.startsWith("file:")) {
                verdict = verdict.or(RuleSet.verdict(now.path(call.tool(), url, false, places)))
                        .or(outside(url, false, places));
            }
        }
        return verdict;
    }

    private Verdict command(RuleSet now, String tool, String command, boolean powerShell, Places places) {
        CommandLine line = powerShell ? CommandLine.ofPowerShell(command) : CommandLine.ofShell(command);
        Verdict verdict = RuleSet.verdict(now.command(tool, line, places));
        if (!line.complete()) {
            verdict = verdict.or(ask(
                    "unreadable-command",
                    "injection",
                    "the command is longer or deeper nested than can be looked at: write it shorter, or as a script"));
        }
        for (Invocation invocation : line.invocations()) {
            verdict = verdict.or(files(invocation, places)).or(hosts(invocation));
        }
        return verdict;
    }

    private Verdict files(Invocation invocation, Places places) {
        Verdict verdict = Verdict.NONE;
        for (Redirect redirect : invocation.redirects()) {
            if (redirect.writes()) {
                verdict = verdict.or(outside(invocation.path(redirect.target().text()), true, places));
            }
        }
        List<String> operands = operands(invocation.arguments());
        boolean writer = WRITERS.contains(invocation.program())
                || invocation.program().equals("sed")
                        && invocation.arguments().stream()
                                .anyMatch(w -> w.text().matches("-[a-zE]*i.*|--in-place.*"));
        boolean last = TO_LAST.contains(invocation.program());
        for (int i = 0; i < operands.size(); i++) {
            boolean written = writer && (!last || i == operands.size() - 1);
            String operand = operands.get(i);
            boolean path = operand.startsWith("/")
                    || operand.startsWith("~")
                    || operand.startsWith("..")
                    || operand.contains("/../")
                    || written && !operand.contains("://");
            if (path && !operand.contains("://")) {
                verdict = verdict.or(outside(invocation.path(operand), written, places));
            }
        }
        return verdict;
    }

    private static List<String> operands(List<Word> arguments) {
        List<String> operands = new ArrayList<>();
        for (Word word : arguments) {
            String text = word.text();
            int equals = text.indexOf('=');
            if (equals > 0 && text.indexOf('/') != 0) {
                operands.add(text.substring(equals + 1));
            } else if (text.length() > 0 && text.charAt(0) != '-') {
                operands.add(text);
            }
        }
        return operands;
    }

    private Verdict outside(String path, boolean write, Places places) {
        Action action = write ? config.outsideWrites() : config.outsideReads();
        int unknown = path.indexOf(Word.UNKNOWN);
        if (action == Action.NONE || path.isEmpty() || unknown == 0) {
            return Verdict.NONE;
        }
        String known = places.plain(unknown < 0 ? path : path.substring(0, unknown));
        if (known.length() > LONGEST_PATH || !places.is(Place.OUTSIDE, known)) {
            return Verdict.NONE;
        }
        String what = write
                ? "writes outside of the work directory: write below it, or ask for the directory to be added (guard-roots)"
                : "reads outside of the work directory (guard-outside-reads)";
        return new Verdict(
                action, new GuardFinding(write ? "outside-write" : "outside-read", "path", "high", what), null);
    }

    // ---- hosts

    private Verdict hosts(Invocation invocation) {
        if (config.hosts().isEmpty()) {
            return Verdict.NONE;
        }
        Verdict verdict = Verdict.NONE;
        boolean network = NETWORK.contains(invocation.program());
        boolean git = invocation.program().equals("git");
        boolean first = true;
        boolean file = false;
        for (Word word : invocation.arguments()) {
            String text = word.text();
            if (text.contains("://")) {
                verdict = verdict.or(host(hostOf(
                        text.substring(Math.max(0, text.lastIndexOf(' ', text.indexOf("://")) + 1)))));
                first = false;
            } else if (network && !text.startsWith("-") && !file) {
                boolean named = git
                        ? REMOTE.matcher(text).matches()
                        : first || HOST.matcher(text).matches();
                first = false;
                if (named) {
                    verdict = verdict.or(host(text.replaceFirst("^[^@]*@", "").replaceFirst("[:/].*$", "")));
                }
            }
            file = text.equals("-o") || text.equals("--output");
        }
        return verdict;
    }

    private Verdict host(@Nullable String host) {
        if (config.hosts().isEmpty()) {
            return Verdict.NONE;
        }
        boolean allowed = host != null && config.hosts().stream().anyMatch(pattern -> isHost(pattern, host));
        return allowed
                ? Verdict.NONE
                : new Verdict(
                        Action.DENY,
                        new GuardFinding(
                                "host-not-allowed",
                                "network",
                                "high",
                                "this host is not one that tools may reach (guard-hosts): use one that is"),
                        null);
    }

    private static boolean isHost(String pattern, String host) {
        String lower = pattern.toLowerCase(Locale.ROOT);
        String name = host.toLowerCase(Locale.ROOT).replaceAll("\\.$", "");
        return lower.startsWith("*.") ? name.endsWith(lower.substring(1)) : name.equals(lower);
    }

    private static @Nullable String hostOf(String url) {
        try {
            URI uri = new URI(url.contains("://") ? url.strip() : "http://" + url.strip());
            String host = uri.getHost();
            return host == null ? null : host.replaceAll("^\\[|\\]$", "");
        } catch (URISyntaxException e) {
            return null;
        }
    }

    private static Verdict ask(String id, String category, String message) {
        return new Verdict(Action.ASK, new GuardFinding(id, category, "high", message), null);
    }
}
