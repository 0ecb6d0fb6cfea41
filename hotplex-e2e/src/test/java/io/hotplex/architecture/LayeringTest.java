package io.hotplex.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.library.GeneralCodingRules;
import io.hotplex.core.HotPlex;
import io.hotplex.core.MemoryJournal;
import io.hotplex.reactor.Reactor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which module may know which, and what no code does. */
class LayeringTest {
    /** Fewer would mean that the scan missed a module. */
    private static final int LEAST_CLASSES = 200;

    private static final JavaClasses PRODUCT = new ClassFileImporter()
            .importPaths(
                    Reactor.libraries().stream().map(Reactor.Module::classes).toArray(Path[]::new));

    @Test
    void theScanSeesEveryModule() {
        assertThat(PRODUCT.size()).isGreaterThan(LEAST_CLASSES);
        assertThat(Reactor.libraries())
                .allSatisfy(module -> assertThat(PRODUCT)
                        .as("classes of %s", module.name())
                        .anyMatch(found -> found.getSource()
                                .orElseThrow()
                                .getUri()
                                .getPath()
                                .contains("/" + module.name() + "/")));
    }

    /** Each module, and all that it may use. Who is not listed may not be used: nothing points up or sideways. */
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "io.hotplex.os.., io.hotplex.api.. com.sun.jna.. org.slf4j..",
        "io.hotplex.core.., io.hotplex.api.. org.slf4j..",
        "io.hotplex.provider.claude.., io.hotplex.api.. com.fasterxml.jackson.. org.slf4j..",
        "io.hotplex.guard.., io.hotplex.api.. com.google.re2j.. org.snakeyaml.engine.. org.slf4j..",
        "io.hotplex.provider.opencode.., io.hotplex.api.. com.fasterxml.jackson.. org.slf4j..",
        "io.hotplex.journal.jdbc.., io.hotplex.api.. com.fasterxml.jackson.core.. com.zaxxer.hikari.. javax.sql.. org.slf4j..",
        "io.hotplex.hooks.., io.hotplex.api.. com.fasterxml.jackson.. javax.crypto.. javax.net.ssl.. kotlin.. okhttp3.. org.slf4j..",
        "io.hotplex.telemetry.., io.hotplex.api.. io.opentelemetry.api.. io.opentelemetry.context.. io.prometheus.client.. org.slf4j..",
        "io.hotplex.testkit.., io.hotplex.api.. com.fasterxml.jackson.. com.sun.net.httpserver.. org.junit.. org.assertj..",
    })
    void aModuleUsesOnlyWhatIsBelowIt(String module, String below) {
        String allowed = "java.. org.jspecify.. com.google.errorprone.annotations.. " + module + " " + below;
        classes()
                .that()
                .resideInAPackage(module)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.strip().split(" +"))
                .check(PRODUCT);
    }

    @Test
    void theApiUsesNothingButTheJdkAndNullness() {
        classes()
                .that()
                .resideInAPackage("io.hotplex.api..")
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage("java..", "org.jspecify..", "io.hotplex.api..")
                .check(PRODUCT);
    }

    @Test
    void onlyTheServerKnowsServerAndTestkit() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.hotplex.server..", "io.hotplex.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.hotplex.server..", "io.hotplex.testkit..")
                .check(PRODUCT);
    }

    /**
     * The public classes that put engine, server and program together from their parts know the parts, and only they.
     */
    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.hotplex.(**)")
                .should()
                .beFreeOfCycles()
                .ignoreDependency(
                        DescribedPredicate.or(
                                JavaClass.Predicates.equivalentTo(HotPlex.class),
                                JavaClass.Predicates.equivalentTo(MemoryJournal.class)),
                        JavaClass.Predicates.resideInAPackage("io.hotplex.core.internal.."))
                .ignoreDependency(
                        DescribedPredicate.or(
                                HasName.Predicates.nameStartingWith("io.hotplex.server.HotPlexServer")
                                        .forSubtype(),
                                HasName.Predicates.name("io.hotplex.server.Main")
                                        .forSubtype()),
                        JavaClass.Predicates.resideInAPackage("io.hotplex.server.internal.."))
                .check(PRODUCT);
    }

    /** Who waits for a time instead of a condition is too slow or too early; that goes for tests as well. */
    @Test
    void nothingSleeps() {
        noClasses()
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "it is a sleep",
                        call -> call.getName().equals("sleep")
                                && (call.getTargetOwner().isEquivalentTo(Thread.class)
                                        || call.getTargetOwner().isEquivalentTo(TimeUnit.class))))
                .check(new ClassFileImporter().importPaths(classesAndTests()));
    }

    private static List<Path> classesAndTests() {
        return Reactor.modules().stream()
                .flatMap(module -> Stream.of(module.classes(), module.classes().resolveSibling("test-classes")))
                .filter(Files::isDirectory)
                .toList();
    }

    /** Programs talk on standard streams: the command line, the agents, and the mains of model server and recorder. */
    @Test
    void librariesLeaveTheStandardStreamsAlone() {
        noClasses()
                .that()
                .resideOutsideOfPackages("io.hotplex.server..", "io.hotplex.testkit.agent..")
                .and()
                .doNotHaveFullyQualifiedName("io.hotplex.testkit.model.FakeModelServer")
                .and()
                .doNotHaveFullyQualifiedName("io.hotplex.testkit.record.TranscriptRecorder")
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .check(PRODUCT);
    }

    @Test
    void failuresHaveTypes() {
        GeneralCodingRules.NO_CLASSES_SHOULD_THROW_GENERIC_EXCEPTIONS.check(PRODUCT);
    }

    @Test
    void namesOfTheApiSayWhatThingsAre() {
        List<String> vague = PRODUCT.stream()
                .filter(found -> found.getPackageName().startsWith("io.hotplex.api"))
                .map(HasName::getName)
                .filter(name -> name.matches(".*(Impl|Manager|Helper|Utils?)|.*[.$]Abstract\\w*"))
                .toList();
        assertThat(vague).isEmpty();
    }

    @Test
    void everyPackageIsNullMarked() {
        Set<String> unmarked = PRODUCT.stream()
                .map(JavaClass::getPackage)
                .filter(found -> !found.isAnnotatedWith(NullMarked.class))
                .map(JavaPackage::getName)
                .filter(name -> name.startsWith("io.hotplex"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(unmarked).isEmpty();
    }
}
