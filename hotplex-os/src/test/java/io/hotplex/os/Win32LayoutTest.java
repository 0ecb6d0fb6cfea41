package io.hotplex.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Win32LayoutTest {
    /** What the documentation of Windows says, by expressions of C. */
    private static final Map<String, Long> DOCUMENTED = new LinkedHashMap<>();

    private static final Map<String, Long> OURS = new LinkedHashMap<>();

    static {
        put("CREATE_SUSPENDED", 0x4, Win32.CREATE_SUSPENDED);
        put("CREATE_NEW_PROCESS_GROUP", 0x200, Win32.CREATE_NEW_PROCESS_GROUP);
        put("CREATE_UNICODE_ENVIRONMENT", 0x400, Win32.CREATE_UNICODE_ENVIRONMENT);
        put("EXTENDED_STARTUPINFO_PRESENT", 0x80000, Win32.EXTENDED_STARTUPINFO_PRESENT);
        put("CREATE_NO_WINDOW", 0x8000000, Win32.CREATE_NO_WINDOW);
        put("PROC_THREAD_ATTRIBUTE_HANDLE_LIST", 0x20002, Win32.PROC_THREAD_ATTRIBUTE_HANDLE_LIST);
        put("PROC_THREAD_ATTRIBUTE_JOB_LIST", 0x2000D, Win32.PROC_THREAD_ATTRIBUTE_JOB_LIST);
        put("STARTF_USESTDHANDLES", 0x100, Win32.STARTF_USESTDHANDLES);
        put("HANDLE_FLAG_INHERIT", 1, Win32.HANDLE_FLAG_INHERIT);
        put("CTRL_BREAK_EVENT", 1, Win32.CTRL_BREAK_EVENT);
        put("JobObjectBasicAccountingInformation", 1, Win32.JOB_OBJECT_BASIC_ACCOUNTING_INFORMATION);
        put("JobObjectExtendedLimitInformation", 9, Win32.JOB_OBJECT_EXTENDED_LIMIT_INFORMATION);
        put("JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE", 0x2000, Win32.JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE);
        put("ERROR_FILE_NOT_FOUND", 2, Win32.ERROR_FILE_NOT_FOUND);
        put("ERROR_PATH_NOT_FOUND", 3, Win32.ERROR_PATH_NOT_FOUND);
        put("ERROR_ACCESS_DENIED", 5, Win32.ERROR_ACCESS_DENIED);
        put("ERROR_NOT_SUPPORTED", 50, Win32.ERROR_NOT_SUPPORTED);
        put("ERROR_INVALID_PARAMETER", 87, Win32.ERROR_INVALID_PARAMETER);
        put("ERROR_BROKEN_PIPE", 109, Win32.ERROR_BROKEN_PIPE);
        put("ERROR_BAD_EXE_FORMAT", 193, Win32.ERROR_BAD_EXE_FORMAT);
        put("ERROR_EXE_MACHINE_TYPE_MISMATCH", 216, Win32.ERROR_EXE_MACHINE_TYPE_MISMATCH);
        put("ERROR_ELEVATION_REQUIRED", 740, Win32.ERROR_ELEVATION_REQUIRED);
        put("(int)STATUS_CONTROL_C_EXIT", 0xC000013A, Win32.STATUS_CONTROL_C_EXIT);
        put("sizeof(HANDLE)", 8, Win32.HANDLE_BYTES);
        put("sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION)", 144, Win32.EXTENDED_LIMIT_BYTES);
        put(
                "offsetof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION, BasicLimitInformation.LimitFlags)",
                16,
                Win32.LIMIT_FLAGS_OFFSET);
        put("sizeof(JOBOBJECT_BASIC_ACCOUNTING_INFORMATION)", 48, Win32.ACCOUNTING_BYTES);
        put("offsetof(JOBOBJECT_BASIC_ACCOUNTING_INFORMATION, ActiveProcesses)", 40, Win32.ACTIVE_PROCESSES_OFFSET);
        put("sizeof(STARTUPINFOEXW)", 112, Win32.STARTUP_INFO_BYTES);
        put("offsetof(STARTUPINFOEXW, StartupInfo.dwFlags)", 60, Win32.STARTUP_FLAGS_OFFSET);
        put("offsetof(STARTUPINFOEXW, StartupInfo.hStdInput)", 80, Win32.STANDARD_HANDLES_OFFSET);
        put("offsetof(STARTUPINFOEXW, StartupInfo.hStdOutput)", 88, Win32.STANDARD_HANDLES_OFFSET + 8);
        put("offsetof(STARTUPINFOEXW, StartupInfo.hStdError)", 96, Win32.STANDARD_HANDLES_OFFSET + 16);
        put("offsetof(STARTUPINFOEXW, lpAttributeList)", 104, Win32.ATTRIBUTE_LIST_OFFSET);
        put("sizeof(PROCESS_INFORMATION)", 24, Win32.PROCESS_INFORMATION_BYTES);
        put("offsetof(PROCESS_INFORMATION, hProcess)", 0, 0);
        put("offsetof(PROCESS_INFORMATION, hThread)", 8, Win32.THREAD_HANDLE_OFFSET);
        put("offsetof(PROCESS_INFORMATION, dwProcessId)", 16, Win32.PROCESS_ID_OFFSET);
    }

    @TempDir
    Path dir;

    private static void put(String expression, long documented, long ours) {
        DOCUMENTED.put(expression, documented);
        OURS.put(expression, ours);
    }

    @Test
    void numbersAreThoseOfTheDocumentation() {
        assertThat(OURS).containsExactlyEntriesOf(DOCUMENTED);
    }

    @Test
    void numbersAreThoseOfACompilerForWindows() throws Exception {
        Wine.assumeInstalled();
        StringBuilder program = new StringBuilder("""
                #define WIN32_NO_STATUS
                #define _WIN32_WINNT 0x0A00
                #include <windows.h>
                #undef WIN32_NO_STATUS
                #include <ntstatus.h>
                #include <stddef.h>
                #include <stdio.h>
                #ifndef ERROR_ELEVATION_REQUIRED
                #define ERROR_ELEVATION_REQUIRED 740 /* older headers lack it */
                #endif
                int main(void) {
                """);
        for (String expression : OURS.keySet()) {
            program.append("printf(\"%lld\\n\", (long long)(")
                    .append(expression)
                    .append("));\n");
        }
        Path source = Files.writeString(dir.resolve("layout.c"), program.append("}\n"));

        List<String> printed = Wine.run(Wine.compile(source, "layout")).lines().toList();

        List<String> expressions = new ArrayList<>(OURS.keySet());
        assertThat(printed).hasSameSizeAs(expressions);
        for (int i = 0; i < printed.size(); i++) {
            assertThat(Long.parseLong(printed.get(i).strip()))
                    .as(expressions.get(i))
                    .isEqualTo(OURS.get(expressions.get(i)));
        }
    }

    @Test
    void structuresHaveTheirFieldsThere() {
        assertThat(Win32.killOnCloseLimit()).hasSize(144).containsSubsequence(0, 0x20, 0);
        byte[] startup = Win32.startupInfo(0x11, 0x22, 0x33, 0x44);
        assertThat(startup).hasSize(112);
        assertThat(List.of(startup[0], startup[61], startup[80], startup[88], startup[96], startup[104]))
                .containsExactly((byte) 112, (byte) 1, (byte) 0x11, (byte) 0x22, (byte) 0x33, (byte) 0x44);
    }
}
