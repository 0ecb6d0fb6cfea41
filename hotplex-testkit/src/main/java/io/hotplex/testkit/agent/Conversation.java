package io.hotplex.testkit.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What was said in one session, kept in a file so that a later process can go on. The file appears with the first
 * prompt, has one JSON object per line and can be read by its owner alone.
 *
 * <p>Confined to the thread that runs turns, after it was opened.
 */
final class Conversation {
    /** How many remarks are remembered; older ones stay in the file only. */
    private static final int REMEMBERED = 200;

    /** How much of one remark is kept. */
    private static final int REMARK_CHARS = 4_000;

    private static final boolean POSIX =
            FileSystems.getDefault().supportedFileAttributeViews().contains("posix");

    private final @Nullable Path file;
    private final Deque<Remark> remarks = new ArrayDeque<>();

    private Conversation(@Nullable Path file) {
        this.file = file;
    }

    /** One thing said. */
    record Remark(String role, String text) {}

    /** A conversation that ends with the process. */
    static Conversation unkept() {
        return new Conversation(null);
    }

    static boolean exists(Path directory, String sessionId) {
        return Files.exists(fileOf(directory, sessionId));
    }

    /** A conversation that has not begun. */
    static Conversation begin(Path directory, String sessionId) {
        return new Conversation(fileOf(directory, sessionId));
    }

    /** The conversation that an earlier process left. */
    static Conversation resume(Path directory, String sessionId) throws IOException {
        Conversation conversation = begin(directory, sessionId);
        conversation.read(fileOf(directory, sessionId));
        return conversation;
    }

    /** A new conversation that begins with everything said in another one. */
    static Conversation fork(Path directory, String fromSessionId, String sessionId) throws IOException {
        Conversation fork = begin(directory, sessionId);
        for (Remark remark : resume(directory, fromSessionId).remarks()) {
            fork.add(remark.role(), remark.text());
        }
        return fork;
    }

    List<Remark> remarks() {
        return List.copyOf(remarks);
    }

    /** Remember a remark. A disk that refuses it costs the memory over processes, not the turn. */
    void add(String role, String text) {
        Remark remark = new Remark(role, text.length() <= REMARK_CHARS ? text : text.substring(0, REMARK_CHARS) + "…");
        remember(remark);
        if (file != null) {
            try {
                append(file, Json.write(Json.object("role", remark.role(), "text", remark.text())) + "\n");
            } catch (IOException e) {
                System.err.println("cannot store the conversation: " + e);
            }
        }
    }

    /** Forget everything, on disk as well. */
    void clear() throws IOException {
        remarks.clear();
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }

    private void read(Path source) throws IOException {
        for (String line : Files.readAllLines(source, StandardCharsets.UTF_8)) {
            Map<String, @Nullable Object> remark;
            try {
                remark = Json.parseObject(line);
            } catch (IOException e) {
                continue; // the process was killed while it wrote this line
            }
            remember(new Remark(
                    Objects.requireNonNullElse(Json.text(remark, "role"), "user"),
                    Objects.requireNonNullElse(Json.text(remark, "text"), "")));
        }
    }

    private void remember(Remark remark) {
        remarks.addLast(remark);
        if (remarks.size() > REMEMBERED) {
            remarks.removeFirst();
        }
    }

    private static void append(Path file, String line) throws IOException {
        Path directory = Objects.requireNonNull(file.getParent(), "parent");
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, permissions("rwx------"));
        }
        if (!Files.exists(file)) {
            Files.createFile(file, permissions("rw-------"));
        }
        Files.writeString(file, line, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
    }

    private static FileAttribute<?>[] permissions(String text) {
        return POSIX
                ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(text))}
                : new FileAttribute<?>[0];
    }

    /** The id becomes part of a file name only as a UUID, so it cannot lead anywhere else. */
    private static Path fileOf(Path directory, String sessionId) {
        return directory.resolve(UUID.fromString(sessionId) + ".jsonl");
    }
}
