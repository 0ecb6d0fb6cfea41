package io.hotplex.os;

import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;

/** Writes to the handle of a pipe, and owns it. Confined to one thread. */
final class HandleOutput extends OutputStream {
    /** JNA copies what is written; this is as much as it copies at a time. */
    private static final int CHUNK_BYTES = 64 << 10;

    private final Kernel32Calls calls;
    private final long handle;
    private final int[] count = new int[1];
    private boolean closed;

    HandleOutput(Kernel32Calls calls, long handle) {
        this.calls = calls;
        this.handle = handle;
    }

    @Override
    public void write(int one) throws IOException {
        write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("closed");
        }
        int end = offset + length;
        for (int at = offset; at < end; at += count[0]) {
            int size = Math.min(end - at, CHUNK_BYTES);
            byte[] chunk = at == 0 && size == bytes.length ? bytes : Arrays.copyOfRange(bytes, at, at + size);
            if (!calls.writeFile(handle, chunk, size, count)) {
                throw new IOException("WriteFile: Windows error " + calls.lastError());
            }
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls.closeHandle(handle);
        }
    }
}
