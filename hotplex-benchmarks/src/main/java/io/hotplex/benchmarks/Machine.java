package io.hotplex.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells where figures were taken. */
final class Machine {
    private Machine() {}

    /** What stays the same during a run: cores, kernel, JDK, and the commit when this is a checkout. */
    static Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("os", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        facts.put("jdk", System.getProperty("java.vendor") + " " + Runtime.version());
        String commit = commit();
        if (commit != null) {
            facts.put("commit", commit);
        }
        return facts;
    }

    /** The load of the last minute, or {@code null} where the system does not tell. */
    static @Nullable Double load() {
        String text = read(Path.of("/proc/loadavg"));
        return text == null ? null : (Double) Double.parseDouble(text.substring(0, text.indexOf(' ')));
    }

    /** Memory of this JVM that is in RAM, in bytes, or {@code null} where the system does not tell. */
    static @Nullable Long residentBytes() {
        String text = read(Path.of("/proc/self/status"));
        if (text == null) {
            return null;
        }
        return text.lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .map(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                .findFirst()
                .orElse(null);
    }

    private static @Nullable String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return null; // not on this system
        }
    }

    private static @Nullable String commit() {
        try {
            Process git = new ProcessBuilder("git", "rev-parse", "--short", "HEAD")
                    .redirectErrorStream(true)
                    .start();
            try (InputStream out = git.getInputStream()) {
                String text = new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
                return git.waitFor() == 0 ? text : null;
            }
        } catch (IOException e) {
            return null; // no git here
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
        }
    }
}
