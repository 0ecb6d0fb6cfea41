package io.hotplex.core.internal.pool;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Decides where agents may work: links are resolved before the comparison. Immutable. */
final class WorkDirs {
    private final List<Path> roots;

    /**
     * @param roots directories below which agents may work; empty for everywhere
     * @throws HotPlexException CONFIG_INVALID when a root does not exist
     */
    WorkDirs(List<Path> roots) {
        List<Path> real = new ArrayList<>();
        for (Path root : roots) {
            try {
                real.add(root.toRealPath());
            } catch (IOException e) {
                throw new HotPlexException(
                        ErrorCode.CONFIG_INVALID, "work-dir-roots: '" + root + "' does not exist", e);
            }
        }
        this.roots = List.copyOf(real);
    }

    /** The real path of a working directory, or a typed refusal. */
    Path check(Path workDir) {
        if (!workDir.isAbsolute()) {
            throw new HotPlexException(
                    ErrorCode.WORK_DIR_NOT_ABSOLUTE, "workDir: '" + workDir + "' is relative: give an absolute path");
        }
        Path real;
        try {
            real = workDir.toRealPath();
        } catch (IOException e) {
            throw new HotPlexException(
                    ErrorCode.WORK_DIR_NOT_FOUND, "workDir: '" + workDir + "' does not exist: create it first", e);
        }
        if (!Files.isDirectory(real)) {
            throw new HotPlexException(
                    ErrorCode.WORK_DIR_NOT_A_DIRECTORY, "workDir: '" + workDir + "' is not a directory");
        }
        if (!roots.isEmpty() && roots.stream().noneMatch(real::startsWith)) {
            throw new HotPlexException(
                    ErrorCode.WORK_DIR_FORBIDDEN,
                    "workDir: '" + workDir + "' lies outside of the allowed directories (work-dir-roots)");
        }
        return real;
    }
}
