package io.hotplex.testkit.agent;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The programs of real agents in a directory {@code node_modules}. Immutable; looks at each call.
 *
 * <p>npm puts what is native into packages of their own, one for each platform. What the packages of the agents have as
 * their commands is a stand-in, which only an installation with scripts replaces; so it is not looked at.
 */
public final class InstalledAgents {
    private static final String SCOPE = "@anthropic-ai";
    private static final Pattern VERSION = Pattern.compile("\"version\": *\"([^\"]+)\"");

    private final Path modules;

    private InstalledAgents(Path modules) {
        this.modules = modules;
    }

    /** @param modules a directory {@code node_modules}, which need not be there */
    public static InstalledAgents in(Path modules) {
        return new InstalledAgents(modules);
    }

    /** The programs of all versions of Claude Code for this platform, the oldest first. */
    public List<Path> claudes() {
        return found().map(Claude::program).toList();
    }

    /** The program of one version of Claude Code for this platform. */
    public Optional<Path> claude(String version) {
        return found().filter(one -> one.version().toString().equals(version))
                .map(Claude::program)
                .findFirst();
    }

    /** The program of OpenCode for Linux on x64, built so that it runs on every processor of the kind. */
    public Optional<Path> openCode() {
        return Optional.of(modules.resolve("opencode-linux-x64-baseline/bin/opencode"))
                .filter(Files::isExecutable);
    }

    private record Claude(Version version, Path program) {}

    /** Two versions cannot both lie at the top, so that they are looked for below other packages as well. */
    private Stream<Claude> found() {
        List<Path> scopes = new ArrayList<>(List.of(modules.resolve(SCOPE)));
        entries(modules).forEach(each -> scopes.add(each.resolve("node_modules").resolve(SCOPE)));
        return scopes.stream()
                .flatMap(scope -> entries(scope).stream())
                .flatMap(each -> at(each).stream())
                .sorted(Comparator.comparing(Claude::version));
    }

    private static Optional<Claude> at(Path directory) {
        Path program = directory.resolve("claude");
        if (!Files.isExecutable(program)) {
            return Optional.empty();
        }
        try {
            Matcher version = VERSION.matcher(Files.readString(directory.resolve("package.json")));
            return version.find()
                    ? Optional.of(new Claude(Version.parse(version.group(1)), program))
                    : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Path> entries(Path directory) {
        if (!Files.isDirectory(directory)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
