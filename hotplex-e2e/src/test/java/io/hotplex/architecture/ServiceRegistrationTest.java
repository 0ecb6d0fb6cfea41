package io.hotplex.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.reactor.Reactor;
import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A service that is named in one place only is found on the module path or on the class path, but not on both. */
class ServiceRegistrationTest {
    static Stream<String> libraries() {
        return Reactor.libraries().stream().map(Reactor.Module::name);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("libraries")
    void servicesAreNamedAlikeForModulePathAndClassPath(String library) throws IOException {
        Path classes = Reactor.module(library).classes();
        assertThat(byModule(classes)).isEqualTo(byFile(classes));
    }

    @Test
    void thereAreServices() throws IOException {
        assertThat(byModule(Reactor.module("hotplex-os").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.ProcessLauncherProvider");
        assertThat(byModule(Reactor.module("hotplex-provider-claude").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.AgentProviderFactory");
        assertThat(byModule(Reactor.module("hotplex-guard").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.GuardProvider");
        assertThat(byModule(Reactor.module("hotplex-provider-opencode").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.AgentProviderFactory");
        assertThat(byModule(Reactor.module("hotplex-journal-jdbc").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.JournalProvider");
        assertThat(byModule(Reactor.module("hotplex-hooks").classes()))
                .containsOnlyKeys("io.hotplex.api.spi.EventHookFactory");
    }

    private static Map<String, List<String>> byModule(Path classes) {
        ModuleDescriptor descriptor =
                ModuleFinder.of(classes).findAll().iterator().next().descriptor();
        Map<String, List<String>> services = new TreeMap<>();
        descriptor
                .provides()
                .forEach(p -> services.put(
                        p.service(), p.providers().stream().sorted().toList()));
        return services;
    }

    private static Map<String, List<String>> byFile(Path classes) throws IOException {
        Map<String, List<String>> services = new TreeMap<>();
        Path directory = classes.resolve("META-INF/services");
        if (Files.isDirectory(directory)) {
            try (Stream<Path> files = Files.list(directory)) {
                for (Path file : files.toList()) {
                    services.put(
                            file.getFileName().toString(),
                            Files.readAllLines(file).stream()
                                    .map(line -> line.replaceFirst("#.*", "").strip())
                                    .filter(line -> !line.isEmpty())
                                    .sorted()
                                    .toList());
                }
            }
        }
        return services;
    }
}
