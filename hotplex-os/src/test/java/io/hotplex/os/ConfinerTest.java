package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import io.hotplex.api.Confinement;
import io.hotplex.api.Confinement.Kind;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.spi.Isolation;
import io.hotplex.api.spi.ProcessSpec;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The choice of a confinement, and its end, on machines that have what the test says. */
class ConfinerTest {
    private static final Prelude ALL = new Prelude(true, true, true);

    @TempDir
    Path dir;

    private final CountDownLatch release = new CountDownLatch(1);
    private Confiner confiner = new Confiner(() -> probe(null), () -> ALL);

    @AfterEach
    void close() {
        release.countDown();
        confiner.close();
    }

    @Test
    void nothingStandsInForASandboxWithoutTheNetwork() {
        Confinement confinement = Confinement.of(Kind.BUBBLEWRAP).withNetwork(false);

        LauncherContract.assertCode(() -> enclose(confinement, ResourceLimits.NONE), ErrorCode.CONFINEMENT_UNAVAILABLE);
        assertThat(enclose(Confinement.of(Kind.BUBBLEWRAP), ResourceLimits.NONE)
                        .applied()
                        .confinement())
                .isEqualTo(Kind.PID_NAMESPACE);
    }

    @Test
    void aStartThatWaitsForTheThreadFailsWhenTheLauncherIsClosed() throws Exception {
        CountDownLatch begun = new CountDownLatch(1);
        CompletableFuture<String> first = start(() -> {
            begun.countDown();
            awaitRelease();
            return "first";
        });
        assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
        CompletableFuture<String> second = start(() -> "second");
        await().until(() -> startsThatWait() == 2);

        confiner.close();

        assertThat(second.handle((value, failure) -> code(failure)).get(10, TimeUnit.SECONDS))
                .isEqualTo(ErrorCode.ENGINE_CLOSED);
        release.countDown();
        assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo("first");
    }

    @Test
    void whatComesAfterTheEndMakesNothing() throws Exception {
        Cgroups groups = new Cgroups(Files.createDirectory(dir.resolve("base")), Set.of(), Map.of());
        confiner = new Confiner(() -> probe(groups), () -> ALL);
        Enclosure before = enclose(Confinement.of(Kind.PID_NAMESPACE), ResourceLimits.NONE);
        confiner.close();

        LauncherContract.assertCode(() -> confiner.start(before, () -> "late"), ErrorCode.ENGINE_CLOSED);
        LauncherContract.assertCode(
                () -> enclose(Confinement.of(Kind.CGROUP), ResourceLimits.NONE), ErrorCode.ENGINE_CLOSED);
        assertThat(dir).isEmptyDirectory();
    }

    @Test
    void aFailureToWrapLeavesNoControlGroup() throws Exception {
        Path base = Files.createDirectory(dir.resolve("base"));
        confiner = new Confiner(
                () -> new ConfinementProbe(
                        new Cgroups(base, Set.of(), Map.of()), null, new Bubblewrap(Path.of("bwrap")), Map.of()),
                () -> ALL);
        Confinement confinement = Confinement.of(Kind.BUBBLEWRAP);
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), dir, Map.of("PATH", "/\0"));
        ResourceLimits limits = ResourceLimits.builder().processes(7).build();

        assertThat(catchThrowable(() -> confiner.enclose(plan, spec(confinement, limits))))
                .isInstanceOf(InvalidPathException.class);
        assertThat(base).isEmptyDirectory();
    }

    @Test
    void aLimitThatTheShellDoesNotKnowIsMissing() {
        confiner = new Confiner(() -> probe(null), () -> new Prelude(true, false, true));
        ResourceLimits limits =
                ResourceLimits.builder().openFiles(64).coreBytes(0L).build();

        assertThat(enclose(Confinement.NONE, limits).applied().missing())
                .singleElement()
                .asString()
                .contains("limit-core-size");
        LauncherContract.assertCode(
                () -> enclose(Confinement.NONE.withStrict(true), limits), ErrorCode.CONFINEMENT_UNAVAILABLE);
    }

    @Test
    void theShellOfThisMachineTellsWhatItCanLimit() throws Exception {
        assertThat(Prelude.ask()).isEqualTo(ALL);
    }

    private Enclosure enclose(Confinement confinement, ResourceLimits limits) {
        StartPlan plan = new StartPlan(Path.of("/bin/true"), List.of("true"), dir, Map.of());
        return confiner.enclose(plan, spec(confinement, limits));
    }

    private ProcessSpec spec(Confinement confinement, ResourceLimits limits) {
        Isolation isolation = new Isolation(confinement, limits, List.of(), List.of());
        return new ProcessSpec("test", List.of("true"), dir, List.of(), Map.of(), isolation);
    }

    private CompletableFuture<String> start(Supplier<String> start) {
        Enclosure enclosure = enclose(Confinement.of(Kind.PID_NAMESPACE), ResourceLimits.NONE);
        CompletableFuture<String> result = new CompletableFuture<>();
        new Thread(
                        () -> {
                            try {
                                result.complete(confiner.start(enclosure, start));
                            } catch (HotPlexException e) {
                                result.completeExceptionally(e);
                            }
                        },
                        "hotplex-test-start")
                .start();
        return result;
    }

    private static long startsThatWait() {
        return Thread.getAllStackTraces().entrySet().stream()
                .filter(each -> each.getKey().getName().equals("hotplex-test-start"))
                .filter(each -> List.of(each.getValue()).toString().contains("FutureTask.get"))
                .count();
    }

    private void awaitRelease() {
        boolean interrupted = true;
        while (interrupted) {
            try {
                release.await();
                interrupted = false;
            } catch (InterruptedException e) {
                // the end of the launcher interrupts its thread; a system call goes on
            }
        }
    }

    private static @Nullable ErrorCode code(@Nullable Throwable failure) {
        return failure instanceof HotPlexException known ? known.code() : null;
    }

    private static ConfinementProbe probe(@Nullable Cgroups groups) {
        PidNamespace namespace = new PidNamespace(Path.of("/usr/bin/unshare"), Path.of("/usr/bin/setpriv"), true);
        return new ConfinementProbe(groups, namespace, null, Map.of());
    }
}
