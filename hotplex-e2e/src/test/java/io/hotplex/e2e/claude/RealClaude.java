package io.hotplex.e2e.claude;

import io.hotplex.testkit.LeakChecks;
import io.hotplex.testkit.model.FakeModelServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A test that runs once with each version, and after which nothing may be left. For subclassing. */
@ParameterizedClass(name = "{0}")
@EnumSource(ClaudeVersion.class)
abstract class RealClaude {
    final ClaudeVersion version;
    ClaudeRig rig;

    @TempDir
    Path directory;

    private LeakChecks.Snapshot before;

    RealClaude(ClaudeVersion version) {
        this.version = version;
    }

    /** The first connection of a JVM opens descriptors that stay; they are no leak of a test. */
    @BeforeAll
    static void warmUp() throws IOException {
        try (FakeModelServer server = FakeModelServer.start();
                InputStream answer = server.baseUri().toURL().openStream()) {
            answer.readAllBytes();
        }
    }

    @BeforeEach
    void setUp() {
        before = LeakChecks.snapshot();
        rig = new ClaudeRig(version, directory);
    }

    @AfterEach
    void nothingIsLeft() {
        rig.close();
        before.assertNothingLeft();
    }
}
