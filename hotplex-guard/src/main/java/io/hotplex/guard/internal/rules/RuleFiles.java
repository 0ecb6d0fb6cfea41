package io.hotplex.guard.internal.rules;

import io.hotplex.api.ErrorCode;
import io.hotplex.api.HotPlexException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules in force, read from files, and read again when those change. What is wrong then changes nothing, and is
 * logged once. Thread-safe: the rules are replaced as a whole; the rest is confined to the thread that looks at the
 * files, which is there only when there are some.
 */
public final class RuleFiles implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RuleFiles.class);

    private static final String DEFAULTS = "default-rules.yaml";
    private static final long LOOK_MILLIS = 1_000;

    private final boolean withDefaults;
    private final List<Path> places;
    private final CompletableFuture<RuleSet> first;
    private final @Nullable ScheduledExecutorService thread;
    private volatile @Nullable RuleSet rules;
    private String seen;

    private RuleFiles(boolean withDefaults, List<Path> places) {
        this.withDefaults = withDefaults;
        this.places = List.copyOf(places);
        seen = state();
        if (places.isEmpty()) { // nothing can be wrong, so nobody has to wait for what takes part of a second
            first = CompletableFuture.supplyAsync(
                    this::load, task -> thread(task).start());
        } else {
            first = CompletableFuture.completedFuture(load());
        }
        thread = places.isEmpty() ? null : Executors.newSingleThreadScheduledExecutor(RuleFiles::thread);
        if (thread != null) {
            var unused = thread.scheduleWithFixedDelay(this::look, LOOK_MILLIS, LOOK_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    private static Thread thread(Runnable task) {
        Thread thread = new Thread(task, "hotplex-guard-rules");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * @param withDefaults whether the rules that come with the guard are used
     * @param places files, and directories of files that end in {@code .yaml} or {@code .yml}
     * @throws HotPlexException CONFIG_INVALID, naming file and line
     */
    public static RuleFiles open(boolean withDefaults, List<Path> places) {
        try {
            return new RuleFiles(withDefaults, places);
        } catch (RuleFileException e) {
            throw new HotPlexException(ErrorCode.CONFIG_INVALID, "guard-rules: " + e.getMessage(), e);
        }
    }

    /** The rules that come with the guard. */
    private static List<Rule> defaults() {
        try (InputStream in = Objects.requireNonNull(RuleFiles.class.getResourceAsStream(DEFAULTS), DEFAULTS)) {
            return RuleReader.readProven(DEFAULTS, new String(in.readAllBytes(), StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException("a resource of this module can always be read", e);
        }
    }

    /** The rules in force. Who is the first to ask may have to wait until they are read. */
    public RuleSet now() {
        RuleSet newest = rules;
        return newest != null ? newest : first.join();
    }

    private RuleSet load() {
        List<List<Rule>> sets = new ArrayList<>();
        sets.add(withDefaults ? defaults() : List.of());
        for (Path file : files()) {
            try {
                if (Files.size(file) > RuleReader.MAX_CHARS) {
                    throw new RuleFileException(file + ": larger than " + RuleReader.MAX_CHARS + " bytes", null);
                }
                List<Rule> read = RuleReader.read(file.toString(), Files.readString(file));
                RuleSet.prove(read); // those that come with the guard are proven by a test
                sets.add(read);
            } catch (IOException e) {
                throw new RuleFileException(file + ": cannot be read (" + e + ")", e);
            }
        }
        RuleSet loaded = new RuleSet(sets);
        log.debug("rules of the guard: {}", loaded.counts());
        return loaded;
    }

    private List<Path> files() {
        List<Path> files = new ArrayList<>();
        for (Path place : places) {
            if (!Files.isDirectory(place)) {
                files.add(place);
                continue;
            }
            try (Stream<Path> inside = Files.list(place)) {
                inside.filter(file -> file.toString().matches(".*\\.ya?ml"))
                        .sorted()
                        .forEach(files::add);
            } catch (IOException e) {
                throw new RuleFileException(place + ": cannot be listed (" + e + ")", e);
            }
        }
        return files;
    }

    private void look() {
        String now = state();
        if (now.equals(seen)) {
            return;
        }
        seen = now;
        try {
            rules = load();
            log.info("rules of the guard read again");
        } catch (RuleFileException e) {
            log.error("rules of the guard not changed, those before stay in force: {}", e.getMessage());
        }
    }

    private String state() {
        StringBuilder state = new StringBuilder();
        try {
            for (Path file : files()) {
                state.append(file.toRealPath()).append(' ');
                state.append(Files.getLastModifiedTime(file).toMillis()).append(' ');
                state.append(Files.size(file)).append('\n');
            }
        } catch (IOException | RuleFileException e) {
            state.append(e);
        }
        return state.toString();
    }

    @Override
    public void close() {
        if (thread != null) {
            thread.shutdownNow();
        }
    }
}
