package io.hotplex.journal.jdbc;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A file system in memory with so many bytes and no more; needs root on Linux. Unmounted when it is closed. */
final class SmallDisk implements AutoCloseable {
    private static final int CHUNK = 4096;

    private final Path root;

    private SmallDisk(Path root) {
        this.root = root;
    }

    /** Skips the test, with a printed reason, where nothing may be mounted. */
    static SmallDisk mount(Path at, int mebibytes) throws IOException {
        Files.createDirectories(at);
        boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=" + mebibytes + "m", "tmpfs", at.toString());
        if (!mounted) {
            System.err.println("skipped: no file system of a limited size can be mounted here, which takes root");
        }
        Assumptions.assumeTrue(mounted, "nothing can be mounted here");
        return new SmallDisk(at);
    }

    Path root() {
        return root;
    }

    /** Fills it but for some bytes; {@link #makeRoom} takes them away again. */
    void fillBut(int bytes) throws IOException {
        Path keep = root.resolve("keep");
        Files.write(keep, new byte[bytes]);
        try (var out = Files.newOutputStream(root.resolve("filler"))) {
            while (true) {
                out.write(new byte[CHUNK]);
            }
        } catch (IOException e) {
            // full
        }
        Files.delete(keep);
    }

    void makeRoom() throws IOException {
        Files.deleteIfExists(root.resolve("filler"));
    }

    void grow(int mebibytes) throws IOException {
        if (!run("mount", "-o", "remount,size=" + mebibytes + "m", root.toString())) {
            throw new IOException("cannot make it larger");
        }
    }

    private static boolean run(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(10, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false; // no such program
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        if (!run("umount", "-l", root.toString())) {
            throw new IOException("cannot unmount " + root);
        }
    }
}
