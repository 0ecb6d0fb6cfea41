package io.hotplex.os;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;

/**
 * Starts processes of Windows, each in a job of its own before its first instruction, with no handle but its three
 * pipes. Closing the job ends all members, and Windows closes it when the JVM ends, however that ends. Stateless.
 *
 * <p>Where a process cannot be born in a job, it is started without running, put into the job, and then let run.
 */
final class JobSpawn {
    /** Two attributes have well under a hundred bytes each. */
    private static final long MAX_LIST_BYTES = 4096;
    /** What is thought of a command that Windows cannot run, as opposed to a system that lacks something. */
    private static final Set<Integer> UNUSABLE = Set.of(
            Win32.ERROR_FILE_NOT_FOUND,
            Win32.ERROR_PATH_NOT_FOUND,
            Win32.ERROR_ACCESS_DENIED,
            Win32.ERROR_BAD_EXE_FORMAT,
            Win32.ERROR_EXE_MACHINE_TYPE_MISMATCH,
            Win32.ERROR_ELEVATION_REQUIRED);
    /** What systems say that do not know the attribute, or do not allow it. */
    private static final Set<Integer> NOT_BORN_IN_JOBS =
            Set.of(Win32.ERROR_INVALID_PARAMETER, Win32.ERROR_NOT_SUPPORTED, Win32.ERROR_ACCESS_DENIED);

    private static final int PIPE_BYTES = 64 << 10;
    private static final int FLAGS = Win32.CREATE_NEW_PROCESS_GROUP
            | Win32.CREATE_UNICODE_ENVIRONMENT
            | Win32.CREATE_NO_WINDOW
            | Win32.EXTENDED_STARTUPINFO_PRESENT;

    private final Kernel32Calls calls;
    private final ArrayDeque<Long> owned = new ArrayDeque<>();

    private JobSpawn(Kernel32Calls calls) {
        this.calls = calls;
    }

    /** A started process: its id, and handles that the caller owns. */
    record Started(int pid, long process, long job, long stdin, long stdout, long stderr) {
        List<Long> handles() {
            return List.of(stdin, stdout, stderr, process, job);
        }
    }

    /**
     * Starts a process. Returns when it runs.
     *
     * @throws HotPlexException AGENT_START_FAILED with the number of Windows's error, or PROVIDER_UNAVAILABLE
     */
    static Started start(Kernel32Calls calls, WindowsCommand command, StartPlan plan) {
        JobSpawn spawn = new JobSpawn(calls);
        try {
            return spawn.start(command, plan);
        } finally {
            spawn.owned.forEach(calls::closeHandle); // whatever was thrown; when nothing was, the child's ends
        }
    }

    /** An empty job, to see whether there are such. */
    static void tryJob(Kernel32Calls calls) {
        JobSpawn spawn = new JobSpawn(calls);
        try {
            spawn.newJob();
        } finally {
            spawn.owned.forEach(calls::closeHandle);
        }
    }

    private Started start(WindowsCommand command, StartPlan plan) {
        long job = newJob();
        long[] stdin = newPipe();
        long[] stdout = newPipe();
        long[] stderr = newPipe();
        long[] childEnds = {stdin[0], stdout[1], stderr[1]};
        for (long end : childEnds) { // in the list below only what can be inherited is allowed
            require(
                    "SetHandleInformation",
                    calls.setHandleInformation(end, Win32.HANDLE_FLAG_INHERIT, Win32.HANDLE_FLAG_INHERIT));
        }
        byte[] information = create(command, plan, job, childEnds);
        long process = Win32.processHandle(information);
        List<Long> kept = List.of(process, job, stdin[1], stdout[0], stderr[0]);
        owned.removeAll(kept);
        return new Started(Win32.processId(information), process, job, stdin[1], stdout[0], stderr[0]);
    }

    private long newJob() {
        long job = calls.createJobObject();
        require("CreateJobObject", job != 0);
        owned.push(job);
        require(
                "SetInformationJobObject",
                calls.setInformationJobObject(
                        job, Win32.JOB_OBJECT_EXTENDED_LIMIT_INFORMATION, Win32.killOnCloseLimit()));
        return job;
    }

    private long[] newPipe() {
        long[] ends = new long[2];
        require("CreatePipe", calls.createPipe(ends, PIPE_BYTES));
        owned.push(ends[0]);
        owned.push(ends[1]);
        return ends;
    }

    /** @return PROCESS_INFORMATION, whose handles are owned */
    private byte[] create(WindowsCommand command, StartPlan plan, long job, long[] childEnds) {
        byte[] information = new byte[Win32.PROCESS_INFORMATION_BYTES];
        int error;
        try (Attributes attributes = new Attributes(2)) {
            attributes.add(Win32.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, childEnds);
            error = attributes.tryAdd(Win32.PROC_THREAD_ATTRIBUTE_JOB_LIST, job);
            error = error != 0 ? error : create(command, plan, FLAGS, childEnds, attributes, information);
        }
        if (error == 0) {
            return information;
        }
        if (!NOT_BORN_IN_JOBS.contains(error)) {
            throw failed(command, error);
        }
        try (Attributes attributes = new Attributes(1)) {
            attributes.add(Win32.PROC_THREAD_ATTRIBUTE_HANDLE_LIST, childEnds);
            error = create(command, plan, FLAGS | Win32.CREATE_SUSPENDED, childEnds, attributes, information);
        }
        if (error != 0) {
            throw failed(command, error);
        }
        putIntoJob(job, information);
        return information;
    }

    private int create(
            WindowsCommand command,
            StartPlan plan,
            int flags,
            long[] childEnds,
            Attributes attributes,
            byte[] information) {
        boolean created = calls.createProcess(
                Win32.text(command.application()),
                Win32.text(command.line()),
                true,
                flags,
                Win32.environmentBlock(plan.environment()),
                Win32.text(plan.workDir().toString()),
                Win32.startupInfo(childEnds[0], childEnds[1], childEnds[2], attributes.list),
                information);
        if (!created) {
            return calls.lastError();
        }
        owned.push(Win32.processHandle(information));
        owned.push(Win32.threadHandle(information));
        return 0;
    }

    private void putIntoJob(long job, byte[] information) {
        long process = Win32.processHandle(information);
        String failed = calls.assignProcessToJobObject(job, process)
                ? calls.resumeThread(Win32.threadHandle(information)) ? null : "ResumeThread"
                : "AssignProcessToJobObject";
        if (failed != null) {
            HotPlexException reason = failed(failed, calls.lastError());
            calls.terminateProcess(process, 1); // it has not run, and perhaps no job ends it
            throw reason;
        }
    }

    private void require(String what, boolean done) {
        if (!done) {
            throw failed(what, calls.lastError());
        }
    }

    private static HotPlexException failed(WindowsCommand command, int error) {
        return UNUSABLE.contains(error)
                ? new HotPlexException(
                        ErrorCode.PROVIDER_UNAVAILABLE,
                        "cannot run " + command.application() + ": Windows error " + error
                                + "; expected is a program for this machine that this user may run")
                : failed("cannot start " + command.application(), error);
    }

    private static HotPlexException failed(String what, int error) {
        return new HotPlexException(ErrorCode.AGENT_START_FAILED, what + ": Windows error " + error);
    }

    /** A list of attributes of a process to create, with the values that it points to. */
    private final class Attributes implements AutoCloseable {
        private final long list;
        private final ArrayDeque<Long> values = new ArrayDeque<>();

        Attributes(int count) {
            long[] bytes = new long[1];
            calls.initializeProcThreadAttributeList(0, count, bytes); // fails, and tells the size
            if (bytes[0] <= 0 || bytes[0] > MAX_LIST_BYTES) {
                throw failed("InitializeProcThreadAttributeList", calls.lastError());
            }
            list = calls.allocate((int) bytes[0]);
            if (!calls.initializeProcThreadAttributeList(list, count, bytes)) {
                HotPlexException reason = failed("InitializeProcThreadAttributeList", calls.lastError());
                calls.free(list);
                throw reason;
            }
        }

        void add(long attribute, long... handles) {
            int error = tryAdd(attribute, handles);
            if (error != 0) {
                throw failed("UpdateProcThreadAttribute", error);
            }
        }

        /** @return the error, or 0 */
        int tryAdd(long attribute, long... handles) {
            long value = calls.allocate(handles.length * Win32.HANDLE_BYTES);
            values.push(value);
            for (int i = 0; i < handles.length; i++) {
                calls.write(value + (long) i * Win32.HANDLE_BYTES, handles[i]);
            }
            boolean added =
                    calls.updateProcThreadAttribute(list, attribute, value, (long) handles.length * Win32.HANDLE_BYTES);
            return added ? 0 : calls.lastError();
        }

        @Override
        public void close() {
            calls.deleteProcThreadAttributeList(list);
            calls.free(list);
            values.forEach(calls::free);
        }
    }
}
