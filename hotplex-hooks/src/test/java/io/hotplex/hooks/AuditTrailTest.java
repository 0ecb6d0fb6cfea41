package io.hotplex.hooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hotplex.api.AgentEvent;
import io.hotplex.api.EventRecord;
import io.hotplex.api.HotPlexException;
import io.hotplex.api.spi.EventHook;
import io.hotplex.api.spi.EventHook.Delivery;
import io.hotplex.api.spi.EventHookFactory.Surroundings;
import io.hotplex.api.spi.HookConfig;
import io.hotplex.api.spi.HookEvent;
import io.hotplex.hooks.internal.audit.AuditHookFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditTrailTest {
    @TempDir
    Path directory;

    private static HookEvent event(long offset) {
        return new HookEvent(
                "evt_" + offset,
                new EventRecord("s", offset, offset, null, Instant.EPOCH, new AgentEvent.SessionClosed("done")),
                "ann",
                "claude",
                HookEvent.Severity.INFO,
                null);
    }

    private EventHook open(String... settings) {
        Map<String, String> all = new HashMap<>(Map.of("directory", directory.toString()));
        for (int i = 0; i < settings.length; i += 2) {
            all.put(settings[i], settings[i + 1]);
        }
        return new AuditHookFactory().open(HookConfig.of("audit", "audit", all), new Surroundings(directory, Map.of()));
    }

    private void write(long from, long to, String... settings) throws Exception {
        try (EventHook hook = open(settings)) {
            for (long offset = from; offset <= to; offset++) {
                assertThat(hook.deliver(List.of(event(offset)))).isEqualTo(Delivery.DONE);
            }
        }
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(file -> file.toString().endsWith(".ndjson"))
                    .sorted()
                    .toList();
        }
    }

    private String problemAfter(UnaryOperator<List<String>> change) throws IOException {
        Path file = files().get(0);
        List<String> before = Files.readAllLines(file);
        Files.write(file, change.apply(new ArrayList<>(before)));
        String problem = AuditTrail.verify(directory).problem();
        Files.write(file, before);
        return String.valueOf(problem);
    }

    @Test
    void isWholeAfterRestarts() throws Exception {
        write(1, 3);
        write(4, 5, "fsync", "never");

        AuditTrail.Verdict verdict = AuditTrail.verify(directory);
        assertThat(verdict.problem()).isNull();
        assertThat(verdict.entries()).isEqualTo(5);
        assertThat(verdict.last()).isEqualTo(5);
        assertThat(Files.getPosixFilePermissions(files().get(0)))
                .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void everyChangeShows() throws Exception {
        write(1, 5);

        assertThat(problemAfter(lines -> replaced(lines, 2, lines.get(2).replace("ann", "bob"))))
                .endsWith("line 3: it was changed after it was written");
        assertThat(problemAfter(lines -> {
                    lines.remove(2);
                    return lines;
                }))
                .endsWith("line 3: entries before it are missing or were exchanged");
        assertThat(problemAfter(lines -> {
                    Collections.swap(lines, 1, 2);
                    return lines;
                }))
                .endsWith("line 2: entries before it are missing or were exchanged");
        assertThat(problemAfter(lines -> replaced(lines, 1, "{}"))).endsWith("line 2: it is not an entry");
        assertThat(problemAfter(lines -> lines)).isEqualTo("null");
    }

    private static List<String> replaced(List<String> lines, int index, String line) {
        lines.set(index, line);
        return lines;
    }

    @Test
    void isOneChainOverItsFilesAndKeepsAsManyAsConfigured() throws Exception {
        write(1, 100, "rotate-bytes", "4096");
        assertThat(files()).hasSizeGreaterThan(3);
        assertThat(AuditTrail.verify(directory).entries()).isEqualTo(100);

        write(101, 140, "rotate-bytes", "4096", "keep-files", "2");

        assertThat(files()).hasSize(2);
        AuditTrail.Verdict kept = AuditTrail.verify(directory);
        assertThat(kept.problem()).isNull();
        assertThat(kept.first()).isGreaterThan(100 - 1);
        assertThat(kept.last()).isEqualTo(140);

        Path newest = files().get(1);
        Path oldest = files().get(0);
        Files.move(newest, newest.resolveSibling("away"));
        assertThat(AuditTrail.verify(directory).problem()).isEqualTo("it was cut off: it ended with entry 140");
        Files.move(newest.resolveSibling("away"), newest);
        Files.delete(oldest);
        assertThat(AuditTrail.verify(directory).problem()).matches("entries [0-9]+ to [0-9]+ are missing");
    }

    @Test
    void nothingIsAppendedToATrailThatWasCutOff() throws Exception {
        write(1, 5);
        Path file = files().get(0);
        List<String> lines = Files.readAllLines(file);
        Files.write(file, lines.subList(0, 3));

        assertThat(AuditTrail.verify(directory).problem()).isEqualTo("it was cut off: it ended with entry 5");
        try (EventHook hook = open()) {
            assertThat(hook.deliver(List.of(event(6))))
                    .isInstanceOfSatisfying(
                            EventHook.Retry.class,
                            retry -> assertThat(retry.reason())
                                    .contains(
                                            "cut off",
                                            "entry 5",
                                            directory.resolve("end").toString()));
            Files.write(file, lines); // somebody finds it again
            assertThat(hook.deliver(List.of(event(6)))).isEqualTo(Delivery.DONE);
        }
        assertThat(AuditTrail.verify(directory).entries()).isEqualTo(6);
    }

    @Test
    void aTrailWithAnotherEndShows() throws Exception {
        write(1, 3);
        Path file = files().get(0);
        String end = Files.readString(directory.resolve("end"));
        Files.delete(file);
        Files.delete(directory.resolve("end"));
        write(11, 13); // as long, and a chain as well
        Files.writeString(directory.resolve("end"), end);

        assertThat(AuditTrail.verify(directory).problem()).contains("it is not the entry that was written");
        try (EventHook hook = open()) {
            assertThat(hook.deliver(List.of(event(14)))).isInstanceOf(EventHook.Retry.class);
        }
    }

    @Test
    @SuppressWarnings("NullAway") // something that goes wrong in the middle of a batch
    void whatCannotBeWrittenIsNotTakenForWritten() throws Exception {
        HookEvent bad = new HookEvent("evt_bad", event(3).record(), "ann", "claude", null, null);
        try (EventHook hook = open()) {
            hook.deliver(List.of(event(1)));
            assertThatThrownBy(() -> hook.deliver(List.of(event(2), bad))).isInstanceOf(RuntimeException.class);
            assertThat(hook.deliver(List.of(event(2)))).isEqualTo(Delivery.DONE);
        }

        assertThat(AuditTrail.verify(directory).entries()).isEqualTo(2);
    }

    @Test
    void anEventThatComesAgainIsWrittenOnce() throws Exception {
        write(1, 4);
        write(3, 6);

        assertThat(AuditTrail.verify(directory).entries()).isEqualTo(6);
    }

    @Test
    void aLineThatWasNotWrittenToItsEndIsWrittenAgain() throws Exception {
        write(1, 2);
        Files.writeString(files().get(0), "{\"seq\":3,\"id\":\"evt", StandardOpenOption.APPEND);
        assertThat(AuditTrail.verify(directory).entries()).isEqualTo(2);

        write(3, 3);

        AuditTrail.Verdict verdict = AuditTrail.verify(directory);
        assertThat(verdict.problem()).isNull();
        assertThat(verdict.entries()).isEqualTo(3);
    }

    @Test
    void nothingIsAppendedToATrailThatIsBroken() throws Exception {
        write(1, 3);
        Path file = files().get(0);
        Files.writeString(file, Files.readString(file).replace("ann", "bob"));

        try (EventHook hook = open()) {
            assertThat(hook.deliver(List.of(event(4))))
                    .isEqualTo(
                            Delivery.retry("the audit trail cannot be written: it was changed after it was written"));
        }
    }

    @Test
    void twoDoNotWriteToOneTrail() throws Exception {
        try (EventHook first = open();
                EventHook second = open()) {
            first.deliver(List.of(event(1)));
            assertThat(second.deliver(List.of(event(2)))).isInstanceOf(EventHook.Retry.class);
        }
    }

    @Test
    void aTrailThatIsNotThereIsNoWholeOne() {
        assertThatThrownBy(() -> AuditTrail.verify(directory.resolve("nothing")))
                .isInstanceOf(IOException.class);
    }

    @Test
    void refusesSettingsThatCannotBe() {
        assertThatThrownBy(() -> open("fsync", "often")).hasMessageContaining("hook.audit.fsync");
        assertThatThrownBy(() -> open("rotate-bytes", "1")).hasMessageContaining("hook.audit.rotate-bytes");
        assertThatThrownBy(() -> open("keep-files", "-1")).hasMessageContaining("hook.audit.keep-files");
        assertThatThrownBy(() -> open("directory", "relative")).hasMessageContaining("hook.audit.directory");
        assertThatThrownBy(() -> open("concurrency", "2"))
                .isInstanceOf(HotPlexException.class)
                .hasMessageContaining("hook.audit.concurrency");
    }
}
