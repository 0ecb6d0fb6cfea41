package io.hotplex.e2e.opencode.gateway;

import io.hotplex.api.spi.ProviderConfig;
import io.hotplex.e2e.claude.ClaudeVersion;
import io.hotplex.e2e.opencode.OfflineOpenCode;
import io.hotplex.testkit.agent.DemoAgent;
import io.hotplex.testkit.model.FakeModelServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Who answers behind the gateway, and what to say to get a certain answer. */
enum Backend {
    DEMO("what do you remember", "Nothing yet", "use a tool", "seen-by-the-tool.txt", "ListFiles", "think about it"),
    CLAUDE("SAY 3", "w1 w2 w3", "TOOL Bash touch made.txt; ls", "seen-by-the-tool.txt", "bash", "SAY 400 PACE 20"),
    OPENCODE("SAY 3", "w1 w2 w3", "TOOL bash touch made.txt; ls", "seen-by-the-tool.txt", "bash", "SAY 400 PACE 20");

    final String prompt;
    final String answer;
    final String toolPrompt;
    final String toolAnswer;
    final String permission;
    final String longPrompt;

    /** @param permission what clients are asked for when the tool is called */
    Backend(String prompt, String answer, String toolPrompt, String toolAnswer, String permission, String longPrompt) {
        this.prompt = prompt;
        this.answer = answer;
        this.toolPrompt = toolPrompt;
        this.toolAnswer = toolAnswer;
        this.permission = permission;
        this.longPrompt = longPrompt;
    }

    /** @param directory where the agent's home is made */
    ProviderConfig provider(Path directory, FakeModelServer model) {
        return switch (this) {
            case DEMO -> ProviderConfig.of("agent", "claude", demo(directory));
            case CLAUDE -> ProviderConfig.of("agent", "claude", claude(directory, model));
            case OPENCODE -> ProviderConfig.of("agent", "opencode", openCode(directory, model));
        };
    }

    private static Map<String, String> demo(Path directory) {
        List<String> command = new ArrayList<>(DemoAgent.command());
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("command", command.remove(0));
        int classPath = command.indexOf("-cp");
        settings.put("environment.CLASSPATH", command.remove(classPath + 1));
        command.remove(classPath);
        command.addAll(List.of("--demo-pace-ms", "100")); // so that there is time to interrupt it
        settings.put("command-args", String.join(",", command));
        settings.put("environment.HOTPLEX_DEMO_HOME", directory.resolve("demo").toString());
        return settings;
    }

    private static Map<String, String> claude(Path directory, FakeModelServer model) {
        return Map.of(
                "command", ClaudeVersion.V2_1_330.program().toString(),
                "environment.HOME", directory.toString(),
                "environment.TMPDIR", directory.toString(),
                "environment.LANG", "C.UTF-8",
                "environment.SHELL", "/bin/sh",
                "environment.NO_PROXY", "127.0.0.1",
                "environment.no_proxy", "127.0.0.1",
                "environment.ANTHROPIC_BASE_URL", model.baseUri().toString(),
                "environment.ANTHROPIC_API_KEY", "made-up");
    }

    private static Map<String, String> openCode(Path directory, FakeModelServer model) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("command", OfflineOpenCode.program().toString());
        OfflineOpenCode.in(directory, model.chatUri())
                .environment()
                .forEach((name, value) -> settings.put("environment." + name, value));
        return settings;
    }
}
