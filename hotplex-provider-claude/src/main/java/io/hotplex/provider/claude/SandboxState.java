package io.hotplex.provider.claude;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Makes what Claude keeps, for the user alone, before a sandbox that it cannot be made in. Stateless. */
final class SandboxState {
    private static final FileAttribute<?> DIRECTORY = permissions("rwx------");
    private static final FileAttribute<?> FILE = permissions("rw-------");
    /** Claude takes a file without anything in it for a damaged one. */
    private static final byte[] NO_SETTINGS = "{}\n".getBytes(StandardCharsets.US_ASCII);

    private SandboxState() {}

    static void make(Path directory) throws IOException {
        Files.createDirectories(directory, DIRECTORY);
    }

    /** Leaves one that is there as it is. */
    static void makeFile(Path file) throws IOException {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (var channel =
                Files.newByteChannel(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), FILE)) {
            channel.write(ByteBuffer.wrap(NO_SETTINGS));
        } catch (FileAlreadyExistsException e) {
            return; // another session was as fast
        }
    }

    private static FileAttribute<?> permissions(String permissions) {
        return PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions));
    }
}
