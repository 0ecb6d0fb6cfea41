package io.hotplex.os;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/** The kernel32 of Wine, called through a program that runs there ({@code kernel32-server.c}). */
final class WineKernel32 implements Kernel32Calls, AutoCloseable {
    private final Process server;
    private final OutputStream requests;
    private final ReentrantLock lock = new ReentrantLock();
    private final AtomicLong ids = new AtomicLong();
    private final Map<Long, CompletableFuture<Answer>> open = new ConcurrentHashMap<>();
    private final ThreadLocal<Integer> lastError = ThreadLocal.withInitial(() -> 0);

    private record Answer(long result, int error, List<String> filled) {}

    /** When the server has ended: nothing works and nothing is filled. */
    private static final Answer GONE = new Answer(0, Win32.ERROR_BROKEN_PIPE, List.of("0", "0"));

    private WineKernel32(Process server) {
        this.server = server;
        this.requests = server.getOutputStream();
        Thread reader = new Thread(this::readAnswers, "wine-answers");
        reader.setDaemon(true);
        reader.start();
    }

    static WineKernel32 start() throws Exception {
        return new WineKernel32(Wine.builder(Wine.compile("kernel32-server")).start());
    }

    /** As the JVM dies. */
    void kill() {
        server.destroyForcibly();
    }

    boolean lives(long pid) {
        return call("lives", pid).result == 1;
    }

    long openHandles() {
        return call("handles").result;
    }

    @Override
    public void close() throws IOException {
        requests.close();
        server.onExit().completeOnTimeout(server, 20, TimeUnit.SECONDS).join();
        server.destroyForcibly();
    }

    private void readAnswers() {
        try (BufferedReader answers =
                new BufferedReader(new InputStreamReader(server.getInputStream(), StandardCharsets.US_ASCII))) {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                String[] parts = line.split(" ", -1);
                List<String> filled = List.of(parts).subList(3, parts.length);
                CompletableFuture<Answer> waiting = open.remove(Long.parseLong(parts[0]));
                if (waiting != null) {
                    waiting.complete(new Answer(Long.parseLong(parts[1]), Integer.parseInt(parts[2]), filled));
                }
            }
        } catch (IOException e) {
            // the server is gone
        }
        open.values().forEach(each -> each.complete(GONE));
    }

    private Answer call(String name, Object... arguments) {
        long id = ids.incrementAndGet();
        CompletableFuture<Answer> answer = new CompletableFuture<>();
        open.put(id, answer);
        StringBuilder request = new StringBuilder(id + " " + name);
        for (Object argument : arguments) {
            request.append(' ').append(argument instanceof byte[] bytes ? hex(bytes) : argument);
        }
        lock.lock();
        try {
            requests.write(request.append('\n').toString().getBytes(StandardCharsets.US_ASCII));
            requests.flush();
        } catch (IOException e) {
            answer.complete(GONE);
        } finally {
            lock.unlock();
        }
        Answer given = answer.join();
        lastError.set(given.error);
        return given;
    }

    private static String hex(byte[] bytes) {
        return bytes.length == 0 ? "-" : HexFormat.of().formatHex(bytes);
    }

    private static byte[] utf16(char[] text) {
        ByteBuffer bytes = ByteBuffer.allocate(text.length * 2).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asCharBuffer().put(text);
        return bytes.array();
    }

    private static int fill(byte[] into, String hex) {
        byte[] bytes = hex.length() < 2 ? new byte[0] : HexFormat.of().parseHex(hex);
        System.arraycopy(bytes, 0, into, 0, bytes.length);
        return bytes.length;
    }

    @Override
    public int lastError() {
        return lastError.get();
    }

    @Override
    public long allocate(int bytes) {
        return call("allocate", bytes).result;
    }

    @Override
    public void write(long address, long word) {
        call("write", address, word);
    }

    @Override
    public void free(long address) {
        call("free", address);
    }

    @Override
    public long createJobObject() {
        return call("createJob").result;
    }

    @Override
    public boolean setInformationJobObject(long job, int kind, byte[] information) {
        return call("setInformation", job, kind, information).result != 0;
    }

    @Override
    public boolean queryInformationJobObject(long job, int kind, byte[] information) {
        Answer answer = call("queryInformation", job, kind, information.length);
        fill(information, answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean assignProcessToJobObject(long job, long process) {
        return call("assign", job, process).result != 0;
    }

    @Override
    public boolean terminateJobObject(long job, int exitCode) {
        return call("terminateJob", job, exitCode).result != 0;
    }

    @Override
    public boolean createPipe(long[] ends, int bytes) {
        Answer answer = call("createPipe", bytes);
        ends[0] = Long.parseLong(answer.filled.get(0));
        ends[1] = Long.parseLong(answer.filled.get(1));
        return answer.result != 0;
    }

    @Override
    public boolean setHandleInformation(long handle, int mask, int flags) {
        return call("setHandle", handle, mask, flags).result != 0;
    }

    @Override
    public boolean initializeProcThreadAttributeList(long list, int count, long[] bytes) {
        Answer answer = call("initializeList", list, count, bytes[0]);
        bytes[0] = Long.parseLong(answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean updateProcThreadAttribute(long list, long attribute, long value, long bytes) {
        return call("updateList", list, attribute, value, bytes).result != 0;
    }

    @Override
    public void deleteProcThreadAttributeList(long list) {
        call("deleteList", list);
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
        Answer answer = call(
                "createProcess",
                utf16(application),
                utf16(commandLine),
                inheritHandles ? 1 : 0,
                flags,
                utf16(environment),
                utf16(workDir),
                startupInfo);
        fill(information, answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean resumeThread(long thread) {
        return call("resume", thread).result != 0;
    }

    @Override
    public boolean terminateProcess(long process, int exitCode) {
        return call("terminateProcess", process, exitCode).result != 0;
    }

    @Override
    public boolean waitForSingleObject(long handle) {
        return call("wait", handle).result != 0;
    }

    @Override
    public boolean getExitCodeProcess(long process, int[] exitCode) {
        Answer answer = call("exitCode", process);
        exitCode[0] = Integer.parseInt(answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean attachConsole(int pid) {
        return call("attachConsole", pid).result != 0;
    }

    @Override
    public boolean freeConsole() {
        return call("freeConsole").result != 0;
    }

    @Override
    public boolean generateConsoleCtrlEvent(int event, int group) {
        return call("consoleEvent", event, group).result != 0;
    }

    @Override
    public boolean readFile(long handle, byte[] into, int length, int[] count) {
        Answer answer = call("readFile", handle, length);
        count[0] = fill(into, answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean writeFile(long handle, byte[] from, int length, int[] count) {
        Answer answer = call("writeFile", handle, Arrays.copyOf(from, length));
        count[0] = Integer.parseInt(answer.filled.get(0));
        return answer.result != 0;
    }

    @Override
    public boolean closeHandle(long handle) {
        return call("close", handle).result != 0;
    }
}
