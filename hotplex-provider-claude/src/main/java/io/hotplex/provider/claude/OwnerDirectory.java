package io.hotplex.provider.claude;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/** The directory of an owner of sessions. Stateless. */
final class OwnerDirectory {
    /** A directory of such a name can be on any file system, and no two of them are one where case does not count. */
    private static final Pattern PLAIN = Pattern.compile("[a-z0-9][a-z0-9_-]{0,63}");

    private OwnerDirectory() {}

    /** Named for the owner where that can be a name, else for a digest of it; never one for two owners. */
    static Path of(Path directories, String owner) {
        return directories.resolve(PLAIN.matcher(owner).matches() ? owner : "sha256." + digest(owner));
    }

    private static String digest(String owner) {
        try {
            byte[] bytes = MessageDigest.getInstance("SHA-256").digest(owner.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(bytes);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
