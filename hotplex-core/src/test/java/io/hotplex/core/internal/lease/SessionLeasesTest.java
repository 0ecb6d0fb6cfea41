package io.hotplex.core.internal.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class SessionLeasesTest {
    private final List<Process> children = new ArrayList<>();

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path temp;

    @AfterEach
    void endChildren() {
        children.forEach(Process::destroyForcibly);
    }

    @Test
    void aSecondEngineInThisJvmIsRefusedUntilTheFirstLetsGo() {
        Path state = temp.resolve("a/state");
        Lease first = SessionLeases.acquire(state, "id-1");

        assertInUse(state, "id-1");
        SessionLeases.acquire(state, "id-2").close();
        first.close();
        first.close();

        Lease second = SessionLeases.acquire(state, "id-1");
        first.close();
        assertInUse(state, "id-1");
        second.close();
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void onlyTheOwnerMayReadTheFile() throws IOException {
        Path state = temp.resolve("state");

        SessionLeases.acquire(state, "id").close();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
                .isEqualTo("rwx------");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state.resolve("leases.lock"))))
                .isEqualTo("rw-------");
    }

    @Test
    void anotherJvmIsRefusedEvenAfterOtherLeasesOfTheFileWereClosed() throws Exception {
        Lease kept = SessionLeases.acquire(temp, "kept");
        SessionLeases.acquire(temp, "given back").close();
        SessionLeases.acquire(temp.resolve("."), "other spelling").close();

        assertThat(child("kept")).isEqualTo("SESSION_IN_USE");
        assertThat(child("given back")).isEqualTo("held");
        kept.close();
        assertThat(child("kept")).isEqualTo("held");
    }

    @Test
    void anInterruptedThreadDoesNotCostTheOthersTheirLeases() throws Exception {
        Lease kept = SessionLeases.acquire(temp, "kept");
        Thread.currentThread().interrupt();
        SessionLeases.acquire(temp, "more").close();
        assertThat(Thread.interrupted()).isTrue();

        assertThat(child("kept")).isEqualTo("SESSION_IN_USE");
        kept.close();
    }

    @Test
    void aLeaseEndsWithTheJvmThatHeldItHoweverThatEnds() throws Exception {
        assertThat(child("id")).isEqualTo("held");
        assertInUse(temp, "id");

        Process holder = children.get(0);
        holder.destroyForcibly();
        assertThat(holder.waitFor(20, TimeUnit.SECONDS)).isTrue();

        SessionLeases.acquire(temp, "id").close();
    }

    @Test
    void anUnusableStateDirectoryIsAConfigurationError() throws IOException {
        Path file = Files.createFile(temp.resolve("file"));

        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> SessionLeases.acquire(file.resolve("state"), "id"))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFIG_INVALID))
                .withMessageContainingAll("state-directory", file.toString());
        SessionLeases.acquire(temp, "id").close();
    }

    private static void assertInUse(Path state, String id) {
        assertThatExceptionOfType(HotPlexException.class)
                .isThrownBy(() -> SessionLeases.acquire(state, id))
                .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SESSION_IN_USE))
                .withMessageContaining(id);
    }

    /** Starts a JVM that wants the lease, and gives its answer. */
    private @Nullable String child(String id) throws IOException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LeaseHolder.class.getName(),
                        temp.toString(),
                        id)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        children.add(process);
        BufferedReader output = process.inputReader(StandardCharsets.US_ASCII);
        return output.readLine();
    }
}
