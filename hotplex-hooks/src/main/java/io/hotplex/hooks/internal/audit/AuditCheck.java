package io.hotplex.hooks.internal.audit;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a look at a whole trail found.
 *
 * @param problem the first thing that is wrong, or {@code null}
 */
public record AuditCheck(
        long entries,
        long first,
        long last,
        String lastHash,
        @Nullable String problem) {
    /** @throws IOException when there is no trail, or it cannot be read */
    public static AuditCheck of(Path directory) throws IOException {
        AuditEnd end = AuditEnd.read(directory); // before the entries, to which a gateway may add
        List<Path> files = AuditFiles.in(directory);
        if (files.isEmpty() && end == null) {
            throw new NoSuchFileException(directory.toString(), null, "there is no audit trail");
        }
        Walk walk = new Walk(end);
        for (Path file : files) {
            boolean newest = file.equals(files.get(files.size() - 1));
            walk.file(file, newest);
            if (walk.problem != null) {
                break;
            }
        }
        AuditEnd now = AuditEnd.read(directory); // old files may have gone meanwhile
        String problem = walk.problem;
        if (problem == null && end != null && walk.last <= end.last()) {
            problem = end.missing(walk.last, walk.hash);
        }
        if (problem == null && now != null && walk.first > now.first()) {
            problem = "entries " + now.first() + " to " + (walk.first - 1) + " are missing";
        }
        return new AuditCheck(walk.entries, walk.first, walk.last, walk.hash, problem);
    }

    private static final class Walk {
        private long entries;
        private long first;
        private long last;
        private String hash = Chain.START;
        private @Nullable String problem;

        private final @Nullable AuditEnd end;

        /** @param end where the trail ended before it is read, if that is known */
        Walk(@Nullable AuditEnd end) {
            this.end = end;
        }

        /** @param newest whether its last line may be in the middle of being written */
        void file(Path file, boolean newest) throws IOException {
            boolean whole = endsWithLine(file);
            try (BufferedReader lines = Files.newBufferedReader(file)) {
                int number = 1;
                String line = lines.readLine();
                while (line != null && problem == null) {
                    String following = lines.readLine();
                    if (following == null && !whole) {
                        problem = newest ? null : file.getFileName() + ", line " + number + ": it is cut off";
                        return;
                    }
                    entry(file.getFileName() + ", line " + number, line);
                    line = following;
                    number++;
                }
            }
        }

        private void entry(String where, String line) {
            try {
                Chain.Link link = Chain.read(line);
                boolean begins = entries == 0;
                if (begins && link.number() == 1 && !link.previous().equals(Chain.START)) {
                    problem = where + ": it does not begin a trail";
                } else if (!begins
                        && (link.number() != last + 1 || !link.previous().equals(hash))) {
                    problem = where + ": entries before it are missing or were exchanged";
                } else if (end != null
                        && link.number() == end.last()
                        && !link.hash().equals(end.hash())) {
                    problem = where + ": it is not the entry that was written";
                } else {
                    first = begins ? link.number() : first;
                    last = link.number();
                    hash = link.hash();
                    entries++;
                }
            } catch (IOException e) {
                problem = where + ": " + e.getMessage();
            }
        }

        private static boolean endsWithLine(Path file) throws IOException {
            byte[] end = new byte[1];
            try (var open = new java.io.RandomAccessFile(file.toFile(), "r")) {
                if (open.length() == 0) {
                    return true;
                }
                open.seek(open.length() - 1);
                open.readFully(end);
            }
            return end[0] == '\n';
        }
    }
}
