package io.hotplex.server.internal.opencode;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import io.hotplex.server.internal.http.Access;
import io.hotplex.server.internal.http.Request;
import io.hotplex.server.internal.http.Response;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Files of the directories that own sessions work in, for who may tell their agents to read them anyway: with the scope
 * for writing. Nothing is followed out of there, and every search has an end. Thread-safe.
 */
final class FileOperations {
    private static final int MAX_ENTRIES = 5_000;
    /** A search looks at so many files and directories, then it has what it has. */
    private static final int MAX_VISITED = 50_000;

    /** Nobody waits longer for what a client shows while its user types. */
    private static final Duration MAX_SEARCH = Duration.ofSeconds(5);

    private static final int MAX_DEPTH = 24;
    private static final int MAX_FOUND = 200;
    /** A client shows it; nobody reads more in there. */
    private static final int MAX_FILE_BYTES = 4 << 20;
    /** Longer files are made by machines. */
    private static final int MAX_SEARCHED_BYTES = 1 << 20;

    private static final int MAX_LINE_CHARS = 500;
    private static final Set<String> NOT_SEARCHED = Set.of(".git", "node_modules", ".hg", ".svn");

    private final Roots roots;

    /** @param secrets what nobody sees, wherever it is */
    FileOperations(Clients clients, Set<Path> secrets) {
        this.roots = new Roots(clients, secrets);
    }

    List<Operation> all() {
        return List.of(
                Operation.read("file.list", "/file", "What is in a directory.", this::list, "path")
                        .needing(Access.WRITE),
                Operation.read("file.read", "/file/content", "A file.", this::content, "path")
                        .needing(Access.WRITE),
                Operation.read(
                                "find.files",
                                "/find/file",
                                "Files whose path has some words in it.",
                                this::files,
                                "query",
                                "limit",
                                "type",
                                "dirs")
                        .needing(Access.WRITE),
                Operation.read(
                                "find.text",
                                "/find",
                                "Lines that have a text in them, as it is: patterns are not understood.",
                                this::lines,
                                "pattern")
                        .needing(Access.WRITE),
                Operation.read(
                                "find.symbols",
                                "/find/symbol",
                                "Always empty: no language server runs here.",
                                request -> {
                                    roots.root(request);
                                    return Clients.ok(List.of());
                                },
                                "query")
                        .needing(Access.WRITE));
    }

    // ---- one

    private CompletionStage<Response> list(Request request) {
        Path root = roots.root(request);
        Path directory = roots.within(root, Objects.requireNonNullElse(request.query("path"), ""));
        List<Object> nodes = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                if (nodes.size() >= MAX_ENTRIES) {
                    break;
                }
                if (roots.isSecret(entry)) {
                    continue;
                }
                boolean isDirectory = Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS);
                nodes.add(Values.object(
                        "name",
                        entry.getFileName().toString(),
                        "path",
                        root.relativize(entry).toString(),
                        "absolute",
                        entry.toString(),
                        "type",
                        isDirectory ? "directory" : "file",
                        "ignored",
                        NOT_SEARCHED.contains(entry.getFileName().toString())));
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        return Clients.ok(nodes);
    }

    private CompletionStage<Response> content(Request request) {
        String path = request.query("path");
        if (path == null || path.isEmpty()) {
            throw Clients.invalid("path is missing");
        }
        Path file = roots.within(roots.root(request), path);
        if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            throw Clients.invalid("path is not a file");
        }
        byte[] bytes = bytes(file, MAX_FILE_BYTES + 1);
        if (bytes.length > MAX_FILE_BYTES) {
            throw new HotPlexException(
                    ErrorCode.REQUEST_TOO_LARGE,
                    "the file is larger than " + MAX_FILE_BYTES + " bytes: let the agent read it");
        }
        String text = text(bytes);
        return Clients.ok(
                text != null
                        ? Map.of("type", "text", "content", text)
                        : Map.of(
                                "type",
                                "binary",
                                "content",
                                Base64.getEncoder().encodeToString(bytes),
                                "encoding",
                                "base64",
                                "mimeType",
                                "application/octet-stream"));
    }

    private static byte[] bytes(Path file, int most) {
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return in.readNBytes(most);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** {@code null} for what is no text. */
    private static @Nullable String text(byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    private static HotPlexException unreadable(IOException cause) {
        return new HotPlexException(ErrorCode.INVALID_ARGUMENT, "path cannot be read", cause);
    }

    // ---- searches

    private CompletionStage<Response> files(Request request) {
        Path root = roots.root(request);
        String query = Objects.requireNonNullElse(request.query("query"), "").toLowerCase(Locale.ROOT);
        String type = request.query("type");
        boolean files = !"directory".equals(type);
        boolean directories = "directory".equals(type) || type == null && !"false".equals(request.query("dirs"));
        int limit = Clients.number(request, "limit", MAX_FOUND, MAX_FOUND);
        List<Object> found = new ArrayList<>();
        walk(root, (path, isDirectory) -> {
            String relative = root.relativize(path).toString();
            if ((isDirectory ? directories : files)
                    && !relative.isEmpty()
                    && relative.toLowerCase(Locale.ROOT).contains(query)) {
                found.add(isDirectory ? relative + "/" : relative);
            }
            return found.size() < limit;
        });
        return Clients.ok(found);
    }

    private CompletionStage<Response> lines(Request request) {
        Path root = roots.root(request);
        String wanted = request.query("pattern");
        if (wanted == null || wanted.isEmpty()) {
            throw Clients.invalid("pattern is missing");
        }
        List<Object> found = new ArrayList<>();
        walk(root, (path, isDirectory) -> {
            if (!isDirectory) {
                search(root, path, wanted, found);
            }
            return found.size() < MAX_FOUND;
        });
        return Clients.ok(found);
    }

    private static void search(Path root, Path file, String wanted, List<Object> found) {
        byte[] bytes;
        try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            bytes = in.readNBytes(MAX_SEARCHED_BYTES);
        } catch (IOException e) {
            return; // it is gone, or not ours to read
        }
        String text = text(bytes);
        int offset = 0;
        int number = 0;
        for (String line : text == null ? List.<String>of() : List.of(text.split("\n", -1))) {
            number++;
            int at = line.indexOf(wanted);
            if (at >= 0 && found.size() < MAX_FOUND) {
                String shown =
                        line.substring(0, Math.min(line.length(), Math.max(MAX_LINE_CHARS, at + wanted.length())));
                found.add(Values.object(
                        "path",
                        Map.of("text", root.relativize(file).toString()),
                        "lines",
                        Map.of("text", shown),
                        "line_number",
                        number,
                        "absolute_offset",
                        offset,
                        "submatches",
                        List.of(Map.of("match", Map.of("text", wanted), "start", at, "end", at + wanted.length()))));
            }
            offset += line.length() + 1;
        }
    }

    /** Looks at what a walk comes to; tells whether it goes on. */
    interface Visitor {
        boolean visit(Path path, boolean isDirectory);
    }

    private void walk(Path root, Visitor visitor) {
        walk(root, roots::isSecret, visitor, System::nanoTime);
    }

    /** @param ticker gives nanoseconds of some clock that does not jump */
    static void walk(Path root, Predicate<Path> passedOver, Visitor visitor, LongSupplier ticker) {
        try {
            Files.walkFileTree(root, Set.of(), MAX_DEPTH, new Walk(passedOver, visitor, ticker));
        } catch (IOException e) {
            throw new UncheckedIOException("a walk that passes over what cannot be read does not fail", e);
        }
    }

    private static final class Walk extends SimpleFileVisitor<Path> {
        private final Predicate<Path> passedOver;
        private final Visitor visitor;
        private final LongSupplier ticker;
        private final long begun;
        private int visited;

        Walk(Predicate<Path> passedOver, Visitor visitor, LongSupplier ticker) {
            this.passedOver = passedOver;
            this.visitor = visitor;
            this.ticker = ticker;
            this.begun = ticker.getAsLong();
        }

        private FileVisitResult go(Path path, boolean isDirectory) {
            boolean ends = ++visited >= MAX_VISITED || ticker.getAsLong() - begun > MAX_SEARCH.toNanos();
            return !ends && visitor.visit(path, isDirectory) ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
        }

        @Override
        public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            Path name = directory.getFileName();
            return name != null && NOT_SEARCHED.contains(name.toString()) || passedOver.test(directory)
                    ? FileVisitResult.SKIP_SUBTREE
                    : go(directory, true);
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            return attributes.isRegularFile() && !passedOver.test(file) ? go(file, false) : FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException cause) {
            return FileVisitResult.CONTINUE;
        }
    }
}
