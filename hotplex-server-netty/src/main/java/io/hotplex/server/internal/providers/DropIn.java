package io.hotplex.server.internal.providers;

import io.hotplex.api.spi.AgentProviderFactory;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.jar.JarFile;
import org.jspecify.annotations.Nullable;

/**
 * One entry of a directory for providers: a jar, or a directory of jars that belong together. Its class loader stays
 * open as long as the program runs.
 *
 * @param jars sorted by name
 */
record DropIn(Path origin, List<Path> jars) {
    private static final String SERVICE = "META-INF/services/" + AgentProviderFactory.class.getName();

    /** What is in a directory, sorted by name; nothing when there is no such directory. */
    static List<DropIn> in(Path directory) throws IOException {
        List<DropIn> found = new ArrayList<>();
        if (!Files.isDirectory(directory)) {
            return found;
        }
        for (Path entry : list(directory)) {
            List<Path> jars = Files.isDirectory(entry) ? jars(entry) : isJar(entry) ? List.of(entry) : List.of();
            if (!jars.isEmpty()) {
                found.add(new DropIn(entry, jars));
            }
        }
        return found;
    }

    private static List<Path> jars(Path directory) throws IOException {
        return list(directory).stream().filter(DropIn::isJar).toList();
    }

    private static boolean isJar(Path file) {
        return file.getFileName().toString().endsWith(".jar") && !Files.isDirectory(file);
    }

    private static List<Path> list(Path directory) throws IOException {
        List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        entries.sort(null);
        return entries;
    }

    /**
     * Its types of providers.
     *
     * @throws BrokenException saying why it has none
     */
    @SuppressWarnings("resource") // the class loader of one that works has to stay open
    List<ProviderType> load() throws BrokenException {
        for (Path jar : jars) {
            try (JarFile opened = new JarFile(jar.toFile())) {
                opened.getManifest(); // a class loader would pass over what is no jar, in silence
            } catch (IOException | SecurityException e) {
                throw new BrokenException(jar.getFileName() + " cannot be read as a jar (" + e.getMessage() + ")", e);
            }
        }
        IsolatedClassLoader loader =
                new IsolatedClassLoader(origin.getFileName().toString(), urls());
        try {
            return types(loader);
        } catch (BrokenException e) {
            try {
                loader.close();
            } catch (IOException alsoFailed) {
                e.addSuppressed(alsoFailed);
            }
            throw e;
        }
    }

    @SuppressWarnings("IllegalCatch") // a stranger's code
    private List<ProviderType> types(ClassLoader loader) throws BrokenException {
        List<ProviderType> types = new ArrayList<>();
        try {
            for (AgentProviderFactory factory : ServiceLoader.load(AgentProviderFactory.class, loader)) {
                if (!factory.type().matches("[a-z0-9][a-z0-9-]{0,62}")) {
                    throw new BrokenException(
                            "its type is named '" + factory.type() + "' (expected: lower case letters, digits, dashes)",
                            null);
                }
                types.add(ProviderType.of(factory, origin));
            }
        } catch (RuntimeException | ServiceConfigurationError | LinkageError e) {
            throw new BrokenException("it cannot be loaded: " + cause(e), e);
        }
        if (types.isEmpty()) {
            throw new BrokenException("it names no provider (expected: a class in " + SERVICE + ")", null);
        }
        return types;
    }

    private URL[] urls() {
        return jars.stream()
                .map(jar -> {
                    try {
                        return jar.toUri().toURL();
                    } catch (MalformedURLException e) {
                        throw new IllegalStateException("a file always has a URL", e);
                    }
                })
                .toArray(URL[]::new);
    }

    /** The first cause says what is missing; what is around it tells only who looked. */
    private static String cause(Throwable error) {
        Throwable cause = error;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause instanceof ServiceConfigurationError ? String.valueOf(cause.getMessage()) : cause.toString();
    }

    /** Why a drop-in cannot be used. */
    static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
