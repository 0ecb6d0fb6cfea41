package io.hotplex.server.internal.auth;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Set;

/** The file with the key of a gateway that has no other: made at the first start, for nobody else to read. */
public final class TokenFile {
    private static final String NAME = "token";
    private static final int TOKEN_BYTES = 32;
    /** Less could be guessed; an empty file would let everybody in. */
    private static final int LEAST_LENGTH = 16;

    private TokenFile() {}

    /** Where it is. */
    public static Path in(Path stateDirectory) {
        return stateDirectory.resolve(NAME);
    }

    /** A key that nobody guesses. */
    public static String newToken() {
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    }

    /**
     * The key in the file, which is made if it is not there.
     *
     * @throws HotPlexException CONFIG_INVALID when it cannot be made or read, others can read it, or it is too short
     */
    public static String readOrMake(Path stateDirectory) {
        Path file = in(stateDirectory);
        try {
            Files.createDirectories(stateDirectory);
            make(file);
            checkPrivate(file);
            String token = Files.readString(file, StandardCharsets.UTF_8).strip();
            if (token.length() < LEAST_LENGTH) {
                throw invalid(file, "is too short: delete it, and a new one is made", null);
            }
            return token;
        } catch (IOException e) {
            throw invalid(file, "cannot be made or read: " + e, e);
        }
    }

    private static void make(Path file) throws IOException {
        byte[] text = (newToken() + "\n").getBytes(StandardCharsets.UTF_8);
        try (var channel = Files.newByteChannel(
                file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), forOwner())) {
            channel.write(java.nio.ByteBuffer.wrap(text));
        } catch (FileAlreadyExistsException e) {
            // the usual case
        }
    }

    private static FileAttribute<?>[] forOwner() {
        return posix()
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    private static void checkPrivate(Path file) throws IOException {
        if (posix()
                && Files.getPosixFilePermissions(file).stream()
                        .anyMatch(permission -> !permission.name().startsWith("OWNER_"))) {
            throw invalid(file, "can be read by others: chmod 600 it, or delete it to get a new one", null);
        }
    }

    private static boolean posix() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    }

    private static HotPlexException invalid(
            Path file, String what, @org.jspecify.annotations.Nullable Throwable cause) {
        return new HotPlexException(ErrorCode.CONFIG_INVALID, "token file " + file + " " + what, cause);
    }
}
