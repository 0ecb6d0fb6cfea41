package io.hotplex.server.internal.providers;

import io.hotplex.api.spi.EventHookFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The types of hooks that were dropped in as jars. Immutable.
 *
 * @param factories those of the installation first
 * @param broken what cannot be used, and why; it never keeps the others from working
 */
public record HookTypes(List<EventHookFactory> factories, List<ProviderTypes.Broken> broken) {
    private static final String DIRECTORY = "hook-types";

    public HookTypes {
        factories = List.copyOf(factories);
        broken = List.copyOf(broken);
    }

    /**
     * Looks in the directory {@code hook-types} of the installation, and in that of the state directory.
     *
     * @param state one that is missing has nothing
     */
    public static HookTypes find(Path state) {
        Map<String, EventHookFactory> byName = new LinkedHashMap<>();
        List<ProviderTypes.Broken> broken = new ArrayList<>();
        Path own = ProviderTypes.installation();
        List<Path> directories = own == null ? List.of(state) : List.of(own, state);
        for (Path parent : directories) {
            Path directory = parent.resolve(DIRECTORY).toAbsolutePath();
            try {
                DropIn.in(directory).forEach(dropIn -> add(dropIn, byName, broken));
            } catch (IOException e) {
                broken.add(new ProviderTypes.Broken(directory, "the directory cannot be read: " + e.getMessage()));
            }
        }
        return new HookTypes(new ArrayList<>(byName.values()), broken);
    }

    private static void add(DropIn dropIn, Map<String, EventHookFactory> byName, List<ProviderTypes.Broken> broken) {
        try {
            for (EventHookFactory factory : dropIn.load(EventHookFactory.class, found -> {
                var unused = DropIn.checkName(found.type());
                return found;
            })) {
                byName.putIfAbsent(factory.type(), factory);
            }
        } catch (DropIn.BrokenException e) {
            broken.add(new ProviderTypes.Broken(dropIn.origin(), String.valueOf(e.getMessage())));
        }
    }
}
