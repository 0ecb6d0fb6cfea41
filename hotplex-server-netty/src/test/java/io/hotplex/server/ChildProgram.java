package io.hotplex.server;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * Runs a program of the test class path in a JVM of its own: own home, nothing on the PATH but what a test puts there.
 */
final class ChildProgram {
    /** Two JVMs start for an answer; on a busy machine each takes seconds. */
    private static final long LIMIT_SECONDS = 60;

    private final Path home;
    private final Path path;

    ChildProgram(Path home) throws IOException {
        this.home = home;
        this.path = Files.createDirectories(home.resolve("bin"));
    }

    record Result(int exitCode, String out, String err) {}

    /** Where programs can be put that the child finds. */
    Path path() {
        return path;
    }

    Path stateDirectory() {
        return home.resolve(".hotplex");
    }

    /** Runs the command line. */
    Result hotplex(String... arguments) throws IOException, InterruptedException {
        return await(start(hotplexCommand(arguments)));
    }

    List<String> hotplexCommand(String... arguments) {
        List<String> command = java(classPath(), Main.class.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    List<String> java(String classPath, String main) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Duser.home=" + home));
        command.add("-Dio.netty.leakDetection.level=paranoid");
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED"); // as the start script does
        }
        command.addAll(List.of("-cp", classPath, main));
        return command;
    }

    static String classPath() {
        return System.getProperty("java.class.path");
    }

    Process start(List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(home.toFile())
                .redirectOutput(home.resolve("out").toFile())
                .redirectError(home.resolve("err").toFile());
        builder.environment().clear();
        builder.environment().putAll(Map.of("HOME", home.toString(), "PATH", path.toString(), "LC_ALL", "C.UTF-8"));
        return builder.start();
    }

    /** The outputs so far, and the exit code at the end. Fails when the child reported that buffers leaked. */
    Result await(Process process) throws IOException, InterruptedException {
        process.getOutputStream().close();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new AssertionError("still running; out: " + out() + " err: " + err());
        }
        String err = err();
        if (err.contains("LEAK: ")) {
            throw new AssertionError("a buffer that nobody released; err: " + err);
        }
        return new Result(process.exitValue(), out(), err);
    }

    String out() throws IOException {
        return Files.readString(home.resolve("out"), StandardCharsets.UTF_8);
    }

    String err() throws IOException {
        return Files.readString(home.resolve("err"), StandardCharsets.UTF_8);
    }

    /** The processes that were started below this home and still live. Linux only; elsewhere it finds none. */
    List<Long> survivors() {
        try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
            return all.map(ProcessHandle::pid).filter(this::isOurs).toList();
        }
    }

    private boolean isOurs(long pid) {
        try {
            String environment =
                    Files.readString(Path.of("/proc", Long.toString(pid), "environ"), StandardCharsets.ISO_8859_1);
            return environment.contains("HOME=" + home);
        } catch (IOException e) {
            return false;
        }
    }
}
