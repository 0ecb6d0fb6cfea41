package io.hotplex.os;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * A kernel32 that writes down the calls of one start, gives out handles, fails where it is told to, and knows what is
 * still open. Handles that are closed twice, or that it never gave, are errors.
 */
final class FakeKernel32 implements Kernel32Calls {
    static final int PID = 4711;

    final List<String> calls = new CopyOnWriteArrayList<>();
    final Set<Long> openHandles = new TreeSet<>();
    final Set<Long> allocated = new TreeSet<>();
    final Map<String, Integer> failures = new HashMap<>();
    final List<String> killed = new CopyOnWriteArrayList<>();
    final CountDownLatch processEnded = new CountDownLatch(1);
    int exitCode;
    int activeProcesses;
    char[] environment = {};
    private final Map<Long, String> names = new HashMap<>();
    private final Map<Long, Long> words = new HashMap<>();
    private long next = 0x100;
    private int error;

    /** Fails a call: {@code name} for its first, {@code name#2} for its second. */
    FakeKernel32 failing(String call, int with) {
        failures.put(call, with);
        return this;
    }

    private synchronized boolean done(String function, String details) {
        String call = details.isEmpty() ? function : function + " " + details;
        calls.add(call);
        long number = calls.stream()
                .filter(each -> (each + " ").startsWith(function + " "))
                .count();
        Integer failure = failures.get(number == 1 ? function : function + "#" + number);
        error = failure == null ? 0 : failure;
        return failure == null;
    }

    private synchronized long give(String name) {
        long handle = next++;
        openHandles.add(handle);
        names.put(handle, name);
        return handle;
    }

    private synchronized String name(long handle) {
        String name = names.get(handle);
        if (name == null || !openHandles.contains(handle)) {
            throw new AssertionError("no open handle: " + name + " " + handle);
        }
        return name;
    }

    @Override
    public int lastError() {
        return error;
    }

    @Override
    public synchronized long allocate(int bytes) {
        long address = next;
        next += bytes;
        allocated.add(address);
        return address;
    }

    @Override
    public void write(long address, long word) {
        words.put(address, word);
    }

    @Override
    public synchronized void free(long address) {
        if (!allocated.remove(address)) {
            throw new AssertionError("not allocated: " + address);
        }
    }

    @Override
    public long createJobObject() {
        return done("createJobObject", "") ? give("job") : 0;
    }

    @Override
    public boolean setInformationJobObject(long job, int kind, byte[] information) {
        return done(
                "setInformationJobObject", name(job) + " " + kind + " 0x" + Integer.toHexString(information[17] << 8));
    }

    @Override
    public boolean queryInformationJobObject(long job, int kind, byte[] information) {
        information[Win32.ACTIVE_PROCESSES_OFFSET] = (byte) activeProcesses;
        return done("queryInformationJobObject", name(job) + " " + kind);
    }

    @Override
    public boolean assignProcessToJobObject(long job, long process) {
        return done("assignProcessToJobObject", name(job) + " " + name(process));
    }

    @Override
    public boolean terminateJobObject(long job, int exitCode) {
        killed.add(name(job));
        return done("terminateJobObject", name(job) + " " + exitCode);
    }

    @Override
    public boolean createPipe(long[] ends, int bytes) {
        if (!done("createPipe", "")) {
            return false;
        }
        String name = List.of("stdin", "stdout", "stderr")
                .get((int) calls.stream().filter("createPipe"::equals).count() - 1);
        ends[0] = give(name + ".read");
        ends[1] = give(name + ".write");
        return true;
    }

    @Override
    public boolean setHandleInformation(long handle, int mask, int flags) {
        return done("setHandleInformation", name(handle) + " " + mask + " " + flags);
    }

    @Override
    public boolean initializeProcThreadAttributeList(long list, int count, long[] bytes) {
        if (list == 0) {
            bytes[0] = 48;
            error = 122;
            return false;
        }
        return done("initializeAttributes", Integer.toString(count));
    }

    @Override
    public boolean updateProcThreadAttribute(long list, long attribute, long value, long bytes) {
        StringBuilder details = new StringBuilder("0x" + Long.toHexString(attribute));
        for (long at = value; at < value + bytes; at += Win32.HANDLE_BYTES) {
            details.append(' ').append(name(words.getOrDefault(at, 0L)));
        }
        return done("updateAttribute", details.toString());
    }

    @Override
    public void deleteProcThreadAttributeList(long list) {
        done("deleteAttributes", "");
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
        this.environment = environment;
        if (!done("createProcess", "0x" + Integer.toHexString(flags) + " " + inheritHandles)) {
            return false;
        }
        java.nio.ByteBuffer.wrap(information)
                .order(java.nio.ByteOrder.LITTLE_ENDIAN)
                .putLong(give("process"))
                .putLong(give("thread"))
                .putInt(PID);
        return true;
    }

    @Override
    public boolean resumeThread(long thread) {
        return done("resumeThread", name(thread));
    }

    @Override
    public boolean terminateProcess(long process, int exitCode) {
        killed.add(name(process));
        return done("terminateProcess", name(process));
    }

    @Override
    public boolean waitForSingleObject(long handle) {
        name(handle);
        try {
            processEnded.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return done("waitForSingleObject", name(handle));
    }

    @Override
    public boolean getExitCodeProcess(long process, int[] exitCode) {
        exitCode[0] = this.exitCode;
        return done("getExitCodeProcess", name(process));
    }

    @Override
    public boolean attachConsole(int pid) {
        return done("attachConsole", Integer.toString(pid));
    }

    @Override
    public boolean freeConsole() {
        return done("freeConsole", "");
    }

    @Override
    public boolean generateConsoleCtrlEvent(int event, int group) {
        return done("generateConsoleCtrlEvent", event + " " + group);
    }

    @Override
    public boolean readFile(long handle, byte[] into, int length, int[] count) {
        name(handle);
        done("readFile", "");
        error = Win32.ERROR_BROKEN_PIPE;
        return false;
    }

    @Override
    public boolean writeFile(long handle, byte[] from, int length, int[] count) {
        count[0] = length;
        return done("writeFile", name(handle) + " " + length);
    }

    @Override
    public synchronized boolean closeHandle(long handle) {
        String name = name(handle);
        openHandles.remove(handle);
        return done("closeHandle", name);
    }

    /** What is open, by name. */
    synchronized List<String> openNames() {
        return openHandles.stream()
                .map(handle -> names.getOrDefault(handle, "?"))
                .toList();
    }
}
