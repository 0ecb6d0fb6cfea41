package io.hotplex.guard.internal.places;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Tells what kinds of place a path is, for one work directory. Paths are made plain first: {@code .} and {@code ..} are
 * gone, {@code ~} is a home directory. Looks at the file system only to resolve links. Thread-safe; for one call, since
 * links change.
 */
public final class Places {
    private static final Set<String> SYSTEM = Set.of(
            "etc",
            "usr",
            "bin",
            "sbin",
            "lib",
            "lib32",
            "lib64",
            "libx32",
            "boot",
            "sys",
            "proc",
            "dev",
            "opt",
            "var",
            "srv",
            "System",
            "Library",
            "Applications",
            "private",
            "cores");

    private static final Set<String> STARTUP_FILES = Set.of(
            ".bashrc",
            ".bash_profile",
            ".bash_login",
            ".bash_logout",
            ".profile",
            ".zshrc",
            ".zprofile",
            ".zshenv",
            ".zlogin",
            ".cshrc",
            ".tcshrc",
            ".kshrc",
            ".xprofile",
            ".xinitrc",
            ".xsession",
            ".inputrc",
            ".pam_environment");

    private static final List<String> STARTUP = List.of(
            "/etc/profile",
            "/etc/bash.bashrc",
            "/etc/bashrc",
            "/etc/zsh",
            "/etc/zshrc",
            "/etc/rc.",
            "/etc/rc",
            "/etc/init.d",
            "/etc/cron",
            "/etc/anacrontab",
            "/etc/at.",
            "/var/spool/cron",
            "/etc/systemd",
            "/lib/systemd",
            "/usr/lib/systemd",
            "/etc/inittab",
            "/etc/ld.so",
            "/etc/xdg/autostart",
            "/etc/update-motd.d",
            "/etc/environment",
            "/etc/pam.d",
            "/Library/LaunchAgents",
            "/Library/LaunchDaemons",
            "/etc/udev",
            "/etc/modules",
            "/etc/modprobe.d");

    private static final List<String> HOME_STARTUP = List.of(
            ".config/autostart",
            ".config/systemd",
            ".config/fish",
            "Library/LaunchAgents",
            ".ssh/authorized_keys",
            ".ssh/rc",
            ".ssh/environment",
            ".config/environment.d",
            ".local/share/systemd");

    private static final List<String> SECRETS = List.of(
            "/etc/shadow",
            "/etc/gshadow",
            "/etc/master.passwd",
            "/etc/sudoers",
            "/etc/ssh/ssh_host_",
            "/etc/ssl/private",
            "/etc/krb5.keytab",
            "/run/secrets",
            "/var/run/secrets",
            "/etc/security/opasswd");

    private static final List<String> HOME_SECRETS = List.of(
            ".ssh/id_",
            ".ssh/identity",
            ".aws/credentials",
            ".aws/config",
            ".config/gcloud",
            ".azure",
            ".kube/config",
            ".docker/config.json",
            ".netrc",
            "_netrc",
            ".pgpass",
            ".my.cnf",
            ".git-credentials",
            ".config/git/credentials",
            ".gnupg",
            ".password-store",
            ".config/gh/hosts.yml",
            ".npmrc",
            ".pypirc",
            ".cargo/credentials",
            ".vault-token",
            ".config/op",
            ".local/share/keyrings",
            "Library/Keychains",
            ".mozilla/firefox",
            ".config/google-chrome",
            ".config/chromium",
            ".hotplex/token",
            ".claude/.credentials.json",
            ".local/share/opencode/auth.json",
            ".terraform.d/credentials",
            ".m2/settings-security.xml",
            ".gem/credentials",
            ".bash_history",
            ".zsh_history");

    private static final List<String> NO_DEVICES = List.of(
            "null", "zero", "full", "random", "urandom", "stdin", "stdout", "stderr", "tty", "fd", "shm", "pts", "ptmx",
            "console");

    private static final List<String> TEMPORARY =
            List.of("/tmp", "/var/tmp", "/private/tmp", "/var/folders", "/dev/shm");

    /** Kinds of places that links do not hide. */
    private static final Set<Place> BY_ANY_NAME = EnumSet.of(
            Place.SECRET, Place.USERS, Place.STARTUP, Place.KERNEL, Place.SOCKET, Place.PROCESS, Place.DEVICE);

    /** How many links are followed; as many as Linux does. */
    private static final int MAX_LINKS = 40;

    /** Many rules ask about one path, and there are not many paths in a call. */
    private static final int MOST_TARGETS = 256;

    private final String workDir;
    private final List<String> roots;
    /** Where paths lead: links are looked at once, while one call is decided on. */
    private final Map<String, String> targets = new ConcurrentHashMap<>();

    /**
     * @param workDir absolute
     * @param roots where tools may write besides
     */
    public Places(Path workDir, List<Path> roots) {
        this.workDir = workDir.toString();
        this.roots = roots.stream().map(root -> resolved(root.toString())).toList();
    }

    /** A path as it would be without detours: absolute, or beginning with {@code ~}. */
    public String plain(String path) {
        String text = path.startsWith("file://") ? path.substring("file://".length()) : path;
        boolean home = text.equals("~") || text.startsWith("~");
        boolean windows = text.length() > 1 && text.charAt(1) == ':' && Character.isLetter(text.charAt(0));
        String slashed = windows ? text.replace('\\', '/') : text;
        String base = home || windows || slashed.startsWith("/") ? slashed : workDir + "/" + slashed;
        Deque<String> parts = new ArrayDeque<>();
        for (String part : base.split("/+", -1)) {
            if (part.equals("..")) {
                boolean top = parts.size() == (home || windows ? 1 : 0);
                if (!top) {
                    parts.removeLast();
                } else if (home && parts.size() == 1) {
                    parts.clear();
                    parts.add("");
                    parts.add("home"); // what is above a home directory
                    home = false;
                }
            } else if (!part.isEmpty() && !part.equals(".")) {
                parts.add(part);
            }
        }
        String joined = String.join("/", parts);
        return home || windows ? joined : "/" + (joined.startsWith("/") ? joined.substring(1) : joined);
    }

    /**
     * Whether a path, made plain, is a kind of place, or leads to one whose files are not to be opened by another name.
     */
    public boolean is(Place place, String path) {
        if (path.isEmpty()) {
            return false;
        }
        String plain = plain(path);
        if (isPlain(place, plain)) {
            return true;
        }
        if (!BY_ANY_NAME.contains(place)) {
            return false;
        }
        String file = targets.get(plain);
        if (file == null) {
            file = target(plain);
            if (targets.size() < MOST_TARGETS) {
                targets.put(plain, file);
            }
        }
        return !file.equals(plain) && isPlain(place, file);
    }

    /**
     * Where a path leads, as far as it is there; itself, when nobody can tell, when it begins with {@code ~}, and when
     * it is a stream of whoever opens it.
     */
    private static String target(String plain) {
        if (!plain.startsWith("/") || plain.startsWith("/dev/fd/") || plain.startsWith("/dev/std")) {
            return plain;
        }
        String real = resolved(plain);
        return real.equals("/") ? plain : real;
    }

    private boolean isPlain(Place place, String plain) {
        return switch (place) {
            case ROOT -> root(plain);
            case HOME -> home(plain);
            case SYSTEM -> system(plain);
            case TOP -> system(plain) && plain.indexOf('/', 1) < 0 || top(plain);
            case DEVICE -> device(plain);
            case ABOVE -> above(plain) && !root(plain);
            case WORK -> plain.equals(workDir) || plain.equals(workDir + "/*") || plain.equals(workDir + "/.*");
            case OUTSIDE -> outside(plain);
            case SECRET -> secret(plain);
            case USERS -> plain.equals("/etc/passwd") || plain.equals("/etc/group");
            case STARTUP -> startup(plain);
            case GIT -> plain.endsWith("/.git") || plain.contains("/.git/");
            case KERNEL ->
                under(plain, "/proc/sys")
                        || under(plain, "/sys")
                        || plain.startsWith("/proc/sysrq")
                        || under(plain, "/lib/modules")
                        || under(plain, "/usr/lib/modules")
                        || plain.equals("/dev/mem")
                        || plain.equals("/dev/kmem")
                        || plain.equals("/proc/kcore");
            case SOCKET ->
                plain.endsWith("/docker.sock")
                        || plain.endsWith("/containerd.sock")
                        || plain.endsWith("/podman.sock")
                        || plain.endsWith("/crio.sock");
            case NETWORK -> plain.startsWith("/dev/tcp/") || plain.startsWith("/dev/udp/");
            case PROCESS -> plain.matches("/proc/[^/]+/(environ|mem|maps|fd/.*|root(/.*)?)");
        };
    }

    private static boolean root(String plain) {
        return plain.equals("/")
                || plain.equals("/*")
                || plain.matches("/[*?.\\[\\]{}]+")
                || plain.matches("[A-Za-z]:(/[*.]*)?");
    }

    private static boolean home(String plain) {
        return plain.matches("~[A-Za-z0-9_-]*(/[*.]+)?")
                || plain.matches("/(home|Users)(/[^/]+)?(/[*.]+)?")
                || plain.matches("/root(/[*.]+)?")
                || plain.matches("(?i)[A-Z]:/Users(/[^/]+)?(/[*.]+)?");
    }

    private static boolean system(String plain) {
        if (plain.matches("(?i)[A-Z]:/(Windows|Program Files( \\(x86\\))?|ProgramData)(/.*)?")) {
            return true;
        }
        if (!plain.startsWith("/")) {
            return false;
        }
        int end = plain.indexOf('/', 1);
        String first = end < 0 ? plain.substring(1) : plain.substring(1, end);
        return SYSTEM.contains(first)
                && TEMPORARY.stream().noneMatch(t -> under(plain, t))
                && !(first.equals("dev") && !device(plain) && end > 0);
    }

    /** As {@code /usr/*}. */
    private static boolean top(String plain) {
        int end = plain.indexOf('/', 1);
        return end > 0 && plain.substring(end).matches("/[*.]+") && system(plain.substring(0, end));
    }

    private static boolean device(String plain) {
        if (!plain.startsWith("/dev/")) {
            return plain.startsWith("//./physicaldrive");
        }
        String name = plain.substring("/dev/".length());
        int slash = name.indexOf('/');
        String first = slash < 0 ? name : name.substring(0, slash);
        return !NO_DEVICES.contains(first) && !first.startsWith("tty") && !first.equals("tcp") && !first.equals("udp");
    }

    private boolean above(String plain) {
        String directory = plain.endsWith("/*") ? plain.substring(0, plain.length() - 2) : plain;
        return workDir.startsWith(directory + "/") || directory.equals("/");
    }

    private boolean outside(String plain) {
        if (plain.startsWith("/dev/") && !device(plain) || plain.indexOf('\u0001') == 0) {
            return false;
        }
        if (plain.startsWith("~")) {
            return true;
        }
        String real = resolved(plain);
        return !under(real, resolved(workDir))
                && roots.stream().noneMatch(root -> under(real, root))
                && TEMPORARY.stream().noneMatch(temporary -> under(real, temporary));
    }

    private static boolean secret(String plain) {
        if (SECRETS.stream().anyMatch(secret -> plain.startsWith(secret) || matchesGlob(plain, secret))) {
            return true;
        }
        String below = belowHome(plain);
        if (below.isEmpty() || below.endsWith(".pub")) {
            return false;
        }
        if (below.matches("\\.ssh(/[*?.]*)?") || below.matches("\\.(aws|gnupg|kube|docker)(/\\*)?")) {
            return true;
        }
        return HOME_SECRETS.stream().anyMatch(secret -> below.startsWith(secret) || matchesGlob(below, secret));
    }

    /** Whether a pattern of a shell could mean a file; only where it has such characters. */
    private static boolean matchesGlob(String pattern, String file) {
        if (pattern.indexOf('*') < 0 && pattern.indexOf('?') < 0 && pattern.indexOf('[') < 0) {
            return false;
        }
        return pattern.length() <= 256 && Globs.matches(pattern, file);
    }

    private static boolean startup(String plain) {
        if (STARTUP.stream().anyMatch(plain::startsWith)) {
            return true;
        }
        String below = belowHome(plain);
        return STARTUP_FILES.contains(below) || HOME_STARTUP.stream().anyMatch(below::startsWith);
    }

    /** The part of a path below a home directory; empty when it is in none. */
    private static String belowHome(String plain) {
        List<String> parts = new ArrayList<>(List.of(plain.split("/", -1)));
        if (plain.startsWith("~") && parts.size() > 1) {
            return String.join("/", parts.subList(1, parts.size()));
        }
        if (plain.startsWith("/root/")) {
            return plain.substring("/root/".length());
        }
        boolean home = plain.startsWith("/home/") || plain.startsWith("/Users/");
        return home && parts.size() > 3 ? String.join("/", parts.subList(3, parts.size())) : "";
    }

    private static boolean under(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory.endsWith("/") ? directory : directory + "/");
    }

    /** The path with its links resolved, as far as it is there; what is not there yet stays as it is. */
    private static String resolved(String text) {
        try {
            Path path = Path.of(text);
            for (int links = 0; links < MAX_LINKS; links++) {
                Path there = path;
                while (there != null && !Files.exists(there, LinkOption.NOFOLLOW_LINKS)) {
                    there = there.getParent();
                }
                if (there == null) {
                    return path.normalize().toString();
                }
                Path rest = there.relativize(path);
                if (!Files.exists(there)) { // a link to nowhere: writing makes what it points to
                    path = there.resolveSibling(Files.readSymbolicLink(there))
                            .resolve(rest)
                            .normalize();
                    continue;
                }
                return there.toRealPath().resolve(rest).normalize().toString();
            }
            return "/"; // links without end lead nowhere that anybody may write to
        } catch (InvalidPathException | IOException | SecurityException e) {
            return "/";
        }
    }
}
