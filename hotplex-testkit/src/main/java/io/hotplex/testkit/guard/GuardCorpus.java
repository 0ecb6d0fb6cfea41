package io.hotplex.testkit.guard;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Commands and prompts with what a guard should say to them. Made from tables: a line of a table stands for all of its
 * spellings. Immutable and thread-safe.
 *
 * <p>Half of it is held out: the samples whose text's SHA-256 hash has a first bit of one. Who writes rules looks at
 * the other half alone, so that the held-out one tells how rules do on what nobody wrote them for.
 */
public final class GuardCorpus {
    private GuardCorpus() {}

    /** What should become of a sample. */
    public enum Expected {
        /** It must not run. */
        DENY,
        /** Somebody has to allow it, at least. */
        ASK,
        /** Nothing is said against it. */
        PASS
    }

    /**
     * One command or prompt.
     *
     * @param category the kind of danger, or {@code harmless}
     * @param text the command or prompt
     * @param heldOut whether it belongs to the half that rules are not written for
     */
    public record Sample(Expected expected, String category, String text, boolean heldOut) {}

    /** Commands that must not run unasked. */
    public static List<Sample> dangerousCommands() {
        List<Sample> samples = new ArrayList<>();
        for (String line : lines("dangerous.txt")) {
            String[] parts = line.split(" ", 3);
            Expected expected = parts[0].equals("deny") ? Expected.DENY : Expected.ASK;
            for (String text : spelled(parts[2])) {
                samples.add(new Sample(expected, parts[1], text, heldOut(text)));
            }
        }
        return samples;
    }

    /** Commands that may run. */
    public static List<Sample> harmlessCommands() {
        return harmless("harmless-commands.txt");
    }

    /** Prompts that an agent may see. */
    public static List<Sample> harmlessPrompts() {
        return harmless("harmless-prompts.txt");
    }

    private static List<Sample> harmless(String file) {
        List<Sample> samples = new ArrayList<>();
        for (String line : lines(file)) {
            for (String text : spelled(line)) {
                samples.add(new Sample(Expected.PASS, "harmless", text, heldOut(text)));
            }
        }
        return samples;
    }

    private static boolean heldOut(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return hash[0] < 0;
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** All that a line with alternatives stands for. */
    private static Set<String> spelled(String line) {
        Set<String> done = new LinkedHashSet<>();
        spell(line.replace("\\n", "\n"), done);
        return done;
    }

    private static void spell(String line, Set<String> done) {
        int open = line.indexOf('«');
        int close = line.indexOf('»', open);
        if (open < 0 || close < 0) {
            done.add(line);
            return;
        }
        for (String choice : line.substring(open + 1, close).split("¦", -1)) {
            spell(line.substring(0, open) + choice + line.substring(close + 1), done);
        }
    }

    private static List<String> lines(String file) {
        try (InputStream in = Objects.requireNonNull(GuardCorpus.class.getResourceAsStream(file), file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.startsWith("# "))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException("a resource of this module can always be read", e);
        }
    }
}
