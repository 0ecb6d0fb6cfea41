package io.hotplex.consumer;

import io.hotplex.reactor.Pom;
import io.hotplex.reactor.Reactor;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Follows dependencies the way a consumer's build does, without asking anybody: our own modules by the project files
 * that are published, others by the project files that lie beside their jars. The jars are those that this JVM runs
 * with, since the consumer is to get what was built and tested.
 */
final class Jars {
    private Jars() {}

    /**
     * Names and files of everything that the modules need to run, the modules included. A file is absent when the
     * module was compiled but not packaged.
     */
    static Map<String, Optional<Path>> closure(List<String> modules) {
        Map<String, Optional<Path>> found = new LinkedHashMap<>();
        Deque<Open> open = new ArrayDeque<>();
        modules.forEach(module -> open.add(new Open(module, Set.of())));
        while (!open.isEmpty()) {
            Open next = open.remove();
            if (!found.containsKey(next.name)) {
                Optional<Path> jar = jar(next.name);
                found.put(next.name, jar);
                needs(next.name, jar).stream()
                        .filter(dependency -> !next.excluded.contains(dependency.artifactId()))
                        .forEach(dependency -> open.add(next.of(dependency)));
            }
        }
        return found;
    }

    /** What is to be looked at, and what whoever asked for it does not want with it. */
    private record Open(String name, Set<String> excluded) {
        Open of(Pom.Dependency dependency) {
            Set<String> all = new HashSet<>(excluded);
            all.addAll(dependency.excluded());
            return new Open(dependency.artifactId(), Set.copyOf(all));
        }
    }

    /** The direct dependencies that a consumer gets with a module or library. */
    private static List<Pom.Dependency> needs(String name, Optional<Path> jar) {
        return pom(name, jar).dependencies().stream()
                .filter(Pom.Dependency::transitive)
                .toList();
    }

    private static Pom pom(String name, Optional<Path> jar) {
        if (Reactor.modules().stream().anyMatch(module -> module.name().equals(name))) {
            return Reactor.module(name).publishedPom();
        }
        Path file = jar.orElseThrow(() -> new AssertionError(name + " is not on the class path"));
        Path pom = file.resolveSibling(file.getFileName().toString().replaceFirst("\\.jar$", ".pom"));
        if (!Files.exists(pom)) {
            throw new AssertionError("no project file beside " + file.getFileName());
        }
        return Pom.read(pom);
    }

    static Optional<Path> jar(String name) {
        Pattern file = Pattern.compile(Pattern.quote(name) + "-\\d[^/]*\\.jar");
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(Path::of)
                .filter(path -> path.getFileName() != null
                        && file.matcher(path.getFileName().toString()).matches())
                .findFirst();
    }

    static String path(Stream<Path> entries) {
        return entries.map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    }
}
