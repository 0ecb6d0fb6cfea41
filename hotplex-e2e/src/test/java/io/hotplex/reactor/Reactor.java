package io.hotplex.reactor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** The modules of this build, read from its project files. Immutable. */
public final class Reactor {
    private static final Path ROOT = Path.of(Objects.requireNonNull(System.getProperty("hotplex.root"), "hotplex.root"))
            .toAbsolutePath();

    private Reactor() {}

    /**
     * A module.
     *
     * @param directory where it lies
     */
    public record Module(String name, Path directory) {
        /** Its project file as it is written. */
        public Pom pom() {
            return Pom.read(directory.resolve("pom.xml"));
        }

        /** Its project file as it is published. */
        public Pom publishedPom() {
            return Pom.read(directory.resolve(".flattened-pom.xml"));
        }

        /** Where its classes are compiled to. */
        public Path classes() {
            return directory.resolve("target/classes");
        }
    }

    public static Path root() {
        return ROOT;
    }

    public static List<Module> modules() {
        return Pom.read(ROOT.resolve("pom.xml")).modules().stream()
                .map(name -> new Module(name, ROOT.resolve(name)))
                .toList();
    }

    public static Module module(String name) {
        return modules().stream().filter(m -> m.name().equals(name)).findFirst().orElseThrow();
    }

    /** The modules that are published and have code. */
    public static List<Module> libraries() {
        return modules().stream()
                .filter(module -> module.pom().published()
                        && Files.isDirectory(module.directory().resolve("src/main/java")))
                .toList();
    }
}
