package io.hotplex.guard;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The 95 patterns of the guard before this one, as expressions of our own for what each was meant to find. They are
 * searched in text, whatever it is; the first that is found blocks.
 */
final class AncestorPatterns {
    private static final List<Pattern> PATTERNS = List.of(
                    // injection: 11
                    "\\$\\([^)]*\\)",
                    "`[^`]+`",
                    "`[^`]*`[^`]*`",
                    "eval\\s+",
                    "exec\\s+",
                    "base64\\s+-d.*\\|\\s*(ba)?sh",
                    "base64\\s+--decode.*\\|\\s*(ba)?sh",
                    "xxd\\s+-r.*\\|\\s*(ba)?sh",
                    "printf\\s+.*\\\\x[0-9a-f]",
                    "\\bod\\s+-",
                    "eval\\s*\\(",
                    // privilege: 6
                    "\\bsudo\\s+",
                    "\\bsu\\s+-?\\w*",
                    "\\bdoas\\s+",
                    "\\bpkexec\\s+",
                    "chmod\\s+[ugo]*\\+s|chmod\\s+[2467]7\\d\\d",
                    "\\bsetcap\\s+",
                    // network: 15
                    "\\bnc\\s+.*-e",
                    "\\bncat\\s+.*-e",
                    "bash\\s+-i",
                    "python\\d?\\s+-c.*socket\\.socket\\(\\)\\.connect",
                    "perl\\s+-e.*socket\\(S",
                    "msfconsole",
                    "msfvenom",
                    "meterpreter",
                    "curl\\s+.*\\|\\s*(ba)?sh\\b",
                    "wget\\s+.*\\|\\s*(ba)?sh\\b",
                    "sh\\s+-c.*curl",
                    "bash\\s+-c.*wget",
                    "curl\\s+.*>\\s*\\S+\\.sh.*&&.*sh",
                    "ssh\\s+.*\\|.*rm\\b",
                    "scp\\s+\\S+\\s+\\S+:/\\s*$",
                    // persistence: 8
                    "crontab\\s+-[er]",
                    "systemctl\\s+enable",
                    "launchctl\\s+load",
                    ">>\\s*~/\\.bashrc",
                    ">>\\s*~/\\.zshrc",
                    ">>\\s*~/\\.profile",
                    "/etc/rc\\.local",
                    "/etc/init\\.d/",
                    // recon: 8
                    "cat\\s+/etc/passwd",
                    "cat\\s+/etc/shadow",
                    "cat\\s+~/\\.ssh/id_rsa",
                    "cat\\s+~/\\.ssh/",
                    "env.*grep.*pass",
                    "printenv",
                    "cat\\s+/proc/\\S*environ",
                    "/etc/sudoers",
                    // container: 7
                    "docker\\s+run.*--privileged",
                    "docker\\s+run.*--net(work)?[= ]host",
                    "docker\\s+run.*-v\\s+/",
                    "kubectl\\s+exec",
                    "chroot\\s+",
                    "unshare\\s+",
                    "nsenter\\s+",
                    // kernel: 4
                    "insmod\\s+",
                    "modprobe\\s+",
                    "rmmod\\s+",
                    "/lib/modules/",
                    // deleting: 9
                    "rm\\s+-rf\\s+/",
                    "rm\\s+-fr\\s+/",
                    "rm\\s+-rf\\s+\\*",
                    "rm\\s+-rf\\s+\\.\\s*$",
                    "rmdir\\s+/",
                    "del\\s+/[fsq]",
                    ">\\s*/[a-z]+",
                    "truncate\\s+-s\\s*0",
                    "rm\\s+-r\\s+/",
                    // the machine: 15
                    "mkfs(\\.\\w+)?\\s+",
                    "dd\\s+if=\\S+\\s+of=/dev/",
                    "wipefs\\s+",
                    ":\\(\\)\\s*\\{\\s*:\\|:&\\s*\\};:",
                    "kill\\s+-9\\s+-1",
                    "pkill\\s+-9",
                    "killall\\s+-9",
                    ">\\s*/dev/sd[a-z]",
                    ">\\s*/dev/nvme",
                    "userdel\\s+",
                    "deluser\\s+",
                    "apt(-get)?\\s+(remove|purge)\\s+.*(sudo|bash|coreutils|systemd)",
                    "yum\\s+(remove|erase)\\s+.*(glibc|bash|systemd)",
                    "fdisk\\s+/dev/",
                    "dd\\s+.*of=/dev/",
                    // permissions: 3
                    "chmod\\s+(-R\\s+)?0?000",
                    "chown\\s+-R\\s+root",
                    "chmod\\s+-R\\s+777\\s+/",
                    // data bases: 5
                    "drop\\s+database",
                    "delete\\s+from\\s+\\w+\\s+where",
                    "truncate\\s+table",
                    "rm\\s+.*\\.db\\b",
                    "rm\\s+.*\\.sqlite\\b",
                    // git: 4
                    "git\\s+reset\\s+--hard",
                    "git\\s+clean\\s+-fd",
                    "git\\s+branch\\s+-D",
                    "rm\\s+-rf\\s+\\.git")
            .stream()
            .map(text -> Pattern.compile(text, Pattern.CASE_INSENSITIVE))
            .toList();

    private AncestorPatterns() {}

    static int count() {
        return PATTERNS.size();
    }

    static boolean blocks(String text) {
        return PATTERNS.stream().anyMatch(pattern -> pattern.matcher(text).find());
    }
}
