package io.hotplex.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.spi.AgentProviderFactory;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/** Builds the jar of a provider that somebody else wrote, from its sources, against the API alone. */
public final class DropInJar {
    private static final List<String> SOURCES = List.of("acme/Words.java", "acme/ParrotFactory.java");

    private DropInJar() {}

    /** The jar of the type {@code parrot}, complete. */
    public static Path parrot(Path jar) throws IOException {
        return parrot(jar, "2.1.0", text -> text);
    }

    /** The same with another version, and its sources changed. */
    public static Path parrot(Path jar, String version, UnaryOperator<String> change) throws IOException {
        Path classes = compile(change);
        Files.createDirectories(Objects.requireNonNull(jar.getParent()));
        write(jar, classes, version, List.of("acme/"), "acme.ParrotFactory");
        return jar;
    }

    /** The classes, compiled with nothing of HotPlex in sight but its API. */
    public static Path compile(UnaryOperator<String> change) throws IOException {
        Path directory = Files.createTempDirectory(
                Files.createDirectories(Path.of("target").toAbsolutePath()), "drop-in");
        List<String> arguments = new ArrayList<>(List.of("-proc:none", "--release", "17", "-cp", api(), "-d"));
        arguments.add(Files.createDirectory(directory.resolve("classes")).toString());
        for (String source : SOURCES) {
            Path copy = directory.resolve(source);
            Files.createDirectories(copy.getParent());
            arguments.add(Files.writeString(copy, change.apply(read(source))).toString());
        }
        assertThat(ToolProvider.getSystemJavaCompiler().run(null, null, null, arguments.toArray(String[]::new)))
                .as("the provider compiles")
                .isZero();
        return directory.resolve("classes");
    }

    /**
     * @param prefixes which of the classes go into it
     * @param factory what it names as a provider; empty names none
     */
    public static void write(Path jar, Path classes, String version, List<String> prefixes, String factory)
            throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, version);
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest);
                Stream<Path> all = Files.walk(classes)) {
            for (Path path : all.filter(Files::isRegularFile).sorted().toList()) {
                String name = classes.relativize(path).toString();
                if (prefixes.stream().anyMatch(name::startsWith)) {
                    out.putNextEntry(new JarEntry(name));
                    Files.copy(path, out);
                }
            }
            if (!factory.isEmpty()) {
                out.putNextEntry(new JarEntry("META-INF/services/" + AgentProviderFactory.class.getName()));
                out.write(factory.getBytes(StandardCharsets.UTF_8));
            }
        }
    }

    private static String api() {
        return Path.of(AgentProviderFactory.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .getPath())
                .toString();
    }

    private static String read(String source) throws IOException {
        try (var stream = Objects.requireNonNull(DropInJar.class.getResourceAsStream("/dropin/" + source), source)) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
