package io.hotplex.os;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Numbers and structures of the Windows API on 64-bit systems, all of which are little-endian. Sizes and offsets were
 * compared with those of a C compiler for Windows; {@code Win32LayoutTest} does it again where there is one.
 */
final class Win32 {
    static final int CREATE_SUSPENDED = 0x4;
    static final int CREATE_NEW_PROCESS_GROUP = 0x200;
    static final int CREATE_UNICODE_ENVIRONMENT = 0x400;
    static final int EXTENDED_STARTUPINFO_PRESENT = 0x80000;
    static final int CREATE_NO_WINDOW = 0x8000000;

    static final long PROC_THREAD_ATTRIBUTE_HANDLE_LIST = 0x20002;
    static final long PROC_THREAD_ATTRIBUTE_JOB_LIST = 0x2000D;

    static final int STARTF_USESTDHANDLES = 0x100;
    static final int HANDLE_FLAG_INHERIT = 1;
    static final int CTRL_BREAK_EVENT = 1;

    static final int JOB_OBJECT_BASIC_ACCOUNTING_INFORMATION = 1;
    static final int JOB_OBJECT_EXTENDED_LIMIT_INFORMATION = 9;
    static final int JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000;

    static final int ERROR_FILE_NOT_FOUND = 2;
    static final int ERROR_PATH_NOT_FOUND = 3;
    static final int ERROR_ACCESS_DENIED = 5;
    static final int ERROR_NOT_SUPPORTED = 50;
    static final int ERROR_INVALID_PARAMETER = 87;
    static final int ERROR_BROKEN_PIPE = 109;
    static final int ERROR_BAD_EXE_FORMAT = 193;
    static final int ERROR_EXE_MACHINE_TYPE_MISMATCH = 216;
    static final int ERROR_ELEVATION_REQUIRED = 740;
    /** Exit status of a process that CTRL_BREAK has ended. */
    static final int STATUS_CONTROL_C_EXIT = 0xC000013A;

    static final int HANDLE_BYTES = 8;
    static final int EXTENDED_LIMIT_BYTES = 144; // JOBOBJECT_EXTENDED_LIMIT_INFORMATION
    static final int LIMIT_FLAGS_OFFSET = 16; // BasicLimitInformation.LimitFlags
    static final int ACCOUNTING_BYTES = 48; // JOBOBJECT_BASIC_ACCOUNTING_INFORMATION
    static final int ACTIVE_PROCESSES_OFFSET = 40;
    static final int STARTUP_INFO_BYTES = 112; // STARTUPINFOEXW
    static final int STARTUP_FLAGS_OFFSET = 60;
    static final int STANDARD_HANDLES_OFFSET = 80; // hStdInput, hStdOutput, hStdError
    static final int ATTRIBUTE_LIST_OFFSET = 104;
    static final int PROCESS_INFORMATION_BYTES = 24;
    static final int THREAD_HANDLE_OFFSET = 8;
    static final int PROCESS_ID_OFFSET = 16;

    /** How Windows wants variables sorted: by their names in capital letters. That also makes such names equal. */
    static final Comparator<String> NAMES = Win32::compareNames;

    private Win32() {}

    /** JOBOBJECT_EXTENDED_LIMIT_INFORMATION: kills all members with the last handle, lets nobody break away. */
    static byte[] killOnCloseLimit() {
        return structure(EXTENDED_LIMIT_BYTES)
                .putInt(LIMIT_FLAGS_OFFSET, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE)
                .array();
    }

    /** Of a filled JOBOBJECT_BASIC_ACCOUNTING_INFORMATION. */
    static int activeProcesses(byte[] accounting) {
        return view(accounting).getInt(ACTIVE_PROCESSES_OFFSET);
    }

    /** STARTUPINFOEXW. */
    static byte[] startupInfo(long stdin, long stdout, long stderr, long attributes) {
        return structure(STARTUP_INFO_BYTES)
                .putInt(0, STARTUP_INFO_BYTES)
                .putInt(STARTUP_FLAGS_OFFSET, STARTF_USESTDHANDLES)
                .putLong(STANDARD_HANDLES_OFFSET, stdin)
                .putLong(STANDARD_HANDLES_OFFSET + HANDLE_BYTES, stdout)
                .putLong(STANDARD_HANDLES_OFFSET + 2 * HANDLE_BYTES, stderr)
                .putLong(ATTRIBUTE_LIST_OFFSET, attributes)
                .array();
    }

    /** Of a filled PROCESS_INFORMATION. */
    static long processHandle(byte[] information) {
        return view(information).getLong(0);
    }

    /** Of a filled PROCESS_INFORMATION. */
    static long threadHandle(byte[] information) {
        return view(information).getLong(THREAD_HANDLE_OFFSET);
    }

    /** Of a filled PROCESS_INFORMATION. */
    static int processId(byte[] information) {
        return view(information).getInt(PROCESS_ID_OFFSET);
    }

    /** A text with its NUL. */
    static char[] text(String text) {
        return (text + '\0').toCharArray();
    }

    /** All variables of a process, sorted, each with a NUL, and one more NUL. */
    static char[] environmentBlock(Map<String, String> variables) {
        Map<String, String> sorted = new TreeMap<>(NAMES);
        sorted.putAll(variables);
        StringBuilder block = new StringBuilder();
        sorted.forEach(
                (name, value) -> block.append(name).append('=').append(value).append('\0'));
        if (block.isEmpty()) {
            block.append('\0');
        }
        return block.append('\0').toString().toCharArray();
    }

    private static int compareNames(String one, String other) {
        int length = Math.min(one.length(), other.length());
        for (int i = 0; i < length; i++) {
            int difference = Character.toUpperCase(one.charAt(i)) - Character.toUpperCase(other.charAt(i));
            if (difference != 0) {
                return difference;
            }
        }
        return one.length() - other.length();
    }

    private static ByteBuffer structure(int bytes) {
        return view(new byte[bytes]);
    }

    private static ByteBuffer view(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
