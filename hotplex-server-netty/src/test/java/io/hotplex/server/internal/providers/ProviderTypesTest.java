package io.hotplex.server.internal.providers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.AgentProviderFactory;
import io.hotplex.server.DropInJar;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Providers that were dropped in as jars; what breaks stays alone. */
class ProviderTypesTest {
    @TempDir
    Path directory;

    @Test
    void findsAJarAndTellsItsVersionAndOrigin() throws IOException {
        Path jar = DropInJar.parrot(directory.resolve("parrot-2.1.0.jar"));

        ProviderTypes found = ProviderTypes.find(List.of(directory));

        assertThat(found.broken()).isEmpty();
        assertThat(found.types())
                .extracting(ProviderType::name, ProviderType::describe)
                .contains(tuple("parrot", "2.1.0, " + jar));
        assertThat(found.types())
                .filteredOn(type -> type.name().equals("claude"))
                .extracting(ProviderType::describe)
                .singleElement()
                .asString()
                .endsWith(", built in");
        assertThat(found.droppedIn()).extracting(AgentProviderFactory::type).containsExactly("parrot");
        assertThat(found.factory("parrot").getClass().getName()).isEqualTo("acme.ParrotFactory");
    }

    @Test
    void findsADirectoryOfJarsThatBelongTogether() throws IOException {
        Path classes = DropInJar.compile(text -> text);
        Path together = Files.createDirectories(directory.resolve("parrot"));
        DropInJar.write(together.resolve("a-library.jar"), classes, "9", List.of("acme/Words"), "");
        DropInJar.write(together.resolve("parrot.jar"), classes, "3", List.of("acme/Parrot"), "acme.ParrotFactory");

        ProviderTypes found = ProviderTypes.find(List.of(directory));

        assertThat(found.broken()).isEmpty();
        assertThat(found.types()).anySatisfy(type -> assertThat(type.describe()).isEqualTo("3, " + together));
    }

    @Test
    void providersSeeTheApiAndTheirOwnLibrariesAndNothingElse() throws Exception {
        DropInJar.parrot(directory.resolve("one.jar"));
        DropInJar.parrot(
                directory.resolve("two.jar"),
                "1",
                text -> text.replace("\"parrot\"", "\"other\"").replace("good day", "good night"));

        ProviderTypes found = ProviderTypes.find(List.of(directory));
        ClassLoader one = found.factory("parrot").getClass().getClassLoader();
        ClassLoader two = found.factory("other").getClass().getClassLoader();

        assertThat(one.loadClass("acme.Words")).isNotEqualTo(two.loadClass("acme.Words"));
        assertThat(one.loadClass(ErrorCode.class.getName())).isEqualTo(ErrorCode.class);
        assertThat(one.loadClass("org.slf4j.Logger")).isEqualTo(org.slf4j.Logger.class);
        assertThatThrownBy(() -> one.loadClass("com.fasterxml.jackson.databind.ObjectMapper"))
                .isInstanceOf(ClassNotFoundException.class);
        assertThatThrownBy(() -> one.loadClass(ProviderTypes.class.getName()))
                .isInstanceOf(ClassNotFoundException.class);
    }

    @Test
    void whatIsBrokenSaysWhyAndStopsNoOther() throws IOException {
        Path classes = DropInJar.compile(text -> text);
        Files.writeString(directory.resolve("a-text.jar"), "this is no jar");
        DropInJar.write(directory.resolve("b-names-none.jar"), classes, "1", List.of("acme/"), "");
        DropInJar.write(directory.resolve("c-lacks-class.jar"), classes, "1", List.of("acme/Words"), "acme.Nowhere");
        DropInJar.parrot(
                directory.resolve("d-throws.jar"),
                "1",
                text -> text.replace("return \"parrot\";", "throw new IllegalStateException(\"no perch\");"));
        DropInJar.parrot(directory.resolve("e-bad-name.jar"), "1", text -> text.replace("\"parrot\"", "\"Par rot\""));
        DropInJar.parrot(directory.resolve("f-taken.jar"), "1", text -> text.replace("\"parrot\"", "\"claude\""));
        DropInJar.parrot(directory.resolve("g-good.jar"));
        DropInJar.parrot(directory.resolve("h-twice.jar"));
        Files.createDirectories(directory.resolve("i-empty"));
        Files.writeString(directory.resolve("README.md"), "not looked at");

        ProviderTypes found = ProviderTypes.find(List.of(directory));

        assertThat(found.droppedIn()).extracting(AgentProviderFactory::type).containsExactly("parrot");
        assertThat(found.broken())
                .extracting(ProviderTypes.Broken::describe)
                .satisfiesExactly(
                        text -> assertThat(text).contains("a-text.jar is not used: a-text.jar cannot be read as a jar"),
                        text -> assertThat(text).contains("b-names-none.jar").contains("names no provider"),
                        text -> assertThat(text).contains("c-lacks-class.jar").contains("acme.Nowhere not found"),
                        text -> assertThat(text).contains("d-throws.jar").contains("no perch"),
                        text -> assertThat(text).contains("e-bad-name.jar").contains("'Par rot'"),
                        text -> assertThat(text).contains("f-taken.jar").contains("'claude' is there already"),
                        text -> assertThat(text).contains("h-twice.jar").contains(", " + directory));
    }

    @Test
    void aMissingLibraryIsNoticedBeforeAnEngineStumblesOverIt() throws IOException {
        Path classes = DropInJar.compile(
                text -> text.replace("return new Parrot(config.name());", "return new Parrot(Words.greeting());"));
        DropInJar.write(directory.resolve("x.jar"), classes, "1", List.of("acme/Parrot"), "acme.ParrotFactory");

        ProviderTypes found = ProviderTypes.find(List.of(directory));

        assertThat(found.droppedIn()).isEmpty();
        assertThat(found.broken())
                .singleElement()
                .extracting(ProviderTypes.Broken::reason)
                .asString()
                .contains("cannot be loaded")
                .contains("acme.Words");
    }

    @Test
    void aTypeThatNeedsSettingsIsThereWithoutAProviderOfItsOwn() throws IOException {
        DropInJar.parrot(directory.resolve("picky.jar"), "1", text -> text.replace("config.allowOnly(Set.of());", """
                        if (config.text("perch") == null) {
                            throw new io.hotplex.api.HotPlexException(
                                    io.hotplex.api.ErrorCode.CONFIG_INVALID, "perch is missing");
                        }"""));

        ProviderTypes found = ProviderTypes.find(List.of(directory));

        assertThat(found.broken()).isEmpty();
        assertThat(found.types())
                .filteredOn(type -> type.name().equals("parrot"))
                .allMatch(ProviderType::needsSettings)
                .hasSize(1);
    }

    @Test
    void aTypeThatIsNotThereIsRefusedWithThoseThatAre() {
        assertThatThrownBy(() -> ProviderTypes.find(List.of(directory)).factory("parrot"))
                .isInstanceOfSatisfying(
                        HotPlexException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.PROVIDER_UNKNOWN))
                .hasMessageContaining("claude");
    }
}
