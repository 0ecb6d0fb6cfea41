package io.hotplex.server.internal.sessions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.hotplex.api.Confinement;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.ResourceLimits;
import io.hotplex.api.SessionSpec;
import io.hotplex.api.ToolRules;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpecReaderTest {
    private static final Set<String> ALL = Set.of("environment", "mcp-config", "agent-session", "confinement");

    @TempDir
    Path dir;

    @Test
    void everyOptionOfASessionCanBeSet() {
        SessionSpec spec = read(ALL, """
                {"id":"s1","provider":"p","work_dir":"/w","model":"m","permission_mode":"plan",
                 "tools":{"available":["A"],"allowed":["B"],"denied":["C"]},
                 "system_prompt":"sp","append_system_prompt":"asp","mcp_config":{"mcpServers":{}},
                 "strict_mcp_config":true,"environment":{"N":"v"},"resume_agent_session":"r",
                 "confinement":{"kind":"bubblewrap","strict":true,"network":false,"writable":["/a"],"read_only":["/b"]},
                 "limits":{"memory_bytes":2000000,"processes":5,"cpus":1.5,"open_files":20,"core_bytes":0,"user_processes":9}}
                """);

        assertThat(spec)
                .isEqualTo(SessionSpec.builder("s1", Path.of("/w"))
                        .owner("ann")
                        .provider("p")
                        .model("m")
                        .permissionMode("plan")
                        .tools(new ToolRules(List.of("A"), List.of("B"), List.of("C")))
                        .systemPrompt("sp")
                        .appendSystemPrompt("asp")
                        .mcpConfig("{\"mcpServers\":{}}")
                        .strictMcpConfig(true)
                        .environment("N", "v")
                        .resumeAgentSession("r")
                        .confinement(new Confinement(
                                Confinement.Kind.BUBBLEWRAP,
                                true,
                                false,
                                List.of(Path.of("/a")),
                                List.of(Path.of("/b"))))
                        .limits(ResourceLimits.builder()
                                .memoryBytes(2_000_000L)
                                .processes(5)
                                .cpus(1.5)
                                .openFiles(20)
                                .coreBytes(0L)
                                .userProcesses(9)
                                .build())
                        .build());
        assertThat(read(ALL, "{'fork_agent_session':'f'}").forkAgentSession()).isEqualTo("f");
    }

    @Test
    void noOptionThatTheBuilderHasIsForgotten() throws IOException {
        Set<String> options = new TreeSet<>();
        Arrays.stream(SessionSpec.Builder.class.getDeclaredMethods())
                .filter(method -> method.getReturnType() == SessionSpec.Builder.class)
                .map(Method::getName)
                .map(name -> name.replaceAll("([a-z])([A-Z])", "$1_$2").toLowerCase(java.util.Locale.ROOT))
                .forEach(options::add);
        options.remove("owner"); // is the key's
        options.add("id");

        try (InputStream in =
                Files.newInputStream(Path.of("src/main/resources/io/hotplex/server/internal/rest/openapi.json"))) {
            Set<String> described = new TreeSet<>();
            JsonNode spec = new ObjectMapper().readTree(in).at("/components/schemas/SessionSpec/properties");
            spec.properties().forEach(entry -> described.add(entry.getKey()));
            assertThat(described).isEqualTo(options);
        }
        assertThatThrownBy(() -> read(ALL, "{'nonsense':1}"))
                .satisfies(e -> options.forEach(option -> assertThat(e).hasMessageContaining(option)));
    }

    @Test
    void withoutIdAndDirectoryBothAreGiven() {
        SessionSpec spec = read(Set.of(), "{}");

        assertThat(spec.id()).hasSize(36);
        assertThat(spec.workDir()).isEqualTo(dir.resolve("work")).isDirectory();
        assertThat(spec.owner()).isEqualTo("ann");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'environment':{'A':'b'}}    | environment",
                "{'mcp_config':{}}            | mcp-config",
                "{'resume_agent_session':'x'} | agent-session",
                "{'fork_agent_session':'x'}   | agent-session",
                "{'confinement':{'kind':'none'}} | confinement",
                "{'limits':{}}                | confinement"
            })
    void whatGivesPowerHasToBePermitted(String json, String option) {
        assertThatThrownBy(() -> read(Set.of(), json)).isInstanceOfSatisfying(HotPlexException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.FORBIDDEN);
            assertThat(e).hasMessageContaining(option).hasMessageContaining("server.client-options");
        });
        assertThat(read(Set.of(option), json)).isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'owner':'ben'}                       | owner",
                "{'model':7}                           | model",
                "{'tools':{'allow':[]}}                | allow",
                "{'tools':{'allowed':'Bash'}}          | allowed",
                "{'mcp_config':7}                      | mcp_config",
                "{'environment':{'A':1}}               | A",
                "{'confinement':{'kind':'jail'}}       | kind",
                "{'confinement':{}}                    | kind",
                "{'limits':{'processes':99999999999}}  | processes"
            })
    void whatIsMalformedIsNamed(String json, String field) {
        assertThatThrownBy(() -> read(ALL, json)).isInstanceOfSatisfying(HotPlexException.class, e -> {
            assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
            assertThat(e).hasMessageContaining(field);
        });
    }

    private SessionSpec read(Set<String> options, String json) {
        try {
            ObjectNode node = (ObjectNode) new ObjectMapper().readTree(json.replace('\'', '"'));
            return new SpecReader(options, dir.resolve("work")).read(node, "ann");
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
