package io.hotplex.os;

import com.sun.jna.Pointer;
import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Starts processes with {@code posix_spawn}: in a session and group of their own before their first instruction, with
 * clean signal state, and with no descriptor but 0, 1 and 2. Stateless.
 */
final class PosixSpawn {
    private static final int SETSIGDEF = 4;
    private static final int SETSIGMASK = 8;
    /** More than any known {@code posix_spawn_file_actions_t}, {@code posix_spawnattr_t} or {@code sigset_t}. */
    private static final int OPAQUE_BYTES = 1024;

    private PosixSpawn() {}

    /** A started process and our ends of its pipes, all non-blocking. */
    record Child(int pid, int stdin, int stdout, int stderr) {}

    /**
     * Starts a process. Returns when it runs its program.
     *
     * @throws HotPlexException AGENT_START_FAILED with the system's reason, or PROVIDER_UNAVAILABLE
     */
    static Child start(StartPlan plan) {
        List<Pipe> pipes = new ArrayList<>(3);
        Child child = null;
        try {
            for (int i = 0; i < 3; i++) {
                pipes.add(Pipe.open());
            }
            Pipe in = pipes.get(0);
            Pipe out = pipes.get(1);
            Pipe err = pipes.get(2);
            for (int own : new int[] {in.writeEnd(), out.readEnd(), err.readEnd()}) {
                require("fcntl", LibC.setNonBlocking(own));
            }
            int pid = spawn(plan, in.readEnd(), out.writeEnd(), err.writeEnd());
            child = new Child(pid, in.writeEnd(), out.readEnd(), err.readEnd());
        } finally {
            if (child == null) { // whatever was thrown
                pipes.forEach(Pipe::close);
            }
        }
        LibC.close(pipes.get(0).readEnd());
        LibC.close(pipes.get(1).writeEnd());
        LibC.close(pipes.get(2).writeEnd());
        return child;
    }

    private static int spawn(StartPlan plan, int stdin, int stdout, int stderr) {
        Pointer opaque = LibC.allocate(3L * OPAQUE_BYTES);
        Pointer actions = opaque;
        Pointer attributes = opaque.share(OPAQUE_BYTES);
        Pointer signals = opaque.share(2L * OPAQUE_BYTES);
        try (CStrings path = new CStrings(List.of(plan.program().toString()));
                CStrings workDir = new CStrings(List.of(plan.workDir().toString()));
                CStrings argv = new CStrings(plan.command());
                CStrings envp = new CStrings(assignments(plan.environment()))) {
            require("file_actions_init", LibC.posix_spawn_file_actions_init(actions));
            require("attr_init", LibC.posix_spawnattr_init(attributes));
            try {
                addActions(actions, workDir.first(), stdin, stdout, stderr);
                setAttributes(attributes, signals);
                int[] pid = new int[1];
                int error = LibC.posix_spawn(pid, path.first(), actions, attributes, argv.vector(), envp.vector());
                if (error == LibC.ENOENT || error == LibC.EACCES) {
                    throw new HotPlexException(
                            ErrorCode.PROVIDER_UNAVAILABLE,
                            "cannot run " + plan.program() + ", or the interpreter that it names: "
                                    + LibC.strerror(error));
                }
                require("cannot start " + plan.program(), error);
                return pid[0];
            } finally {
                LibC.posix_spawn_file_actions_destroy(actions);
                LibC.posix_spawnattr_destroy(attributes);
            }
        } finally {
            LibC.free(opaque);
        }
    }

    private static void addActions(Pointer actions, Pointer workDir, int stdin, int stdout, int stderr) {
        require("addchdir", LibC.posix_spawn_file_actions_addchdir_np(actions, workDir));
        require("adddup2", LibC.posix_spawn_file_actions_adddup2(actions, stdin, 0));
        require("adddup2", LibC.posix_spawn_file_actions_adddup2(actions, stdout, 1));
        require("adddup2", LibC.posix_spawn_file_actions_adddup2(actions, stderr, 2));
        if (!Abi.MAC) { // a JVM's descriptors are inheritable; macOS has a flag for this
            require("addclosefrom", LinuxLibC.posix_spawn_file_actions_addclosefrom_np(actions, 3));
        }
    }

    private static void setAttributes(Pointer attributes, Pointer signals) {
        int flags = SETSIGDEF | SETSIGMASK | Abi.CURRENT.spawnFlags();
        require("setflags", LibC.posix_spawnattr_setflags(attributes, (short) flags));
        LibC.sigemptyset(signals);
        require("setsigmask", LibC.posix_spawnattr_setsigmask(attributes, signals));
        LibC.sigfillset(signals);
        require("setsigdefault", LibC.posix_spawnattr_setsigdefault(attributes, signals));
    }

    private static List<String> assignments(Map<String, String> environment) {
        List<String> assignments = new ArrayList<>(environment.size());
        environment.forEach((name, value) -> assignments.add(name + "=" + value));
        return assignments;
    }

    private static void require(String what, int error) {
        if (error != 0) {
            throw new HotPlexException(ErrorCode.AGENT_START_FAILED, what + ": " + LibC.strerror(error));
        }
    }

    /** A null-terminated vector of C strings in one block of memory. */
    private static final class CStrings implements AutoCloseable {
        private final Pointer block;

        CStrings(List<String> texts) {
            List<byte[]> encoded = texts.stream()
                    .map(each -> each.getBytes(StandardCharsets.UTF_8))
                    .toList();
            long vectorBytes = 8L * (texts.size() + 1);
            long bytes = encoded.stream().mapToLong(each -> each.length + 1L).sum();
            block = LibC.allocate(vectorBytes + bytes); // zeroed, so all ends are there
            long at = vectorBytes;
            for (int i = 0; i < encoded.size(); i++) {
                byte[] text = encoded.get(i);
                block.setPointer(8L * i, block.share(at));
                block.write(at, text, 0, text.length);
                at += text.length + 1;
            }
        }

        Pointer vector() {
            return block;
        }

        Pointer first() {
            return block.getPointer(0);
        }

        @Override
        public void close() {
            LibC.free(block);
        }
    }
}
