package io.hotplex.e2e;

import io.hotplex.testkit.agent.InstalledAgents;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * What {@code npm ci} installs into this module. It runs once per JVM, and only when the directory does not come from
 * the lock file as it is now. Install scripts stay off: the packages of the platforms hold the programs ready to run.
 */
public final class NodeModules {
    private static final long INSTALL_MINUTES = 10;

    private final Path modules;

    private NodeModules(Path modules) {
        this.modules = modules;
    }

    public static NodeModules installed() {
        return Holder.INSTANCE;
    }

    /** The directory that the packages were installed for. */
    public Path module() {
        return Objects.requireNonNull(modules.getParent());
    }

    /** The directory that the packages are in. */
    public Path packages() {
        return modules;
    }

    /** The programs of agents among them. */
    public InstalledAgents agents() {
        return InstalledAgents.in(modules);
    }

    /** Installs while the class is initialized, so that it happens once, and only for those who ask. */
    private static final class Holder {
        static final NodeModules INSTANCE = install(Path.of("").toAbsolutePath());
    }

    private static NodeModules install(Path module) {
        Path modules = module.resolve("node_modules");
        Path stamp = modules.resolve(".installed-lock.json");
        String lock = read(module.resolve("package-lock.json"));
        if (Files.exists(stamp) && read(stamp).equals(lock)) {
            return new NodeModules(modules);
        }
        try {
            Path log = Files.createTempFile("npm-ci", ".log");
            Process npm = new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
                    .directory(module.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile())
                    .start();
            npm.getOutputStream().close();
            boolean ended = npm.waitFor(INSTALL_MINUTES, TimeUnit.MINUTES);
            npm.destroyForcibly();
            if (!ended || npm.exitValue() != 0) {
                throw new IllegalStateException("npm ci failed:\n" + read(log));
            }
            Files.delete(log);
            Files.writeString(stamp, lock);
            return new NodeModules(modules);
        } catch (IOException e) {
            throw new UncheckedIOException("npm ci: Node.js with npm is needed for the end-to-end tests", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while npm ran", e);
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
