package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import io.hotplex.api.spi.Executables;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** That arguments get through JNA as they are, and what is filled gets back: with a library of the same functions. */
@EnabledOnOs(OS.LINUX)
class Kernel32Test {
    private static final long HANDLE = 0x1122334455667788L;

    @TempDir
    Path dir;

    @Test
    void argumentsGetThroughAndWhatIsFilledGetsBack() throws Exception {
        NativeLibrary library = echo();
        Kernel32 kernel = Kernel32.bind(library);
        byte[] accounting = new byte[Win32.ACCOUNTING_BYTES];
        byte[] information = new byte[Win32.PROCESS_INFORMATION_BYTES];
        long[] ends = new long[2];
        long[] size = {5};
        int[] number = new int[1];
        byte[] bytes = new byte[8];

        assertThat(kernel.createJobObject()).isEqualTo(HANDLE);
        assertThat(kernel.setInformationJobObject(HANDLE, 9, Win32.killOnCloseLimit()))
                .isTrue();
        assertThat(kernel.queryInformationJobObject(HANDLE, 1, accounting)).isTrue();
        assertThat(Win32.activeProcesses(accounting)).isEqualTo(7);
        assertThat(kernel.assignProcessToJobObject(HANDLE, 2)).isTrue();
        assertThat(kernel.terminateJobObject(HANDLE, 137)).isFalse();
        assertThat(kernel.createPipe(ends, 65536)).isTrue();
        assertThat(ends).containsExactly(0x1111111111L, 0x2222222222L);
        assertThat(kernel.setHandleInformation(HANDLE, 1, 2)).isTrue();
        assertThat(kernel.initializeProcThreadAttributeList(0, 2, size)).isTrue();
        assertThat(size).containsExactly(48);
        long memory = kernel.allocate(16);
        kernel.write(memory, HANDLE);
        assertThat(kernel.updateProcThreadAttribute(memory, 0x2000D, memory, 8)).isTrue();
        kernel.deleteProcThreadAttributeList(memory);
        kernel.free(memory);
        assertThat(kernel.createProcess(
                        Win32.text("a.exe"),
                        Win32.text("\"a.exe\" ü"),
                        true,
                        0x80604,
                        Win32.environmentBlock(Map.of("A", "1", "B", "2")),
                        Win32.text("C:\\"),
                        Win32.startupInfo(1, 2, 3, 4),
                        information))
                .isTrue();
        assertThat(Win32.processId(information)).isEqualTo(9);
        assertThat(kernel.resumeThread(HANDLE)).isFalse();
        assertThat(kernel.terminateProcess(HANDLE, 1)).isTrue();
        assertThat(kernel.waitForSingleObject(HANDLE)).isTrue();
        assertThat(kernel.getExitCodeProcess(HANDLE, number)).isTrue();
        assertThat(number).containsExactly(0xC0000005);
        assertThat(kernel.attachConsole(3)).isTrue();
        assertThat(kernel.freeConsole()).isTrue();
        assertThat(kernel.generateConsoleCtrlEvent(1, 3)).isTrue();
        assertThat(kernel.readFile(HANDLE, bytes, 8, number)).isTrue();
        assertThat(number).containsExactly(3);
        assertThat(bytes).startsWith('a', 'b', 'c', 0);
        assertThat(kernel.writeFile(HANDLE, bytes, 2, number)).isTrue();
        assertThat(number).containsExactly(2);
        assertThat(kernel.closeHandle(HANDLE)).isTrue();

        String seen = library.getFunction("hotplex_seen").invokeString(new Object[0], false);
        assertThat(seen.split(";", -1))
                .containsExactly(
                        "CreateJobObject 0 0",
                        "SetInformation 1122334455667788 9 32 144",
                        "QueryInformation 1122334455667788 1 48 0",
                        "Assign 1122334455667788 2",
                        "TerminateJob 1122334455667788 137",
                        "CreatePipe 0 65536",
                        "SetHandle 1122334455667788 1 2",
                        "Initialize 0 2 0 5",
                        "Update 1 0 2000d 1122334455667788 8 0 0",
                        "Delete 1",
                        "CreateProcess a.exe|\"a.exe\" ?|0|0|1|80604|A=1|B=2|C:\\|112",
                        "Resume 1122334455667788",
                        "Terminate 1122334455667788 1",
                        "Wait 1122334455667788 ffffffff",
                        "ExitCode 1122334455667788",
                        "Attach 3",
                        "Free",
                        "Event 1 3",
                        "Read 1122334455667788 8 0",
                        "Write 1122334455667788 ab 0",
                        "Close 1122334455667788",
                        "");
    }

    private NativeLibrary echo() throws Exception {
        Optional<Path> compiler = Executables.find("cc", System.getenv("PATH"));
        if (compiler.isEmpty()) {
            System.out.println("skipped: needs cc (Debian: gcc, libc6-dev)");
        }
        assumeTrue(compiler.isPresent(), "needs cc");
        Path library = dir.resolve("libkernel32-echo.so");
        Process process = new ProcessBuilder(
                        compiler.get().toString(),
                        "-shared",
                        "-fPIC",
                        "-o",
                        library.toString(),
                        Path.of("src", "test", "c", "kernel32-echo.c").toString())
                .inheritIO()
                .start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
        return NativeLibrary.getInstance(library.toString());
    }
}
