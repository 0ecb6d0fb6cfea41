package io.hotplex.os;

/**
 * The functions of {@code kernel32.dll} that the Windows launcher calls, as Windows defines them: handles and addresses
 * are numbers, structures are their bytes ({@link Win32}), texts are UTF-16 with a terminating NUL. An interface, so
 * that what is above of it runs without Windows. Thread-safe.
 *
 * <p>Where a function fails, {@link #lastError} tells why, to the same thread and until its next call.
 */
interface Kernel32Calls {
    /** Error number of the calling thread's last call that failed. */
    int lastError();

    /** Zeroed memory that stays where it is, to be given back with {@link #free}. */
    long allocate(int bytes);

    /** Writes a word of eight bytes. */
    void write(long address, long word);

    void free(long address);

    /** An unnamed job whose handle no child inherits; 0 when it fails. */
    long createJobObject();

    boolean setInformationJobObject(long job, int kind, byte[] information);

    /** @param information is filled */
    boolean queryInformationJobObject(long job, int kind, byte[] information);

    boolean assignProcessToJobObject(long job, long process);

    boolean terminateJobObject(long job, int exitCode);

    /** @param ends gets the handle to read from and the handle to write to; no child inherits them */
    boolean createPipe(long[] ends, int bytes);

    boolean setHandleInformation(long handle, int mask, int flags);

    /**
     * @param list 0 to ask for the size
     * @param bytes size of the list
     */
    boolean initializeProcThreadAttributeList(long list, int count, long[] bytes);

    /** @param value address of the value, which has to stay until the list is deleted */
    boolean updateProcThreadAttribute(long list, long attribute, long value, long bytes);

    void deleteProcThreadAttributeList(long list);

    /**
     * @param commandLine may be changed
     * @param information is filled
     */
    boolean createProcess(
            char[] application,
            char[] commandLine,
            boolean inheritHandles,
            int flags,
            char[] environment,
            char[] workDir,
            byte[] startupInfo,
            byte[] information);

    boolean resumeThread(long thread);

    boolean terminateProcess(long process, int exitCode);

    /** Waits without a limit; the one call, besides reading and writing, that blocks. */
    boolean waitForSingleObject(long handle);

    boolean getExitCodeProcess(long process, int[] exitCode);

    boolean attachConsole(int pid);

    boolean freeConsole();

    boolean generateConsoleCtrlEvent(int event, int group);

    /** Blocks until there is something. */
    boolean readFile(long handle, byte[] into, int length, int[] count);

    /** Blocks until all is written. */
    boolean writeFile(long handle, byte[] from, int length, int[] count);

    boolean closeHandle(long handle);
}
