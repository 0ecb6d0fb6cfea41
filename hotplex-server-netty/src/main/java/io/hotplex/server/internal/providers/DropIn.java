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
 * One entry of a directory for providers or hooks: a jar, or a directory of jars that belong together. Its class loader
 * stays open as long as the program runs.
 *
 * @param jars sorted by name
 */
record DropIn(Path origin, List<Path> jars) {
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
     * What it provides of a service, tried.
     *
     * @param take makes a type of a service; what it throws says why the service cannot be used
     * @throws BrokenException saying why it provides none
     */
    @SuppressWarnings("resource") // the class loader of one that works has to stay open
    <S, T> List<T> load(Class<S> service, Taking<S, T> take) throws BrokenException {
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
            return types(loader, service, take);
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
    private static <S, T> List<T> types(ClassLoader loader, Class<S> service, Taking<S, T> take)
            throws BrokenException {
        List<T> types = new ArrayList<>();
        try {
            for (S found : ServiceLoader.load(service, loader)) {
                types.add(take.take(found));
            }
        } catch (RuntimeException | ServiceConfigurationError | LinkageError e) {
            throw new BrokenException("it cannot be loaded: " + cause(e), e);
        }
        if (types.isEmpty()) {
            throw new BrokenException(
                    "it names no " + (service == AgentProviderFactory.class ? "provider" : "hook")
                            + " (expected: a class in META-INF/services/" + service.getName() + ")",
                    null);
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

    /** @throws BrokenException when a type must not be named so */
    static String checkName(String type) throws BrokenException {
        if (!type.matches("[a-z0-9][a-z0-9-]{0,62}")) {
            throw new BrokenException(
                    "its type is named '" + type + "' (expected: lower case letters, digits, dashes)", null);
        }
        return type;
    }

    /** Makes a type of what a jar provides. */
    @FunctionalInterface
    interface Taking<S, T> {
        T take(S service) throws BrokenException;
    }

    /** Why a drop-in cannot be used. */
    static final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenException(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
