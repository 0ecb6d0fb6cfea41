package io.hotplex.reactor;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.jspecify.annotations.Nullable;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/** As much of a Maven project file as is needed to follow dependencies. Immutable. */
public final class Pom {
    private final Element project;

    private Pom(Element project) {
        this.project = project;
    }

    /**
     * A dependency.
     *
     * @param version empty when it is managed elsewhere
     * @param excluded artifacts that do not come with it
     */
    public record Dependency(
            String groupId, String artifactId, String version, String scope, boolean optional, Set<String> excluded) {
        /** Whether who depends on the project gets it too. */
        public boolean transitive() {
            return !optional && (scope.equals("compile") || scope.equals("runtime"));
        }
    }

    public static Pom read(Path file) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            return new Pom(factory.newDocumentBuilder().parse(file.toFile()).getDocumentElement());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ParserConfigurationException | SAXException e) {
            throw new IllegalStateException(file.toString(), e);
        }
    }

    public String artifactId() {
        return text(project, "artifactId", "");
    }

    public String version() {
        return text(project, "version", "");
    }

    public List<String> modules() {
        return children(child(project, "modules"), "module").stream()
                .map(Element::getTextContent)
                .map(String::strip)
                .toList();
    }

    public List<Dependency> dependencies() {
        return dependencies(child(project, "dependencies"));
    }

    public List<Dependency> managedDependencies() {
        Element management = child(project, "dependencyManagement");
        return dependencies(management == null ? null : child(management, "dependencies"));
    }

    /** Whether the project is published: whether it does not skip its deployment. */
    public boolean published() {
        Element build = child(project, "build");
        return children(build == null ? null : child(build, "plugins"), "plugin").stream()
                .filter(plugin -> text(plugin, "artifactId", "").equals("maven-deploy-plugin"))
                .map(plugin -> child(plugin, "configuration"))
                .noneMatch(configuration ->
                        configuration != null && text(configuration, "skip", "").equals("true"));
    }

    private static List<Dependency> dependencies(@Nullable Element list) {
        return children(list, "dependency").stream()
                .map(d -> new Dependency(
                        text(d, "groupId", ""),
                        text(d, "artifactId", ""),
                        text(d, "version", ""),
                        text(d, "scope", "compile"),
                        text(d, "optional", "false").equals("true"),
                        excluded(d)))
                .toList();
    }

    private static Set<String> excluded(Element dependency) {
        return children(child(dependency, "exclusions"), "exclusion").stream()
                .map(exclusion -> text(exclusion, "artifactId", ""))
                .collect(Collectors.toUnmodifiableSet());
    }

    private static String text(Element parent, String name, String fallback) {
        Element child = child(parent, name);
        return child == null ? fallback : child.getTextContent().strip();
    }

    private static @Nullable Element child(Element parent, String name) {
        List<Element> found = children(parent, name);
        return found.isEmpty() ? null : found.get(0);
    }

    private static List<Element> children(@Nullable Element parent, String name) {
        List<Element> found = new ArrayList<>();
        for (Node node = parent == null ? null : parent.getFirstChild(); node != null; node = node.getNextSibling()) {
            if (node instanceof Element element && element.getTagName().equals(name)) {
                found.add(element);
            }
        }
        return found;
    }
}
