package io.hotplex.os;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;

/**
 * {@link Kernel32Calls} through JNA. Handles are passed as {@code long}, so a 64-bit system is required. BOOL is an
 * {@code int} here, since any value but 0 means true. Thread-safe.
 */
final class Kernel32 implements Kernel32Calls {
    private static final int INFINITE = -1;
    private static final int FAILED = -1;

    private Kernel32() {}

    /**
     * Binds all functions to a library, for all instances.
     *
     * @param library {@code kernel32}
     * @throws UnsatisfiedLinkError when a function is missing or JNA cannot load
     */
    static Kernel32 bind(NativeLibrary library) {
        Native.register(Kernel32.class, library);
        return new Kernel32();
    }

    private static native long CreateJobObjectW(long attributes, long name);

    private static native int SetInformationJobObject(long job, int kind, byte[] information, int length);

    private static native int QueryInformationJobObject(
            long job, int kind, byte[] information, int length, long returnedLength);

    private static native int AssignProcessToJobObject(long job, long process);

    private static native int TerminateJobObject(long job, int exitCode);

    private static native int CreatePipe(long[] read, long[] write, long attributes, int bytes);

    private static native int SetHandleInformation(long handle, int mask, int flags);

    private static native int InitializeProcThreadAttributeList(long list, int count, int flags, long[] bytes);

    private static native int UpdateProcThreadAttribute(
            long list, int flags, long attribute, long value, long bytes, long previous, long returnedLength);

    private static native void DeleteProcThreadAttributeList(long list);

    private static native int CreateProcessW(
            char[] application,
            char[] commandLine,
            long processAttributes,
            long threadAttributes,
            int inheritHandles,
            int flags,
            char[] environment,
            char[] workDir,
            byte[] startupInfo,
            byte[] information);

    private static native int ResumeThread(long thread);

    private static native int TerminateProcess(long process, int exitCode);

    private static native int WaitForSingleObject(long handle, int millis);

    private static native int GetExitCodeProcess(long process, int[] exitCode);

    private static native int AttachConsole(int pid);

    private static native int FreeConsole();

    private static native int GenerateConsoleCtrlEvent(int event, int group);

    private static native int ReadFile(long handle, byte[] into, int length, int[] count, long overlapped);

    private static native int WriteFile(long handle, byte[] from, int length, int[] count, long overlapped);

    private static native int CloseHandle(long handle);

    @Override
    public int lastError() {
        return Native.getLastError();
    }

    @Override
    public long allocate(int bytes) {
        long address = Native.malloc(bytes);
        if (address == 0) {
            throw new OutOfMemoryError("malloc of " + bytes + " bytes");
        }
        new Pointer(address).clear(bytes);
        return address;
    }

    @Override
    public void write(long address, long word) {
        new Pointer(address).setLong(0, word);
    }

    @Override
    public void free(long address) {
        Native.free(address);
    }

    @Override
    public long createJobObject() {
        return CreateJobObjectW(0, 0);
    }

    @Override
    public boolean setInformationJobObject(long job, int kind, byte[] information) {
        return SetInformationJobObject(job, kind, information, information.length) != 0;
    }

    @Override
    public boolean queryInformationJobObject(long job, int kind, byte[] information) {
        return QueryInformationJobObject(job, kind, information, information.length, 0) != 0;
    }

    @Override
    public boolean assignProcessToJobObject(long job, long process) {
        return AssignProcessToJobObject(job, process) != 0;
    }

    @Override
    public boolean terminateJobObject(long job, int exitCode) {
        return TerminateJobObject(job, exitCode) != 0;
    }

    @Override
    public boolean createPipe(long[] ends, int bytes) {
        long[] read = new long[1];
        long[] write = new long[1];
        boolean made = CreatePipe(read, write, 0, bytes) != 0;
        ends[0] = read[0];
        ends[1] = write[0];
        return made;
    }

    @Override
    public boolean setHandleInformation(long handle, int mask, int flags) {
        return SetHandleInformation(handle, mask, flags) != 0;
    }

    @Override
    public boolean initializeProcThreadAttributeList(long list, int count, long[] bytes) {
        return InitializeProcThreadAttributeList(list, count, 0, bytes) != 0;
    }

    @Override
    public boolean updateProcThreadAttribute(long list, long attribute, long value, long bytes) {
        return UpdateProcThreadAttribute(list, 0, attribute, value, bytes, 0, 0) != 0;
    }

    @Override
    public void deleteProcThreadAttributeList(long list) {
        DeleteProcThreadAttributeList(list);
    }

    @Override
    public boolean createProcess(
            char[] application,
            char[] commandLine,
            boolean inheritHandles,
            int flags,
            char[] environment,
            char[] workDir,
            byte[] startupInfo,
            byte[] information) {
        int inherit = inheritHandles ? 1 : 0;
        return CreateProcessW(
                        application, commandLine, 0, 0, inherit, flags, environment, workDir, startupInfo, information)
                != 0;
    }

    @Override
    public boolean resumeThread(long thread) {
        return ResumeThread(thread) != FAILED;
    }

    @Override
    public boolean terminateProcess(long process, int exitCode) {
        return TerminateProcess(process, exitCode) != 0;
    }

    @Override
    public boolean waitForSingleObject(long handle) {
        return WaitForSingleObject(handle, INFINITE) == 0;
    }

    @Override
    public boolean getExitCodeProcess(long process, int[] exitCode) {
        return GetExitCodeProcess(process, exitCode) != 0;
    }

    @Override
    public boolean attachConsole(int pid) {
        return AttachConsole(pid) != 0;
    }

    @Override
    public boolean freeConsole() {
        return FreeConsole() != 0;
    }

    @Override
    public boolean generateConsoleCtrlEvent(int event, int group) {
        return GenerateConsoleCtrlEvent(event, group) != 0;
    }

    @Override
    public boolean readFile(long handle, byte[] into, int length, int[] count) {
        return ReadFile(handle, into, length, count, 0) != 0;
    }

    @Override
    public boolean writeFile(long handle, byte[] from, int length, int[] count) {
        return WriteFile(handle, from, length, count, 0) != 0;
    }

    @Override
    public boolean closeHandle(long handle) {
        return CloseHandle(handle) != 0;
    }
}
