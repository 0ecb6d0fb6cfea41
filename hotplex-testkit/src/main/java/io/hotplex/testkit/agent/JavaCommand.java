package io.hotplex.testkit.agent;

import com.fasterxml.jackson.core.JsonFactory;
import java.io.File;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The command line that starts an agent of this package in a JVM of its own, with flags for a quick start. */
final class JavaCommand {
    private JavaCommand() {}

    /**
     * A command that needs nothing but this JVM's installation and the files that these classes came from.
     *
     * @throws IllegalStateException when this module was not loaded from a directory or a jar file
     */
    static List<String> of(Class<?> main, String maxHeap) {
        Set<String> classPath = new LinkedHashSet<>();
        classPath.add(fileOf(main));
        classPath.add(fileOf(JsonFactory.class));
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx" + maxHeap));
        command.addAll(List.of("-Dfile.encoding=UTF-8", "-cp", String.join(File.pathSeparator, classPath)));
        command.add(main.getName());
        return command;
    }

    private static String fileOf(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        URL location = source == null ? null : source.getLocation();
        if (location == null || !"file".equals(location.getProtocol())) {
            throw new IllegalStateException(type.getName() + " was loaded from " + location
                    + " (expected: a directory or a jar file, since another JVM has to load it, too)");
        }
        try {
            return Path.of(location.toURI()).toString();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("not a file: " + location, e);
        }
    }
}
