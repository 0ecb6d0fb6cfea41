package io.hotplex.e2e.opencode;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.testkit.model.FakeModelServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The pinned program answers from its offline home, with the model server of the tests. */
class RigIT {
    @TempDir
    Path directory;

    @Test
    void aPromptGoesToTheFakeModelAndNowhereElse() throws Exception {
        try (FakeModelServer model = FakeModelServer.start()) {
            OfflineOpenCode home = OfflineOpenCode.in(directory.resolve("opencode"), model.chatUri());
            ProcessBuilder builder = new ProcessBuilder(
                    OfflineOpenCode.program().toString(), "run", "--format", "json", "--title", "t", "SAY 2");
            builder.environment().clear();
            builder.environment().put("PATH", System.getenv("PATH"));
            builder.environment().putAll(home.environment());
            Process run = builder.directory(home.root().resolve("home").toFile())
                    .redirectErrorStream(true)
                    .start();
            run.getOutputStream().close();
            String output = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

            assertThat(run.waitFor(45, TimeUnit.SECONDS)).isTrue();
            assertThat(output).contains("\"text\":\"w1 w2 \"");
            assertThat(model.requests())
                    .extracting(request -> List.of(request.path(), request.prompt()))
                    .contains(List.of("/v1/chat/completions", "\"SAY 2\""));
        }
    }
}
