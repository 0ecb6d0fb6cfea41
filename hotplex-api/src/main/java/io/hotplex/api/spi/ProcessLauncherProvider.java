package io.hotplex.api.spi;

/** Makes the process launcher; found with {@link java.util.ServiceLoader}. Thread-safe. */
public interface ProcessLauncherProvider {
    /**
     * Opens a launcher that fits this machine.
     *
     * @throws io.hotplex.api.HotPlexException CONFIG_INVALID or NOT_SUPPORTED when the wanted kind cannot work here
     */
    ProcessLauncher open(LauncherConfig config);
}
