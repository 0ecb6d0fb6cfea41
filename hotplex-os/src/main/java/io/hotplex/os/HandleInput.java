package io.hotplex.os;

import java.io.IOException;
import java.io.InputStream;

/** Reads from the handle of a pipe, and owns it. Confined to one thread. */
final class HandleInput extends InputStream {
    private final Kernel32Calls calls;
    private final long handle;
    private final int[] count = new int[1];
    private boolean closed;

    HandleInput(Kernel32Calls calls, long handle) {
        this.calls = calls;
        this.handle = handle;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        if (closed) {
            throw new IOException("closed");
        }
        if (length == 0) {
            return 0;
        }
        byte[] target = offset == 0 ? into : new byte[length];
        do { // somebody may write nothing, which is no end
            if (!calls.readFile(handle, target, length, count)) {
                int error = calls.lastError();
                if (error == Win32.ERROR_BROKEN_PIPE) {
                    return -1;
                }
                throw new IOException("ReadFile: Windows error " + error);
            }
        } while (count[0] == 0);
        if (offset != 0) {
            System.arraycopy(target, 0, into, offset, count[0]);
        }
        return count[0];
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            calls.closeHandle(handle);
        }
    }
}
