package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hotplex.api.spi.Executables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpmShimTest {
    /** How the call looks in what npm writes; what comes before it is not looked at, apart from settings. */
    private static final String CALL = "endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & \"%_prog%\" ";

    @TempDir
    Path dir;

    private Path node = Path.of("");
    private Path file = Path.of("");

    @BeforeEach
    void install() throws Exception {
        file = Files.createDirectories(dir.resolve("node_modules/tool")).resolve("cli.js");
        Files.writeString(file, "#!/usr/bin/env node\n");
        node = Files.createDirectories(dir.resolve("bin")).resolve("node.exe");
        Files.writeString(node, "MZ");
        assertThat(node.toFile().setExecutable(true)).isTrue();
    }

    @Test
    void startsNodeInsteadOfTheBatchFile() throws Exception {
        Path script = script(
                "tool.cmd",
                "SET dp0=%~dp0\r\nSET \"_prog=node\"\r\n  SET PATHEXT=%PATHEXT:;.JS;=;%\r\n" + CALL
                        + " \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n");

        assertThat(read(script)).contains(new NpmShim(node, List.of(file.toString())));
        WindowsCommand command = WindowsCommand.of(new StartPlan(
                script,
                List.of("tool", "{\"a\": 1}"),
                dir,
                Map.of("PATH", dir.resolve("bin").toString())));
        assertThat(command.application()).isEqualTo(node.toString());
        assertThat(command.line()).isEqualTo("\"" + node + "\" " + file + " \"{\\\"a\\\": 1}\"");
    }

    @Test
    void passesOptionsOfNode() throws Exception {
        Path script = script("tool.cmd", CALL + "--no-warnings -r=x \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n");

        assertThat(read(script)).contains(new NpmShim(node, List.of("--no-warnings", "-r=x", file.toString())));
    }

    @Test
    void prefersTheNodeBesideTheScript() throws Exception {
        Path own = Files.writeString(dir.resolve("node.exe"), "MZ");
        Path script = script("tool.cmd", CALL + " \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n");

        assertThat(read(script)).contains(new NpmShim(own, List.of(file.toString())));
    }

    @Test
    void understandsWhatOlderOnesWrite() throws Exception {
        Path script = script("tool.cmd", """
                @IF EXIST "%~dp0\\node.exe" (
                  "%~dp0\\node.exe"  "%~dp0\\node_modules\\tool\\cli.js" %*
                ) ELSE (
                  @SETLOCAL
                  @SET PATHEXT=%PATHEXT:;.JS;=;%
                  node  "%~dp0\\node_modules\\tool\\cli.js" %*
                )
                """);

        assertThat(read(script)).contains(new NpmShim(node, List.of(file.toString())));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@echo off\r\ntool.exe %*\r\n",
                "\"%_prog%\" \"%dp0%\\node_modules\\tool\\missing.js\" %*\r\n",
                "\"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n",
                "SET NODE_PATH=x\r\n\"%_prog%\" \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n",
                "SET \"_prog=bash\"\r\n\"%_prog%\" \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n",
                "\"%_prog%\" \"%dp0%\\node_modules\\tool\\cli.js\" first %*\r\n",
                "\"%_prog%\" \"%dp0%\\node_modules\\tool\\cli.js\" %*\r\n\"%_prog%\" \"%dp0%\\bin\\node.exe\" %*\r\n",
                ""
            })
    void leavesAloneWhatDoesAnythingElse(String content) throws Exception {
        assertThat(read(script("tool.cmd", content))).isEmpty();
    }

    @Test
    void leavesAloneWhatIsNoText() throws Exception {
        assertThat(read(Files.write(dir.resolve("tool.cmd"), new byte[] {(byte) 0xff, 0})))
                .isEmpty();
        assertThat(read(dir.resolve("missing.cmd"))).isEmpty();
        assertThat(read(script("tool.cmd", " ".repeat(20_000) + CALL + "\"%dp0%\\node_modules\\tool\\cli.js\" %*")))
                .isEmpty();
    }

    /** The very scripts, where npm is installed. */
    @Test
    void understandsWhatTheInstalledNpmWrites() throws Exception {
        Optional<Path> npm = Executables.find("npm", System.getenv("PATH"));
        if (npm.isEmpty()) {
            System.out.println("skipped: needs npm");
        }
        assumeTrue(npm.isPresent(), "needs npm");
        Files.writeString(file, "#!/usr/bin/env -S node --no-warnings\n");
        Path program = Files.writeString(file.resolveSibling("tool.exe"), "MZ");
        String makeScripts = "const shim = require(require.resolve('cmd-shim', {paths: [require('fs').realpathSync('"
                + npm.get() + "') + '/../..', '/usr/share/nodejs']}));"
                + "Promise.all([shim('" + file + "', '" + dir + "/tool'), shim('" + program + "', '" + dir + "/own')])"
                + ".catch(e => { console.error(e); process.exit(1); })";
        Process node = new ProcessBuilder("node", "-e", makeScripts)
                .redirectErrorStream(true)
                .redirectOutput(dir.resolve("output").toFile())
                .start();
        assertThat(node.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(node.exitValue()).as(Files.readString(dir.resolve("output"))).isZero();

        NpmShim script = new NpmShim(this.node, List.of("--no-warnings", file.toString()));
        assertThat(read(dir.resolve("tool.cmd"))).contains(script);
        assertThat(read(dir.resolve("tool.ps1"))).contains(script);
        assertThat(read(dir.resolve("own.cmd"))).contains(new NpmShim(program, List.of()));
        assertThat(read(dir.resolve("own.ps1"))).contains(new NpmShim(program, List.of()));
    }

    private Path script(String name, String content) throws Exception {
        return Files.writeString(dir.resolve(name), content);
    }

    private Optional<NpmShim> read(Path script) {
        return NpmShim.read(script, dir.resolve("bin").toString());
    }
}
