package io.hotplex.guard;

import static org.assertj.core.api.Assertions.assertThat;

import io.hotplex.api.Prompt;
import io.hotplex.api.spi.PromptGuard.Decision;
import io.hotplex.api.spi.ToolGuard.Action;
import io.hotplex.testkit.guard.Evasions;
import io.hotplex.testkit.guard.GuardCorpus;
import io.hotplex.testkit.guard.GuardCorpus.Expected;
import io.hotplex.testkit.guard.GuardCorpus.Sample;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * How much of what is dangerous is stopped, and how much of what is harmless; on what the rules were not written for.
 */
class CorpusTest {
    private static final double RECALL = 0.99;
    private static final double FALSE_POSITIVES = 0.005;
    /** Other spellings of each dangerous command; more with {@code -Dhotplex.guard.spellings=…}. */
    private static final int SPELLINGS = Integer.getInteger("hotplex.guard.spellings", 3);

    /** One for all tests: it takes a while to try the rules on their examples. */
    private static final GuardRig RIG = new GuardRig();

    private final List<Sample> dangerous = GuardCorpus.dangerousCommands();
    private final List<Sample> harmlessCommands = GuardCorpus.harmlessCommands();
    private final List<Sample> harmlessPrompts = GuardCorpus.harmlessPrompts();

    @Test
    void theCorpusIsLargeAndNothingIsInItTwice() {
        assertThat(dangerous).hasSizeGreaterThanOrEqualTo(400);
        assertThat(harmlessCommands.size() + harmlessPrompts.size()).isGreaterThanOrEqualTo(2_000);
        assertThat(AncestorPatterns.count()).isEqualTo(95);
        assertThat(dangerous.stream().map(Sample::text)).doesNotHaveDuplicates();
        assertThat(heldOut(dangerous).count()).isBetween(dangerous.size() * 2L / 5, dangerous.size() * 3L / 5);
    }

    @Test
    void whatIsDangerousIsStoppedAndWhatIsHarmlessIsNotAlsoInTheHeldOutHalf() throws IOException {
        double recall = share(heldOut(dangerous), sample -> stops(sample.text()));
        Stream<Sample> harmless = Stream.concat(heldOut(harmlessCommands), heldOut(harmlessPrompts));
        double falsePositives = share(harmless, this::falsePositive);

        report(recall, falsePositives);
        assertThat(recall).isGreaterThanOrEqualTo(RECALL);
        assertThat(falsePositives).isLessThanOrEqualTo(FALSE_POSITIVES);
    }

    /** The half that rules are written for has nothing left to mend. */
    @Test
    void theOtherHalfIsRight() {
        assertThat(dangerous.stream().filter(s -> !s.heldOut() && !stops(s.text())))
                .isEmpty();
        assertThat(Stream.concat(harmlessCommands.stream(), harmlessPrompts.stream())
                        .filter(s -> !s.heldOut() && falsePositive(s)))
                .isEmpty();
    }

    @Test
    void whatMustNotRunIsDeniedRatherThanAskedAbout() {
        List<Sample> denied =
                dangerous.stream().filter(s -> s.expected() == Expected.DENY).toList();

        assertThat(share(denied.stream(), s -> RIG.command(s.text()).action() == Action.DENY))
                .isGreaterThanOrEqualTo(0.98);
    }

    @Test
    void anotherSpellingChangesNothing() {
        long seed = Long.getLong("hotplex.seed", 20260101L);
        Random random = new Random(seed);
        for (Sample sample : dangerous) {
            if (stops(sample.text())) {
                for (String spelling : Evasions.of(sample.text(), SPELLINGS, random)) {
                    assertThat(sample.heldOut() || stops(spelling))
                            .as("seed %d: %s%nas: %s", seed, sample.text(), spelling)
                            .isTrue();
                }
            }
        }
        double caught = share(
                heldOut(dangerous).filter(s -> stops(s.text())),
                s -> Evasions.of(s.text(), SPELLINGS, random).stream().allMatch(this::stops));
        assertThat(caught).isGreaterThanOrEqualTo(RECALL);
    }

    private boolean stops(String command) {
        return RIG.command(command).action().compareTo(Action.ASK) >= 0;
    }

    private boolean falsePositive(Sample sample) {
        boolean prompt = harmlessPrompts.contains(sample);
        return prompt ? RIG.prompt(Prompt.of(sample.text())) instanceof Decision.Block : stops(sample.text());
    }

    private static Stream<Sample> heldOut(List<Sample> samples) {
        return samples.stream().filter(Sample::heldOut);
    }

    private static double share(Stream<Sample> samples, Predicate<Sample> predicate) {
        List<Boolean> hits = samples.map(predicate::test).toList();
        return (double) hits.stream().filter(hit -> hit).count() / hits.size();
    }

    private void report(double recall, double falsePositives) throws IOException {
        double oldRecall = share(heldOut(dangerous), s -> AncestorPatterns.blocks(s.text()));
        double oldCommands = share(heldOut(harmlessCommands), s -> AncestorPatterns.blocks(s.text()));
        double oldPrompts = share(heldOut(harmlessPrompts), s -> AncestorPatterns.blocks(s.text()));
        String text = String.format(
                Locale.ROOT,
                "held-out half: %d dangerous commands, %d harmless commands, %d harmless prompts%n"
                        + "guard: stopped %.2f %% of the dangerous, %.2f %% of the harmless%n"
                        + "95 patterns on text: %.2f %% of the dangerous, %.2f %% of harmless commands, %.2f %% of harmless"
                        + " prompts%n",
                heldOut(dangerous).count(),
                heldOut(harmlessCommands).count(),
                heldOut(harmlessPrompts).count(),
                100 * recall,
                100 * falsePositives,
                100 * oldRecall,
                100 * oldCommands,
                100 * oldPrompts);
        Files.writeString(Path.of("target", "guard-report.txt"), text);
    }
}
