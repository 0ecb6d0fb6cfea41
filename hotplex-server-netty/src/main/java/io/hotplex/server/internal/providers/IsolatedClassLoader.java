package io.hotplex.server.internal.providers;

import io.hotplex.api.spi.AgentProviderFactory;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.Enumeration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Loads the classes of one dropped-in provider or hook: its own libraries and the JDK's, and nothing of ours but the
 * API that both sides have to agree on, and the logging interface. So a provider may bring any version of any library,
 * and ours can change without breaking one. Thread-safe.
 */
final class IsolatedClassLoader extends URLClassLoader {
    static {
        registerAsParallelCapable();
    }

    /** Ours first: were these loaded twice, a provider would implement another interface of the same name. */
    private static final List<String> SHARED = List.of("io.hotplex.api.", "org.slf4j.");

    private static final ClassLoader OURS = AgentProviderFactory.class.getClassLoader();

    IsolatedClassLoader(String name, URL[] jars) {
        super("drop-in " + name, jars, ClassLoader.getPlatformClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        return SHARED.stream().anyMatch(name::startsWith) ? OURS.loadClass(name) : super.loadClass(name, resolve);
    }

    /** Of these jars alone: services that the JDK names are not the provider's. */
    @Override
    public Enumeration<URL> getResources(String name) throws IOException {
        return findResources(name);
    }

    @Override
    public @Nullable URL getResource(String name) {
        return findResource(name);
    }
}
